"""The compiled loops of counting: a text as a stream of rows, one dense row of sums at a time.

A bitmap of two levels gives back the columns of a dense row that were touched, in rising order.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core.types import uint64

from seqkit.core.types import Array
from seqkit.kernels.primitives.compiler.cpu import emitted, njit

END, HOLE = -1, -2  # in a stream of rows: no pair reaches across; a word without a row
_1, _63 = np.uint64(1), np.uint64(63)


@emitted(uint64, result=uint64)
def _lowest(b: Any, x: Any) -> Any:
    """The number of the lowest bit of x ≠ 0."""
    return b.cttz(x, ir.Constant(ir.IntType(1), 1))


@njit(nogil=True, cache=True)
def write_stream(text: Any, rows: Any, window: Any, holes: Any, out: Any) -> Any:
    """Write the rows of a stretch of text and a window more on both sides; return (first, last, end).

    Sentences are parted by END. first is -1 - i when token i is not in the vocabulary.
    """
    ids, starts, low, high = text
    sentence = np.searchsorted(starts, low, side="right") - 1
    begin, near = low, 0
    while begin > starts[sentence] and near < window:
        begin -= 1
        if ids[begin] < 0 or ids[begin] >= len(rows):
            return -1 - begin, 0, 0
        near += holes or rows[ids[begin]] >= 0
    out[0] = END
    n, first, last, i = 1, -1, -1, begin
    near = 0
    while True:
        if i == low:
            first = n
        if i == high:
            last = n
        if i >= high and (i == starts[-1] or i >= starts[sentence + 1] or near >= window):
            break
        while i >= starts[sentence + 1]:
            sentence += 1
            if out[n - 1] != END:
                out[n] = END
                n += 1
                if i == low:
                    first = n
        token = ids[i]
        if token < 0 or token >= len(rows):
            return -1 - i, 0, 0
        row = rows[token]
        if row >= 0 or holes:
            out[n] = row if row >= 0 else HOLE
            n += 1
            near += i >= high
        i += 1
    out[n] = END
    return first, last, n + 1


@njit(nogil=True, cache=True)
def sort_places(stream: Any, first: Any, last: Any, ends: Any, places: Any) -> None:
    """Sort the places [first, last) of a stream by row: those of row r become places[ends[r]:ends[r + 1]]."""
    for p in range(first, last):
        if stream[p] >= 0:
            ends[stream[p] + 1] += 1
    for row in range(1, len(ends)):
        ends[row] += ends[row - 1]
    cursor = ends[:-1].copy()
    for p in range(first, last):
        row = stream[p]
        if row >= 0:
            places[cursor[row]] = p
            cursor[row] += 1


@njit(inline="always")
def _emit(n: Any, work: Any, out: Any, i: Any, at: Any) -> Any:
    """Write row i of out, the n touched columns in rising order with their sums, which become 0.

    Returns the next entry.
    """
    (sums, bits, summary, touched), (lengths, columns, units), start = work, out, at
    for k in range(n):
        c = np.uint64(touched[k])
        bits[c >> np.uint64(6)] |= _1 << (c & _63)
        summary[c >> np.uint64(12)] |= _1 << ((c >> np.uint64(6)) & _63)
    for s in range(len(summary)):
        upper = summary[s]
        summary[s] = 0
        while upper:
            word = np.uint64(s * 64) + _lowest(upper)
            upper &= upper - _1
            lower = bits[word]
            bits[word] = 0
            while lower:
                c = word * np.uint64(64) + _lowest(lower)
                lower &= lower - _1
                columns[at] = c
                units[at] = sums[c]
                sums[c] = 0
                at += 1
    lengths[i] = at - start
    return at


@njit(nogil=True, cache=True)
def count_rows(text: Any, wanted: Any, work: Any, out: Any) -> Any:
    """Write the sums of the rows `wanted`, the words around each of their places; return the next entry.

    text: a cooccurrence.cpu.Indexed; out: lengths of the rows, their columns and units.
    """
    (stream, places, ends, weights, symmetric), sums, touched = text, work[0], work[3]
    window, at = len(weights), 0
    for i in range(len(wanted)):
        row, n = wanted[i], 0
        least = row if symmetric else 0
        for k in range(ends[row], ends[row + 1]):
            p = places[k]
            for side in range(2 if symmetric else 1):
                step = 1 - 2 * side
                for d in range(1, window):
                    other = stream[np.uint32(p + step * d)]
                    if other == END:
                        break
                    c = np.uint32(max(other, 0))
                    weight = weights[d] if other >= least else 0
                    old = sums[c]
                    touched[n] = c
                    n += (old == 0) & (weight > 0)
                    sums[c] = old + weight
        at = _emit(n, work, out, i, at)
    return at


@njit(nogil=True, cache=True)
def add_rows(columns: Any, units: Any, starts: Any, work: Any, out: Any) -> Any:
    """Add row i of all parts r: entries starts[r, i] to starts[r, i + 1]; return -1 for a wrong column."""
    sums, touched, at = work[0], work[3], 0
    for i in range(len(out[0])):
        n = 0
        for r in range(len(starts)):
            for k in range(starts[r, i], starts[r, i + 1]):
                if columns[k] < 0 or columns[k] >= len(sums) or units[k] <= 0:
                    return -1
                c = np.uint32(columns[k])
                touched[n] = c
                n += sums[c] == 0
                sums[c] += units[k]
        at = _emit(n, work, out, i, at)
    return at


def work_space(size: int) -> tuple[Array, ...]:
    """A dense row, its bitmap, the bitmap of that, and a list of columns."""
    bits, summary = (np.zeros(-(-size // n), np.uint64) for n in (64, 4096))
    return np.zeros(size, np.int64), bits, summary, np.empty(size + 1, np.uint32)
