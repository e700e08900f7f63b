"""Exact nearest rows of a matrix, for many queries at once: blocked matrix products and a running top k.

Space searches on a CPU or a GPU, whose ids differ only where scores differ by less than float32's rounding.
"""

import functools
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np

from seqkit.core.device import backend, gpu
from seqkit.core.device import threads as count_threads
from seqkit.core.types import Array, Floats

ROWS, QUERIES = 16384, 512  # a block of scores is 32 MB
SMALL = 1 << 23  # scores below which compiling does not pay


def nearest_rows(
    queries: Annotated[Array, "N D"],
    matrix: Annotated[Array, "V D"],
    norms: Annotated[Array, "V"],
    k: int,
    *,
    by: Literal["cosine", "euclidean"] = "cosine",
) -> tuple[Annotated[Array, "N K"], Annotated[Floats, "N K"]]:
    """Ids and scores of the k best rows for each query, best first, ties to the lower id.

    cosine: q·m / (|q| |m|), 0 where either is zero.   euclidean: -|q - m|².
    """
    queries, squares = _scaled(queries, by)
    k = min(k, len(matrix))
    best, ids = np.full((len(queries), k), -np.inf, np.float32), np.full((len(queries), k), -1, np.int64)
    if by == "cosine":
        scale, bias = 1 / np.where(norms > 0, norms, 1), np.zeros(len(matrix), np.float32)
    else:
        scale, bias = np.full(len(matrix), 2, np.float32), -(norms.astype(np.float64) ** 2).astype(np.float32)
    scale = scale.astype(np.float32)
    update: Callable[..., None]
    if len(queries) * len(matrix) < SMALL:
        from seqkit.kernels.top_k.reference import update
    else:
        from seqkit.kernels.top_k import cpu

        update = functools.partial(cpu.update, threads=count_threads())
    for first in range(0, len(queries), QUERIES):
        few = slice(first, first + QUERIES)
        for start in range(0, len(matrix), ROWS):
            block = slice(start, start + ROWS)
            update(queries[few] @ matrix[block].T, scale[block], bias[block], start, best[few], ids[few])
    if by == "euclidean":
        best = (best - squares[:, None]).astype(np.float32)
    return ids, best


def _scaled(queries: Array, by: str) -> tuple[Floats, Annotated[Array, "N"]]:
    """Queries in float32, unit if `by` cosine, and the squares of their lengths before."""
    queries = np.asarray(queries, np.float32)
    squares = (queries.astype(np.float64) ** 2).sum(1)
    if by == "cosine":
        length = np.sqrt(squares)
        return np.asarray(queries / np.where(length > 0, length, 1).astype(np.float32)[:, None]), squares
    return queries, squares


class Space:
    """Rows that are searched, and where.

    device: auto (a GPU if there is one), cpu or cuda[:n]. A GPU gets the rows at the first search and keeps
    them as long as this object lives: 4 (D + 2) bytes a row, and about 1.5 GB while it searches.
    """

    def __init__(
        self, matrix: Annotated[Array, "V D"], norms: Annotated[Array, "V"], device: str = "auto"
    ) -> None:
        self.matrix, self.norms, self.device = matrix, norms, device
        self._there: Any = None  # kernels.top_k.gpu.Rows

    def __len__(self) -> int:
        return len(self.matrix)

    @cached_property
    def gpu(self) -> Any:  # Any: torch.device
        """The GPU that searches; None: the CPU."""
        return gpu(self.device)

    @property
    def backend(self) -> str:
        """What searches: cuda or cpu."""
        return backend(self.gpu)

    def nearest(
        self,
        queries: Annotated[Array, "N D"],
        k: int,
        *,
        by: Literal["cosine", "euclidean"] = "cosine",
        restrict: int | None = None,
    ) -> tuple[Annotated[Array, "N K"], Annotated[Floats, "N K"]]:
        """As nearest_rows, among the first `restrict` rows."""
        if self.gpu is None:
            return nearest_rows(queries, self.matrix[:restrict], self.norms[:restrict], k, by=by)
        from seqkit.kernels.top_k import gpu as kernel

        scaled, squares = _scaled(queries, by)
        ids, scores = kernel.nearest(self.rows(restrict), scaled, k, by=by)
        return ids, scores if by == "cosine" else (scores - squares[:, None]).astype(np.float32)

    def csls(
        self,
        queries: Annotated[Array, "N D"],
        around: Annotated[Array, "V"],
        k: int,
        neighbours: int,
        *,
        restrict: int | None = None,
    ) -> tuple[Annotated[Array, "N K"], Annotated[Floats, "N K"]]:
        """On a GPU: ids and 2 cos - r - around, r the mean cosine of a query's `neighbours` nearest."""
        from seqkit.kernels.top_k import gpu as kernel

        rows, (scaled, _) = self.rows(restrict), _scaled(queries, "cosine")
        own = kernel.nearest(rows, scaled, neighbours)[1].mean(1, keepdims=True, dtype=np.float64)
        ids, scores = kernel.nearest(rows, scaled, k, less=around)
        return ids, (scores - own).astype(np.float32)

    def rows(self, restrict: int | None = None) -> Any:  # Any: kernels.top_k.gpu.Rows
        """The first rows on the GPU; they are copied there unless enough of them are there already."""
        from seqkit.kernels.top_k import gpu as kernel

        last = len(self.matrix[:restrict])
        if self._there is None or len(self._there) < last:
            self._there = None  # let the memory go first
            self._there = kernel.put(self.matrix[:last], self.norms[:last], self.gpu)
        return self._there.first(last)


def nearest_others(
    rows: Annotated[Array, "N"],
    queries: Annotated[Array, "N D"],
    space: Space,
    k: int,
    *,
    restrict: int | None = None,
) -> Annotated[Array, "N K"]:
    """Ids of the k rows with the highest cosine to each query, without the query's own row, `rows`."""
    ids, _ = space.nearest(queries, k + 1, restrict=restrict)
    itself_last = np.argsort(ids == rows[:, None], axis=1, kind="stable")
    return np.take_along_axis(ids, itself_last, 1)[:, : min(k, len(space.matrix[:restrict]) - 1)]
