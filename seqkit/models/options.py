"""The settings that tasks share, each written once: recurrent network, cutting of text, training.

Imports no torch, so that the command line can make its flags from them quickly. The settings of one
task alone are in the `options` of its folder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from seqkit.core import options
from seqkit.core.family import Family
from seqkit.core.options import option
from seqkit.train.schedule import schedule

MOST_LAYERS = 1000
cells = Family("seqkit.nn.cells", "cell")
tokenizers = Family("seqkit.text.tokenizers", "tokenizer")


@dataclass(frozen=True)
class Recurrent:
    """A recurrent network: embedding, layers of a cell, tanh layers on top; and its dropout."""

    cell: str = option("lstm", family=cells, help="the recurrent cell")
    num_layers: int = option(
        1,
        low=1,
        high=MOST_LAYERS,
        search="1..4",
        alias="layers",
        help="recurrent layers, one on top of the other",
    )
    hidden_size: int = option(
        128,
        low=1,
        search="32..512:log",
        alias="hidden",
        help="size of the state of a layer, in each direction",
    )
    embed_dim: int | None = option(
        None, low=1, search="32..512:log", help="size of an embedding; hidden_size if not given"
    )
    bidirectional: bool = option(False, help="read each text from both ends")
    dropout: float = option(
        0.0, low=0, high=0.95, help="dropout rate of embeddings, between layers, and of outputs"
    )
    locked: bool = option(False, help="use the same dropout mask at all steps of a text")
    weight_dropout: float = option(0.0, low=0, high=0.95, help="dropout rate of the recurrent weights")
    word_dropout: float = option(
        0.0, low=0, high=0.95, alias="embedding_dropout", help="dropout rate of whole words of the embedding"
    )
    residual: bool = option(False, help="add a layer's input to its output")
    learned_state: bool = option(False, help="train the initial state; else it is 0")
    feed_forward: tuple[int, ...] = option(
        (), low=1, help="size of a tanh layer on top, not connected in time; give again for more"
    )
    init_embedding: str = option(
        "small-normal", help="initial embedding: small-normal (σ 0.25), uniform (±0.1), ..."
    )
    init_input: str = option("xavier-uniform", help="initial input weights of a layer")
    init_hidden: str | None = option(
        None, help="initial recurrent weights of each gate; the cell's own if not given"
    )
    seed: int = option(
        1, low=0, high=2**63 - 1, help="seed of the weights, the order of the data, and dropout"
    )

    def __post_init__(self) -> None:
        options.check(self)

    @property
    def dim(self) -> int:
        """Numbers in an embedding."""
        return self.embed_dim or self.hidden_size


@dataclass(frozen=True)
class Text:
    """How text is cut into tokens; vocabularies come from the training text alone."""

    unit: str = option(
        "word",
        family=tokenizers,
        folder=True,
        help="how text is cut into tokens; subword:bpe trains a subword model",
    )
    lower: bool = option(False, help="lower-case the text")
    min_count: int = option(1, low=1, help="tokens that occur less often in the training text become unknown")
    max_size: int | None = option(
        None, low=3, help="largest size of a vocabulary; for subwords 8,000 if not given"
    )

    def __post_init__(self) -> None:
        options.check(self)


@dataclass(frozen=True)
class Fit:
    """How a model is trained: epochs, batch, learning rate.  None: what suits the task, see `filled`."""

    epochs: int = option(10, low=1, optional=True, help="passes over the data")
    batch: int = option(
        32, low=1, search="8..512:log", optional=True, help="texts, sentences or streams in one step"
    )
    lr: float = option(
        0.003, low=0.0, search="1e-4..1:log", optional=True, help="highest learning rate of the schedule"
    )
    schedule: str = option(
        "cosine", help="schedule of the learning rate: constant, linear, cosine, plateau, one-cycle, ..."
    )
    schedule_settings: dict[str, float] = field(default_factory=dict)
    patience: int | None = option(
        None, low=1, unit="epochs", help="stop after so many epochs without a better validation"
    )

    def __post_init__(self) -> None:
        options.check(self)
        if None not in (self.epochs, self.lr):
            schedule(self.schedule, self.lr, epochs=self.epochs, **self.schedule_settings)

    def filled(self, usual: Mapping[str, Any]) -> "Fit":
        """With the numbers of `usual` where none were given."""
        return replace(self, **{name: value for name, value in usual.items() if getattr(self, name) is None})


def told(groups: Sequence[Any]) -> dict[str, Any]:
    """The settings of some groups by name, as JSON values."""
    return {name: value for group in groups for name, value in options.to_json(group).items()}
