"""Batches of rows of different length: rows of similar length together, in another order each epoch.

Not handled: what a batch is made of (the model builds it from the numbers of its rows); streams
(text.batches.streams).
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Generic, TypeVar

import numpy as np

from seqkit.core import rng
from seqkit.core.errors import OptionError, ShapeError
from seqkit.core.types import Array

B = TypeVar("B")
# batches that are sorted together: enough for little padding, few enough that an epoch's order stays random
POOL = 32


class Buckets(Generic[B]):
    """The batches of `lengths` (N,) for `fit`: every row once an epoch, `batch` rows at a time.

    make(rows, part) builds a batch from numbers of rows (B,) int64; part: (first row, rows in all) of a batch
    that is divided among processes, else None. The order depends on seed and epoch alone.
    """

    def __init__(
        self,
        lengths: Annotated[Array, "N"],
        batch: int,
        make: Callable[[Array, tuple[int, int] | None], B],
        settings: dict[str, Any],
        *,
        seed: int = 1,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        """part: (which, of how many) processes.  Raises:  ShapeError without a row."""
        if batch < 1:
            raise OptionError(f"batch: got {batch}, expected at least 1.")
        if not len(lengths):
            raise ShapeError("batches: got no row, expected at least one. Is the data empty?")
        self.lengths, self.batch, self.make, self.seed, self.part = (
            np.asarray(lengths),
            batch,
            make,
            seed,
            part,
        )
        self.size = len(lengths)
        self.signature = {"rows": len(lengths), "batch": batch, "order_seed": seed, **settings}

    def order(self, epoch: int) -> list[Array]:
        """The numbers of the rows of each batch of an epoch."""
        mixed = rng.permutation(rng.stream(self.seed, epoch, 0), self.size)
        pool = self.batch * POOL
        pools = (mixed[start : start + pool] for start in range(0, self.size, pool))
        sorted_ = np.concatenate([rows[np.argsort(self.lengths[rows], kind="stable")] for rows in pools])
        batches = [sorted_[start : start + self.batch] for start in range(0, self.size, self.batch)]
        return [batches[i] for i in rng.permutation(rng.stream(self.seed, epoch, 1), len(batches))]

    def waste(self, epoch: int = 0) -> float:
        """The share of the steps of an epoch's batches that is padding."""
        steps = sum(len(rows) * int(self.lengths[rows].max()) for rows in self.order(epoch))
        return 1 - float(self.lengths.sum()) / steps if steps else 0.0

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[B | None, int]]:
        """(batch, its rows of all processes); None where this process has no row of it."""
        which, parts = self.part
        for rows in self.order(number)[skip:]:
            first, end = len(rows) * which // parts, len(rows) * (which + 1) // parts
            mine = (
                None
                if first == end
                else self.make(rows[first:end], None if parts == 1 else (first, len(rows)))
            )
            yield mine, len(rows)


def by_length(lengths: Annotated[Array, "N"], steps: int) -> Iterator[Annotated[Array, "B"]]:
    """The numbers of all rows in groups of similar length, about `steps` steps each with padding; to predict.

    >>> [rows.tolist() for rows in by_length(np.array([5, 1, 2]), steps=5)]
    [[1, 2], [0]]
    """
    group: list[int] = []
    for i in np.argsort(lengths, kind="stable").tolist():
        if group and (len(group) + 1) * int(lengths[i]) > steps:
            yield np.array(group)
            group = []
        group.append(i)
    if group:
        yield np.array(group)
