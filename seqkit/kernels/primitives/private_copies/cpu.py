"""Rows of a shared matrix, or a lane's copies of the rows it changes, merged in the order of the lanes."""

from typing import Any, NamedTuple

import numpy as np

from seqkit.core.types import Array
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.simd.cpu import move, shift
from seqkit.kernels.primitives.simd.rows import aligned

LANES = 4
LINE = 16  # int64 numbers in two cache lines, which processors fetch together
PULL = 0.6  # how far one window carries a row, at rate 1: about its number of pairs · σ'(0.9) · |row|²


class Rows(NamedTuple):
    """Rows of a matrix, or a lane's copies: slots[id] is the place in `copies`, -1 before the first use."""

    matrix: Any  # (V, D)
    slots: Any  # (V,) int16 or int32; length 0: no copies, the shared rows themselves
    copies: Any  # (C, D)
    touched: Any  # (C,) int32, the ids copied, used[0] of them
    hits: Any  # (C,) int32, windows that used the copy
    used: Any  # (LINE,) int64, the first one is meant: lanes must not share a cache line


@njit(inline="always")
def base_of(rows: Any) -> Any:
    """Where `address` counts from."""
    return rows.matrix.ctypes.data if len(rows.slots) == 0 else rows.copies.ctypes.data


@njit(inline="always")
def address(rows: Any, base: Any, i: Any) -> Any:
    """The address of row i: in the matrix, or of the lane's copy, made at its first use; base: base_of."""
    size = rows.matrix.shape[1]
    if len(rows.slots) == 0:
        return base + 4 * size * np.int64(i)
    slot = np.int64(rows.slots[i])
    if slot >= 0:
        rows.hits[slot] += 1
    else:
        slot = rows.used[0]
        rows.hits[slot] = 1
        rows.used[0] += 1
        rows.slots[i], rows.touched[slot] = slot, i
        move(rows.matrix.ctypes.data + 4 * size * np.int64(i), base + 4 * size * slot, size)
    return base + 4 * size * slot


@njit(inline="always")
def lane_of(rows: Any, lane: Any) -> Any:
    """The rows of one lane."""
    return Rows(
        rows.matrix, rows.slots[lane], rows.copies[lane], rows.touched[lane], rows.hits[lane], rows.used[lane]
    )


@njit
def forget(rows: Any) -> None:
    """Empty a lane: it has copied nothing."""
    for i in range(rows.used[0]):
        rows.slots[rows.touched[i]] = -1
    rows.used[0] = 0


@njit(inline="always")
def _merge_row(rows: Any, i: Any, first: Any, target: Any, old: Any, lr: Any) -> None:
    """old + s Σ (copy - old) over the n lanes that have a copy, from lane `first` on.

    s = 1 / (1 + (n - 1) · min(1, PULL · lr · hits / n)): a row hit seldom moves by the sum of its changes, as
    if they had come one after the other; a row hit often in every lane has gone most of its way in each, and
    moves by their mean.
    """
    size = rows.matrix.shape[1]
    copies, lane_bytes = rows.copies.ctypes.data, 4 * size * rows.copies.shape[1]
    n, hits = 0, 0
    for lane in range(first, LANES):
        slot = rows.slots[lane, i]
        if slot >= 0:
            n, hits = n + 1, hits + rows.hits[lane, slot]
    share = np.float32(1.0 / (1.0 + (n - 1) * min(1.0, PULL * lr * hits / n)))
    move(target, old, size)
    for lane in range(first, LANES):
        slot = np.int64(rows.slots[lane, i])
        if slot >= 0:  # by differences: a row that no lane changed stays to the bit
            shift(share, copies + lane_bytes * lane + 4 * size * slot, old, target, size)


@njit(inline="always")
def _part(i: Any, parts: Any) -> Any:
    """The thread that merges row i: blocks of 64 rows (no two threads write one cache line)."""
    return (((i >> 6) * 37 & 63) * parts) >> 6


@njit
def merge(rows: Any, lanes_of: Any, part: Any, parts: Any, old: Any, lr: Any) -> None:
    """Add the lanes' changes to the shared rows of one part."""
    for lane in range(LANES):
        for slot in range(rows.used[lane, 0]):
            i = rows.touched[lane, slot]
            if _part(i, parts) == part:
                lanes_of[i] += 1
    size = rows.matrix.shape[1]
    matrix, copies = rows.matrix.ctypes.data, rows.copies.ctypes.data
    lane_bytes = 4 * size * rows.copies.shape[1]
    for lane in range(LANES):
        for slot in range(rows.used[lane, 0]):
            i = rows.touched[lane, slot]
            if _part(i, parts) != part or lanes_of[i] == 0:
                continue
            target = matrix + 4 * size * np.int64(i)
            if lanes_of[i] == 1:
                move(copies + lane_bytes * lane + 4 * size * slot, target, size)
            else:
                _merge_row(rows, i, lane, target, old, lr)
            lanes_of[i] = 0


@njit
def exchange(rows: Any, threads: Any, lr: Any) -> None:
    """Add a thread's changes of the last rows to the shared rows, as merge does; copy them again."""
    size = rows.matrix.shape[1]
    shared = rows.matrix.ctypes.data + 4 * size * (len(rows.matrix) - len(rows.hits))
    own = rows.copies.ctypes.data
    old = own + 4 * size * len(rows.hits)  # the copies as they were at first
    for n in range(len(rows.hits)):
        at = 4 * size * n
        if rows.hits[n]:
            share = np.float32(1.0 / (1.0 + (threads - 1) * min(1.0, PULL * lr * rows.hits[n])))
            shift(share, own + at, old + at, shared + at, size)
            rows.hits[n] = 0
        move(shared + at, own + at, size)
        move(own + at, old + at, size)  # not the shared row, which others may have changed since


def last_copied(matrix: Array, number: int) -> Rows:
    """The shared rows, the last `number` copied for a thread: upper nodes of a tree, which all use."""
    none = np.zeros(0, np.int32)
    own = aligned(2 * number, matrix.shape[1])
    own[:number] = own[number:] = matrix[len(matrix) - number :]
    return Rows(matrix, none, own, none, np.zeros(number, np.int32), np.zeros(LINE, np.int64))


def copies(matrix: Array, most: int) -> Rows:
    """Rows for LANES lanes that touch at most `most` rows each between two merges."""
    rows, size = matrix.shape
    most = min(most, rows)
    copies = aligned(LANES * most, size).reshape(LANES, most, size)
    touched, hits = np.zeros((2, LANES, most), np.int32)
    small = np.int16 if most <= np.iinfo(np.int16).max else np.int32  # small tables stay in the core's cache
    return Rows(
        matrix, np.full((LANES, rows), -1, small), copies, touched, hits, np.zeros((LANES, LINE), np.int64)
    )
