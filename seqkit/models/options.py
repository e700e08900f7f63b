"""The settings that tasks share, each written once: the recurrent network, how text is cut, how long to
train.

Read without torch, so that the command line can make its flags of them. A task's own settings stand in the
`options` of its folder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from seqkit.core import options
from seqkit.core.family import Family
from seqkit.core.options import option
from seqkit.train.schedule import schedule

cells = Family("seqkit.nn.cells", "cell")
tokenizers = Family("seqkit.text.tokenizers", "tokenizer")


@dataclass(frozen=True)
class Recurrent:
    """A recurrent network: embedding, layers of a cell, tanh layers on top; and its dropout."""

    cell: str = option("lstm", family=cells, help="the recurrent cell")
    num_layers: int = option(1, low=1, search="1..4", alias="layers", help="layers of the stack")
    hidden_size: int = option(
        128, low=1, search="32..512:log", alias="hidden", help="numbers in a layer's state, in each direction"
    )
    embed_dim: int | None = option(
        None, low=1, search="32..512:log", help="numbers in an embedding; hidden_size if not given"
    )
    bidirectional: bool = option(False, help="read each row from both ends")
    dropout: float = option(
        0.0, low=0, high=0.95, help="chance to drop a number: of embeddings, between layers, of outputs"
    )
    locked: bool = option(False, help="dropout masks are the same for all steps of a row")
    weight_dropout: float = option(0.0, low=0, high=0.95, help="chance to drop a recurrent weight")
    word_dropout: float = option(
        0.0, low=0, high=0.95, alias="embedding_dropout", help="chance to drop a whole word of the embedding"
    )
    residual: bool = option(False, help="add a layer's input to its output")
    learned_state: bool = option(False, help="train the first state")
    feed_forward: tuple[int, ...] = option((), help="sizes of tanh layers on top, not connected in time")
    init_embedding: str = option(
        "small-normal", help="initial embedding: small-normal (σ 0.25), uniform (±0.1), ..."
    )
    init_input: str = option("xavier-uniform", help="initial weights of a layer's input")
    init_hidden: str | None = option(
        None, help="initial recurrent weights of each gate; the cell's own if not given"
    )
    seed: int = option(1, low=0, help="seed of weights, order and dropout")

    def __post_init__(self) -> None:
        options.check(self)

    @property
    def dim(self) -> int:
        """Numbers in an embedding."""
        return self.embed_dim or self.hidden_size


@dataclass(frozen=True)
class Text:
    """How text is cut into tokens; vocabularies are learnt from the training text alone."""

    unit: str = option(
        "word",
        family=tokenizers,
        folder=True,
        help="how text is cut; whitespace: tokenised text; subword:bpe trains that model",
    )
    lower: bool = option(False, help="lower-case the text")
    min_count: int = option(
        1, low=1, help="tokens of the training text with fewer occurrences become unknown"
    )
    max_size: int | None = option(
        None, low=3, help="most tokens in a vocabulary; subwords: 8,000 if not given"
    )

    def __post_init__(self) -> None:
        options.check(self)


@dataclass(frozen=True)
class Fit:
    """How long and how fast a model is trained.  None: as suits the task, see `filled`."""

    epochs: int = option(10, low=1, optional=True, help="passes over the data")
    batch: int = option(
        32, low=1, search="8..512:log", optional=True, help="rows (texts, sentences, streams) in a step"
    )
    lr: float = option(0.003, low=0.0, search="1e-4..1:log", optional=True, help="highest learning rate")
    schedule: str = option(
        "cosine", help="course of the rate: constant, linear, cosine, plateau, one-cycle, ..."
    )
    schedule_settings: dict[str, float] = field(default_factory=dict)
    patience: int | None = option(
        None, low=1, unit="epochs", help="end after so many without a better validation"
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
