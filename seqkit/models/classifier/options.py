"""The settings of a text classifier, readable without torch."""

from dataclasses import dataclass, fields
from typing import Literal

from seqkit.core import options
from seqkit.core.errors import OptionError
from seqkit.core.options import Settings, option
from seqkit.models.options import Fit, Recurrent, Text
from seqkit.train.gradient.options import GradientOptions

AVERAGED = {"epochs": 5, "batch": 256, "lr": 0.05}  # where nothing is given
RECURRENT = {"epochs": 10, "batch": 32, "lr": 0.002}
_RECURRENT = "reader", ("recurrent",)
_AVERAGED = "reader", ("averaged", "summed")
_SHARED = ("embed_dim", "dropout", "word_dropout", "seed")  # by recurrent and averaged readers


@dataclass(frozen=True)
class ClassifierOptions:
    """What is read, and how a text becomes one vector."""

    reader: Literal["averaged", "summed", "recurrent"] = option(
        "averaged", help="how a text is read: mean or sum of embeddings, or a recurrent network"
    )
    pooling: Literal["max", "mean", "last", "attention", "all"] = option(
        "max",
        help="how the steps of a recurrent network become one vector; all: the others, joined",
        needs=_RECURRENT,
    )
    ngrams: int = option(
        1,
        low=1,
        high=8,
        unit="words",
        help="longest n-gram that has an embedding (averaged, summed)",
        needs=_AVERAGED,
    )
    buckets: int = option(
        1 << 20,
        low=1,
        help="buckets that n-grams are hashed into; only those used in training take memory",
        needs=_AVERAGED,
    )
    max_length: int | None = option(
        None, low=2, unit="tokens", help="longest text; of a longer one only its beginning and end are read"
    )
    class_weight: str | dict[str, float] | None = None  # of each label in the loss, or "balanced"
    freeze: float = option(
        0.0, low=0.0, unit="epochs", help="keep pretrained weights unchanged for so many epochs"
    )
    vectors_scale: float = option(
        0.25, low=0.0, help="scale pretrained vectors to this root mean square; 0: do not scale"
    )

    def __post_init__(self) -> None:
        options.check(self)
        if isinstance(self.class_weight, str) and self.class_weight != "balanced":
            raise OptionError(
                f"class_weight: got {self.class_weight!r}, expected 'balanced', numbers by label, or none."
            )

    @property
    def recurrent(self) -> bool:
        """Whether word order is read."""
        return self.reader == "recurrent"


SETTINGS = Settings(
    {
        "classifier": ClassifierOptions,
        "text": Text,
        "recurrent": Recurrent,
        "fit": Fit,
        "gradient": GradientOptions,
    },
    defaults={
        "embed_dim": 100,
        "dropout": 0.3,
        "bidirectional": True,
        "epochs": None,
        "batch": None,
        "lr": None,
        "optimizer": "adamw",
        "clip": 1.0,
        "beta2": 0.99,
    },
    needs={
        each.name: _RECURRENT
        for kind in (Recurrent, GradientOptions)
        for each in fields(kind)
        if each.name not in _SHARED
    },
)
