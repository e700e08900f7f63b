"""The settings of a translator, readable without torch."""

from dataclasses import dataclass

from seqkit.core import options
from seqkit.core.family import Family
from seqkit.core.options import Settings, option
from seqkit.models.decoding.options import BeamOptions
from seqkit.models.options import MOST_LAYERS, Fit, Recurrent, Text
from seqkit.train.gradient.options import GradientOptions

attentions = Family("seqkit.nn.attentions", "attention")


@dataclass(frozen=True)
class DecoderOptions:
    """Sizes of a decoder and how it is taught; cell, dropout and seed are the encoder's."""

    attention: str = option("luong", family=attentions, more=("none",), help="attention to the source")
    decoder_layers: int | None = option(
        None, low=1, high=MOST_LAYERS, help="layers of the decoder; num_layers if not given"
    )
    decoder_size: int | None = option(
        None, low=1, help="size of the state of a decoder layer; hidden_size if not given"
    )
    tie: bool = option(True, help="tie the weight of the output to the embedding of the target")
    teacher_forcing: float = option(
        1.0,
        low=0,
        high=1,
        help="share of right words that the decoder reads at the start, instead of its own",
    )
    teacher_forcing_end: float | None = option(
        None, low=0, high=1, help="the same at the end, linear in between; as at the start if not given"
    )
    label_smoothing: float = option(
        0.0, low=0, high=0.9, help="label smoothing: share of the probability that all words get evenly"
    )

    def __post_init__(self) -> None:
        options.check(self)

    def share(self, done: float) -> float:
        """The share of right words that the decoder reads when `done` (0 to 1) of the training is over."""
        end = self.teacher_forcing if self.teacher_forcing_end is None else self.teacher_forcing_end
        return self.teacher_forcing + (end - self.teacher_forcing) * min(done, 1.0)


SETTINGS = Settings(
    {
        "recurrent": Recurrent,
        "decoder": DecoderOptions,
        "text": Text,
        "fit": Fit,
        "gradient": GradientOptions,
    },
    defaults={
        "hidden_size": 256,
        "embed_dim": 256,
        "dropout": 0.3,
        "bidirectional": True,
        "batch": 64,
        "lr": 0.002,
        "optimizer": "adamw",
        "clip": 1.0,
    },
)
SEARCH = Settings({"search": BeamOptions}, defaults={"length": None, "length_penalty": 1.0})
