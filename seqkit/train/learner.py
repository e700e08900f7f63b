"""What can be trained: the Learner protocol, and the batches it eats."""

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from seqkit.core.score import Loss
from seqkit.core.types import Arrays

Batch_contra = TypeVar("Batch_contra", contravariant=True)
Batch_co = TypeVar("Batch_co", covariant=True)


class Learner(Protocol[Batch_contra]):
    """Anything with a step, and a state that can be taken and put back byte for byte."""

    def step(self, batch: Batch_contra, lr: float) -> Loss:
        """Learn from one batch at learning rate `lr`; the loss is taken before the change."""

    def state(self) -> Arrays:
        """All arrays that the next step depends on."""

    def restore(self, arrays: Arrays) -> None:
        """Take back what `state` gave."""


class Batches(Protocol[Batch_co]):
    """One pass over the data, the same every time it is asked for."""

    size: int  # units (tokens, sentences) in an epoch: what progress counts
    signature: dict[str, Any]  # what a resumed run must find unchanged

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Batch_co, int]]:
        """Yield (batch, its units) of epoch `number`, without the first `skip` batches."""
