"""The settings of a rater, readable without torch. File: seqkit/models/rater/options.py."""

from dataclasses import dataclass
from typing import Literal

from seqkit.core import options
from seqkit.core.options import Settings, option
from seqkit.models.options import Fit, Recurrent, Text
from seqkit.train.gradient.options import GradientOptions


@dataclass(frozen=True)
class RaterOptions:
    """How a text becomes a number."""

    pooling: Literal["mean", "last"] = option(
        "mean", help="what is rated: the mean or the last of the outputs"
    )

    def __post_init__(self) -> None:
        options.check(self)


SETTINGS = Settings(
    {"recurrent": Recurrent, "rater": RaterOptions, "text": Text, "fit": Fit, "gradient": GradientOptions},
    defaults={"hidden_size": 32, "cell": "gru"},
)
