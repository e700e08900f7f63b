"""The settings of a generator, readable without torch."""

from dataclasses import dataclass

from seqkit.core import options
from seqkit.core.options import Settings, option
from seqkit.models.decoding.options import SamplingOptions
from seqkit.models.options import Fit, Recurrent, Text
from seqkit.train.gradient.options import GradientOptions


@dataclass(frozen=True)
class ConditionOptions:
    """How a condition is read."""

    condition_dim: int = option(16, low=1, help="size of the vector that a label becomes")

    def __post_init__(self) -> None:
        options.check(self)


SETTINGS = Settings(
    {
        "recurrent": Recurrent,
        "condition": ConditionOptions,
        "text": Text,
        "fit": Fit,
        "gradient": GradientOptions,
    },
    defaults={
        "embed_dim": 64,
        "dropout": 0.2,
        "unit": "character",
        "lr": 0.005,
        "optimizer": "adamw",
        "clip": 1.0,
    },
    fixed={"bidirectional": False, "learned_state": False},
)
SAMPLING = Settings({"sampling": SamplingOptions}, defaults={"stop_at_eos": True})
