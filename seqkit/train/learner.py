"""What can be trained: the Learner protocol, its optional part, and the batches it reads."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar, runtime_checkable

from seqkit.core.score import Loss
from seqkit.core.types import Arrays
from seqkit.train.world import World

Batch_contra = TypeVar("Batch_contra", contravariant=True)
Batch_co = TypeVar("Batch_co", covariant=True)


class Learner(Protocol[Batch_contra]):
    """Anything with a step, and a state that can be taken and put back byte for byte."""

    def step(self, batch: Batch_contra, lr: float) -> Loss:
        """Learn from one batch at learning rate `lr`; the loss is taken before the change."""

    def state(self) -> Arrays:
        """All arrays that the next step depends on."""

    def restore(self, arrays: Arrays) -> None:
        """Restore what `state` gave; keep no reference to it."""


@runtime_checkable
class Engine(Protocol):
    """The optional part of a learner, all of it or nothing, which `fit` then uses: see GradientLearner."""

    world: World

    @property
    def signature(self) -> dict[str, Any]:
        """Settings that a resumed run must find unchanged, beside those of the batches."""

    def finish(self) -> None:
        """An epoch's batches are over: apply the gradients that wait."""

    def settle(self) -> Loss:
        """The loss of the steps that did not tell it yet."""

    def observe(self, values: Sequence[float]) -> None:
        """An epoch was validated: all values so far, lower is better."""

    def averaged(self) -> AbstractContextManager[None]:
        """Within the block the weights are those to validate and to keep."""


class Batches(Protocol[Batch_co]):
    """One pass over the data, the same every time it is asked for.

    Under several processes each yields as many batches with the same units, those of the whole batch; the
    batch is the process's part of it (world.part), or None where that has no row.
    """

    size: int  # units (tokens, sentences) in an epoch: what progress counts
    signature: dict[str, Any]  # what a resumed run must find unchanged

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Batch_co, int]]:
        """Yield (batch, its units) of epoch `number`, without the first `skip` batches."""
