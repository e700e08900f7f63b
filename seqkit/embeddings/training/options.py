"""All settings of word vectors: those of training, and those of every loss."""

from dataclasses import dataclass, field

from seqkit.core import options
from seqkit.core.options import Settings, option
from seqkit.embeddings.training.loss_options import LOSS_OPTIONS
from seqkit.embeddings.training.objectives import objectives


@dataclass(frozen=True)
class TrainerOptions:
    """What is learnt, how long and how fast."""

    loss: str = option("negative-sampling", family=objectives, help="what is learnt")
    epochs: int | None = option(None, low=1, help="passes over the text, or over counts; 5, or 15 for glove")
    lr: float | None = option(
        None,
        low=0,
        search="1e-3..0.2:log",
        help="first learning rate; 0.025 for skipgram, 0.05 for cbow and glove",
    )
    schedule: str | None = option(
        None,
        help="schedule of the learning rate: constant, linear, cosine, ...; linear, or constant for glove",
    )
    schedule_settings: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options.check(self)


def _settings() -> Settings:
    """The settings of all losses together, a default that differs between them in words."""
    names = objectives.names()
    kinds = {name: LOSS_OPTIONS.get(name) or objectives.load(name).Options for name in names}
    each = {name: Settings({name: kind}) for name, kind in kinds.items()}
    usual: dict[str, object] = {}
    for own in each.values():
        for name in own.fields():
            others = {other: s.default(name) for other, s in each.items() if name in s.fields()}
            value = others.get("negative-sampling", own.default(name))
            odd = [f"{v} for {other}" for other, v in others.items() if v != value]
            usual[name] = f"{value}, or {', '.join(odd)}" if odd else value
    return Settings({"fit": TrainerOptions, **kinds}, defaults=usual)


SETTINGS = _settings()
