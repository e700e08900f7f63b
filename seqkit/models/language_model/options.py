"""The settings of a language model, readable without torch."""

from dataclasses import dataclass

from seqkit.core import options
from seqkit.core.family import Family
from seqkit.core.options import Settings, option
from seqkit.models.options import Fit, Recurrent
from seqkit.train.gradient.options import GradientOptions

heads = Family("seqkit.nn.heads", "head")


@dataclass(frozen=True)
class LanguageModelOptions:
    """Settings of a language model besides the recurrent network; `batch` text streams are read together."""

    tie: bool = option(True, help="tie the weight of the output to the embedding")
    head: str = option("softmax", family=heads, help="how the probabilities of the next token are computed")
    bptt: int = option(64, low=1, unit="tokens", help="length of back-propagation through time")

    def __post_init__(self) -> None:
        options.check(self)


SETTINGS = Settings(
    {"recurrent": Recurrent, "language_model": LanguageModelOptions, "fit": Fit, "gradient": GradientOptions},
    defaults={"num_layers": 2, "hidden_size": 256, "optimizer": "adamw", "clip": 1.0},
    fixed={"bidirectional": False},
)
