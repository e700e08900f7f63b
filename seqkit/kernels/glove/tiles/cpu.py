"""The order in which GloVe visits pairs, compiled: sorted by tile, in random order within a tile.

A pair touches a row of each matrix with its sums of squares, some 2 KB, and pairs in random order find them
in main memory. So the vocabulary is cut into blocks and the pairs are sorted by tile (block of rows × block
of columns), whose rows stay in the core's cache.
"""

from typing import Any, NamedTuple

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.types import Array
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.simd.cpu import LANES
from seqkit.kernels.primitives.thread_team.cpu import take, team, together
from seqkit.kernels.primitives.windows.cpu import bits

_32 = np.uint64(32)


class Tiles(NamedTuple):
    """Pairs by tile: those of row block a and column block b are [ends[t], ends[t + 1]), t = a · blocks + b.

    edges (blocks + 1,): first word of each block. places (N,) uint32: row << 16 | column, both within their
    block. logs (N,) float32: logarithm of the count.
    """

    edges: Array
    ends: Array
    places: Array
    logs: Array

    def spans(self, wanted: Array, part: Array, parts: int) -> Array:
        """First and last entry of a part of each of the tiles `wanted`, on a further axis."""
        low, sizes = self.ends[wanted], np.diff(self.ends)[wanted]
        return np.stack([low + sizes * part // parts, low + sizes * (part + 1) // parts], -1)


class _Pairs(NamedTuple):
    """Row i is entries [row_ends[i], row_ends[i + 1]); block: of each word; mirror: only the upper half."""

    row_ends: Array
    columns: Array
    values: Array
    block: Array
    mirror: bool


@njit(nogil=True, cache=True)
def _sizes(pairs: Any, blocks: Any, sizes: Any) -> Any:
    """Count the pairs of each tile; return the first bad entry, or -1."""
    row_ends, columns, values, block, mirror = pairs
    for i in range(len(block)):
        a = np.int64(block[i])
        for k in range(row_ends[i], row_ends[i + 1]):
            j = columns[k]
            if j < (i if mirror else 0) or j >= len(block) or not (0 < values[k] < np.inf):
                return k
            b = np.int64(block[j])
            sizes[a * blocks + b] += 1
            if mirror and i != j:
                sizes[b * blocks + a] += 1
    return -1


@njit(nogil=True, cache=True)
def _place(low: Any, high: Any, pairs: Any, tiles: Any, cursor: Any) -> None:
    """Write the pairs of the rows [low, high) of one block, and their mirror images, to their tiles."""
    (row_ends, columns, values, block, mirror), (edges, _, places, logs) = pairs, tiles
    blocks, a, left = len(edges) - 1, np.int64(block[low]), np.uint32(16)
    for i in range(low, high):
        row = np.uint32(i - edges[a])
        for k in range(row_ends[i], row_ends[i + 1]):
            j = columns[k]
            b = np.int64(block[j])
            column, log = np.uint32(j - edges[b]), np.float32(np.log(values[k]))
            at = cursor[a * blocks + b]
            cursor[a * blocks + b] = at + 1
            places[at], logs[at] = (row << left) | column, log
            if mirror and i != j:
                at = cursor[b * blocks + a]
                cursor[b * blocks + a] = at + 1
                places[at], logs[at] = (column << left) | row, log


@njit(nogil=True, cache=True)
def _shuffle(low: Any, high: Any, seed: Any, places: Any, logs: Any) -> None:
    """Put the pairs [low, high) into random order (Fisher & Yates)."""
    for k in range(high - 1, low, -1):
        other = low + np.int64(((bits(seed, k) >> _32) * np.uint64(k - low + 1)) >> _32)
        places[k], places[other] = places[other], places[k]
        logs[k], logs[other] = logs[other], logs[k]


@njit(nogil=True, cache=True)
def _order(pairs: Any, tiles: Any, cursor: Any, team: Any) -> None:
    """One thread: takes blocks of rows until none is left."""
    n, edges = take(team, 1), tiles.edges
    while n < len(edges) - 1:
        _place(edges[n], edges[n + 1], pairs, tiles, cursor)
        n = take(team, 1)


@njit(nogil=True, cache=True)
def _mix(tiles: Any, seed: Any, team: Any) -> None:
    """One thread: takes tiles until none is left."""
    n, ends = take(team, 1), tiles.ends
    while n < len(ends) - 1:
        _shuffle(ends[n], ends[n + 1], seed, tiles.places, tiles.logs)
        n = take(team, 1)


def order(
    row_ends: Array,
    columns: Array,
    values: Array,
    edges: Array,
    *,
    mirror: bool,
    seed: np.uint64,
    threads: int = 1,
) -> Tiles:
    """Sort the pairs of a matrix by tile, shuffled within each tile.

    Row i is entries [row_ends[i], row_ends[i + 1]). mirror: only the upper half is given.

    Raises:  FormatError for a column that is no word, or a count that is not finite and above 0.
    """
    blocks, size = len(edges) - 1, len(row_ends) - 1
    block = np.repeat(np.arange(blocks, dtype=np.int32), np.diff(edges))
    pairs, sizes = _Pairs(row_ends, columns, values, block, mirror), np.zeros(blocks * blocks, np.int64)
    bad = _sizes(pairs, blocks, sizes)
    if bad >= 0:
        raise FormatError(
            f"glove: entry {bad:,} is word {columns[bad]}, count {values[bad]}; expected a word below "
            f"{size:,}, a count above 0."
        )
    ends = np.append(0, np.cumsum(sizes))
    logs = np.zeros(ends[-1] + LANES, np.float32)  # whole vectors of logs are read
    tiles, cursor = Tiles(edges, ends, np.empty(ends[-1], np.uint32), logs), ends[:-1].copy()
    ordering, mixing = team(), team()
    together(ordering, threads, lambda me: _order(pairs, tiles, cursor, ordering))
    together(mixing, threads, lambda me: _mix(tiles, seed, mixing))
    return tiles
