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
    """What a language model has besides a recurrent network; `batch` streams of text are read side by
    side.
    """

    tie: bool = option(True, help="the head's weight is the embedding")
    head: str = option("softmax", family=heads, help="how the next token's distribution is computed")
    bptt: int = option(64, low=1, unit="tokens", help="steps that gradients go back")

    def __post_init__(self) -> None:
        options.check(self)


SETTINGS = Settings(
    {
        "recurrent": Recurrent,
        "language_model": LanguageModelOptions,
        "fit": Fit,
        "gradient": GradientOptions,
    },
    defaults={"num_layers": 2, "hidden_size": 256, "optimizer": "adamw", "clip": 1.0},
    fixed={"bidirectional": False},
)
