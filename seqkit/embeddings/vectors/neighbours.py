"""Exact nearest rows of a matrix, for many queries at once: blocked matrix products and a running top k."""

import functools
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np

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
    queries = np.asarray(queries, np.float32)
    k = min(k, len(matrix))
    best, ids = np.full((len(queries), k), -np.inf, np.float32), np.full((len(queries), k), -1, np.int64)
    squares = (queries.astype(np.float64) ** 2).sum(1)
    if by == "cosine":
        length = np.sqrt(squares)
        queries = queries / np.where(length > 0, length, 1).astype(np.float32)[:, None]
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


def nearest_others(
    rows: Annotated[Array, "N"],
    queries: Annotated[Array, "N D"],
    matrix: Annotated[Array, "V D"],
    norms: Annotated[Array, "V"],
    k: int,
) -> Annotated[Array, "N K"]:
    """Ids of the k rows with the highest cosine to each query, without the query's own row, `rows`."""
    ids, _ = nearest_rows(queries, matrix, norms, k + 1)
    itself_last = np.argsort(ids == rows[:, None], axis=1, kind="stable")
    return np.take_along_axis(ids, itself_last, 1)[:, : min(k, len(matrix) - 1)]
