"""The settings of counting co-occurrences, readable without numpy and the kernels."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from seqkit.core import options
from seqkit.core.options import option

if TYPE_CHECKING:
    from seqkit.core.types import Array

MEMORY = 4 << 30  # bytes, the C program's default


@dataclass(frozen=True)
class CountOptions:
    """What is counted."""

    window: int = option(10, low=1, high=1000, help="words to each side")
    weighting: Literal["inverse", "flat"] = option(
        "inverse", help="inverse: a pair at distance d counts 1/d; flat: 1"
    )
    symmetric: bool = option(True, help="both directions; else rows stand before columns")
    distance: Literal["kept", "text"] = option(
        "kept", help="kept: words left out shrink distances (as in GloVe's C); text: they keep their place"
    )
    min_count: int = option(5, low=1, help="words seen less often are left out")
    max_size: int | None = option(None, low=1, help="most words that are kept, the most common ones")

    def __post_init__(self) -> None:
        options.check(self)

    @property
    def unit(self) -> int:
        """Counts are whole multiples of 1 / unit."""
        from seqkit.kernels.cooccurrence.reference import unit

        return unit(self.window) if self.weighting == "inverse" else 1

    @property
    def weights(self) -> "Annotated[Array, 'D']":
        """Units at each distance, 0 at distance 0."""
        import numpy as np

        d = np.arange(1, self.window + 1)
        return np.append(
            0, np.rint(self.unit / d) if self.weighting == "inverse" else np.ones_like(d)
        ).astype(np.int64)
