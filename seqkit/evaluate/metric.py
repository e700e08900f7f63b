"""What a metric is: statistics of single items that add up, and a number made of their sum."""

from typing import Annotated, Protocol

from seqkit.core.types import Array


class Metric(Protocol):
    """The value of any subset is value(stats[subset].sum(0)), so slices and the bootstrap come for free."""

    def stats(self, predictions: Array, references: Array | None = None) -> Annotated[Array, "N S"]:
        """One row of statistics for each item."""

    def value(self, total: Annotated[Array, "S"]) -> float:
        """The metric from summed statistics; nan for none."""
