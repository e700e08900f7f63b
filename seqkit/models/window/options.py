"""The settings of a fixed-window language model, readable without torch."""

from dataclasses import dataclass
from typing import Literal

from seqkit.core import options
from seqkit.core.options import Settings, option
from seqkit.models.options import Fit
from seqkit.train.gradient.options import GradientOptions


@dataclass(frozen=True)
class WindowModelOptions:
    """What a window model reads, and its sizes."""

    context: Literal["last", "both", "last-one", "nearby"] = option(
        "last", help="context: words before, words on both sides, the word before, or one word nearby"
    )
    window: int = option(
        4,
        low=1,
        high=1000,
        unit="words",
        help="words before the word, or on each side; last-one has one",
        needs=("context", ("last", "both", "nearby")),
    )
    dim: int = option(100, low=1, help="size of a vector")
    hidden_size: int = option(128, low=1, alias="hidden", help="size of the hidden layer")
    min_count: int = option(5, low=1, help="words that occur less often are read as unknown")
    seed: int = option(1, low=0, high=2**63 - 1, help="seed of the weights, the order of the data, and draws")

    def __post_init__(self) -> None:
        options.check(self)

    @property
    def offsets(self) -> tuple[int, ...]:
        """Where the context words stand, counted from the word predicted; nearby draws one of them."""
        before = range(-1 if self.context == "last-one" else -self.window, 0)
        return (*before, *(range(1, self.window + 1) if self.context in ("both", "nearby") else ()))


SETTINGS = Settings(
    {"window": WindowModelOptions, "fit": Fit, "gradient": GradientOptions},
    defaults={"epochs": 5, "batch": 256, "lr": 0.002, "schedule": "linear"},
)
