"""What every objective of word vectors has: it learns from batches, and says what they are made of.

A member (objectives/*.py) learns from the windows of a text (a WindowObjective) or from counts of pairs (see
objectives/glove.py); nothing else is edited to add one.
"""

from typing import Any, ClassVar, Literal, Protocol

from seqkit.core.score import Loss
from seqkit.core.types import Arrays
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.train.learner import Batches


class Objective(Protocol):
    """A learner of word vectors.

    Options:      its settings; those of counting (CountOptions) among them if it learns from counts.
    learns_from:  text: a Corpus; counts: a Cooccurrence.
    unit:         what an epoch consists of: tokens or pairs.
    schedule:     the usual one of the learning rate (train.schedule).

    A member that can learn on a GPU also names the module of its kernel, `gpu`, and takes device="cuda[:n]".
    """

    Options: ClassVar[type[Any]]
    learns_from: ClassVar[Literal["text", "counts"]]
    unit: ClassVar[str]
    schedule: ClassVar[str]

    def __init__(self, source: Any, options: Any, *, threads: int | None = None, **start: Any) -> None:
        """Start from random vectors; start: initial, extend and frozen, where the member has them."""

    @staticmethod
    def first_lr(options: Any) -> float:
        """The learning rate of the first step, unless another is given."""

    def batches(self, source: Any, *, epochs: int) -> Batches[Any]:
        """The batches of an epoch of `source`, signed with all that a resumed run must share."""

    def step(self, batch: Any, lr: float) -> Loss:
        """Learn from one batch."""

    def state(self) -> Arrays:
        """All arrays that the next step depends on."""

    def restore(self, arrays: Arrays) -> None:
        """Take back what `state` gave."""

    def vectors(self) -> Vectors:
        """The vectors as they are now."""

    @property
    def memory(self) -> int:
        """Bytes that the parameters take, and what is kept beside them."""
