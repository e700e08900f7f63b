"""The processes of a run, as the loop and a learner see them: here the world of one.

`seqkit.train.distributed` has the world of several, with the same methods; nothing else asks how many there
are.
"""

from collections.abc import Callable, Iterable
from typing import Any

from seqkit.core.score import Loss
from seqkit.core.types import Arrays

Wishes = Callable[[], tuple[bool, bool]]  # (stop after this step, save after this step)


class World:
    """One process: every sum is its own, every wish is granted at once.

    rank:    number of this process, from 0; process 0 writes files, reports and logs.
    size:    how many there are.
    tail:    how many numbers at the end of the sums for `reduce` are the world's own.
    device:  where this process's module belongs; None: where the module is.
    wishes:  what this process would like, asked by the world when it can be agreed on; `fit` sets it.
    """

    rank, size, tail = 0, 1, 0

    def __init__(self, device: Any = None) -> None:  # Any: torch.device
        self.device = device
        self.wishes: Wishes = lambda: (False, False)

    def part(self, rows: int) -> slice:
        """This process's rows of a batch of `rows`: the parts differ by one row at most and may be empty.

        >>> World().part(7)
        slice(0, 7, None)
        """
        return slice(rows * self.rank // self.size, rows * (self.rank + 1) // self.size)

    def granted(self) -> tuple[bool, bool]:
        """(stop, save) as all processes agreed on in the last step."""
        return self.wishes()

    def reduce(
        self, sums: Any, total: Any, count: int, *, settle: bool = True
    ) -> Loss:  # Any: tensors, or a float total
        """Add `sums` up over all processes, in place; return the loss of all; agree on wishes if `settle`."""
        return Loss(float(total), count)

    def add(self, loss: Loss) -> Loss:
        """The sum of the losses of all processes: what each validated on its part."""
        return loss

    def same(self, value: float) -> float:
        """Process 0's value, in every process, so that all decide alike."""
        return value

    def share(self, tensors: Iterable[Any]) -> None:  # Any: tensors
        """Overwrite the tensors of all processes with those of process 0."""

    def gather(self, arrays: Arrays) -> list[Arrays]:
        """The arrays of every process, in rank order."""
        return [arrays]

    def wait(self) -> None:
        """Return when every process has called this."""
