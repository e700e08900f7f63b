"""The settings of a tagger, readable without torch."""

from dataclasses import dataclass
from typing import Literal

from seqkit.core import options
from seqkit.core.options import Settings, option
from seqkit.models.options import Fit, Recurrent
from seqkit.train.gradient.options import GradientOptions

_CHARACTERS = "characters", ("cnn", "recurrent")


@dataclass(frozen=True)
class TaggerOptions:
    """What is read of a word and how labels are chosen."""

    head: Literal["crf", "softmax"] = option(
        "crf", help="how labels are chosen; crf: all of a sentence together; softmax: each by itself"
    )
    scheme: str = option(
        "auto", help="how spans are learnt: auto (bioes if there are any), plain, iob1, bio, bioes"
    )
    characters: Literal["cnn", "recurrent", "none"] = option("cnn", help="how a word's characters are read")
    char_dim: int = option(25, low=1, help="size of the embedding of a character", needs=_CHARACTERS)
    char_size: int = option(
        50, low=1, help="size of the vector that the characters of a word give", needs=_CHARACTERS
    )
    min_count: int = option(2, low=1, help="words that occur less often in the training text are unknown")

    def __post_init__(self) -> None:
        options.check(self)


SETTINGS = Settings(
    {"recurrent": Recurrent, "tagger": TaggerOptions, "fit": Fit, "gradient": GradientOptions},
    defaults={"embed_dim": 50, "dropout": 0.3, "bidirectional": True, "optimizer": "adamw", "clip": 1.0},
)
