"""Co-occurrence counts, compiled: no records and no sorting.

The text is indexed by word. A row of the matrix is then the sum over the places of its word: the neighbours'
weights are added to one dense row of int64, and a bitmap of two levels gives back the columns that were
touched in rising order. Rows are independent, so they are shared out among threads, and as the sums are whole
numbers the result has the same bytes for any number of threads and any cutting of the text. Specification:
cooccurrence.reference.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import types
from numba.extending import intrinsic

from seqkit.core.errors import FormatError
from seqkit.core.types import Array, Ids

Rows = tuple[Array, Array, Array]  # lengths (rows,), columns (N,) int32, units (N,) int64
END, HOLE = -1, -2  # in a stream of rows: no pair reaches across; a word without a row
_1, _63 = np.uint64(1), np.uint64(63)


@intrinsic
def _lowest(typing: Any, x: Any) -> Any:
    """The number of the lowest bit of x ≠ 0."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        return b.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


@njit(nogil=True, cache=True)
def _stream(ids: Any, starts: Any, rows: Any, low: Any, high: Any, window: Any, holes: Any, out: Any) -> Any:
    """Write the rows of the tokens [low, high), with a window more at both sides; return (first, last, end)
    in `out`.

    Sentences are parted by END. first is -1 - i when token i is not in the vocabulary.
    """
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
def _index(stream: Any, first: Any, last: Any, ends: Any, places: Any) -> None:
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
def _emit(touched: Any, n: Any, sums: Any, bits: Any, summary: Any, columns: Any, units: Any, at: Any) -> Any:
    """Write the n touched columns in rising order with their sums, which become 0; return where the writing
    ended.
    """
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
    return at


@njit(nogil=True, cache=True)
def _count(
    stream: Any,
    places: Any,
    ends: Any,
    wanted: Any,
    weights: Any,
    symmetric: Any,
    work: Any,
    lengths: Any,
    columns: Any,
    units: Any,
) -> Any:
    sums, bits, summary, touched = work
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
        start = at
        at = _emit(touched, n, sums, bits, summary, columns, units, at)
        lengths[i] = at - start
    return at


@njit(nogil=True, cache=True)
def _add(
    columns: Any, units: Any, starts: Any, work: Any, lengths: Any, out_columns: Any, out_units: Any
) -> Any:
    """Row i of the sum is that of all parts r: entries starts[r, i] to starts[r, i + 1]. Returns -1 for a
    column out of range.
    """
    sums, bits, summary, touched = work
    at = 0
    for i in range(len(lengths)):
        n = 0
        for r in range(len(starts)):
            for k in range(starts[r, i], starts[r, i + 1]):
                if columns[k] < 0 or columns[k] >= len(sums) or units[k] <= 0:
                    return -1
                c = np.uint32(columns[k])
                touched[n] = c
                n += sums[c] == 0
                sums[c] += units[k]
        start = at
        at = _emit(touched, n, sums, bits, summary, out_columns, out_units, at)
        lengths[i] = at - start
    return at


@dataclass(frozen=True)
class Indexed:
    """A stretch of text, its places sorted by row, and how it is counted."""

    stream: Array
    places: Array
    ends: Array
    weights: Array
    symmetric: bool

    @property
    def bounds(self) -> Array:
        """At most so many pairs a row can have."""
        size = len(self.ends) - 1
        columns = size - np.arange(size) if self.symmetric else np.full(size, size)
        most: Array = np.minimum(columns, np.diff(self.ends) * (len(self.weights) - 1) * (1 + self.symmetric))
        return most

    def rows(self, wanted: Array) -> Rows:
        """The rows of these numbers."""
        room = int(self.bounds[wanted].sum())
        lengths, columns, units = (
            np.empty(len(wanted), np.int64),
            np.empty(room, np.int32),
            np.empty(room, np.int64),
        )
        work = _work(len(self.ends) - 1)
        n = _count(
            self.stream,
            self.places,
            self.ends,
            wanted,
            self.weights,
            self.symmetric,
            work,
            lengths,
            columns,
            units,
        )
        return lengths, columns[:n].copy(), units[:n].copy()


def index(
    ids: Ids,
    starts: Array,
    rows: Array,
    size: int,
    low: int,
    high: int,
    weights: Array,
    *,
    symmetric: bool,
    holes: bool,
) -> Indexed:
    """The tokens [low, high) of a text, ready to be counted, whatever lies within a window of them included.

    rows: for each id its row below `size`, or -1. weights[d]: units at distance d, from 1 on.
    Raises:  FormatError for an id that has no row.
    """
    window = len(weights) - 1
    reach = high - low + 2 * (window + 1)
    if holes:
        room = 2 * reach
    else:
        room = min(
            2 * reach, reach + int(np.searchsorted(starts, high, "right") - np.searchsorted(starts, low)) + 3
        )
    stream = np.empty(room + 2, np.int32)
    first, last, end = _stream(ids, starts, rows, low, high, window, holes, stream)
    if first < 0:
        raise FormatError(
            f"co-occurrence: token {-1 - first:,} is {ids[-1 - first]}, the vocabulary has {len(rows):,}."
        )
    ends, places = np.zeros(size + 1, np.int64), np.empty(last - first, np.uint32)
    _index(stream[:end], first, last, ends, places)
    return Indexed(stream[:end], places, ends, weights, symmetric)


def count(text: Indexed, *, threads: int, room: int) -> Iterator[Rows]:
    """All rows in order, some at a time; a thread fills at most `room` entries (or one row) at once."""
    return _in_order(lambda part: text.rows(np.arange(*part)), _parts(text.bounds, room), threads)


def add(
    parts: Sequence[tuple[Array, Array, Callable[[slice], Array]]], *, threads: int, room: int
) -> Iterator[Rows]:
    """The sum of matrices, rows in order, some at a time.

    parts: row ends (V + 1,), columns, and a function that gives the units of a slice of entries.
    Raises:  FormatError for a column that is not one, or units below 1.
    """
    total = np.sum([np.diff(ends) for ends, _, _ in parts], axis=0)

    def call(part: tuple[int, int]) -> Rows:
        low, high = part
        spans = [slice(int(ends[low]), int(ends[high])) for ends, _, _ in parts]
        before = np.cumsum([0, *(span.stop - span.start for span in spans)])
        starts = np.array(
            [ends[low : high + 1] - ends[low] + at for (ends, _, _), at in zip(parts, before, strict=False)]
        )
        columns = np.concatenate([columns[span] for (_, columns, _), span in zip(parts, spans, strict=True)])
        units = np.concatenate([get(span) for (_, _, get), span in zip(parts, spans, strict=True)])
        lengths, out_columns, out_units = (
            np.empty(high - low, np.int64),
            np.empty_like(columns),
            np.empty_like(units),
        )
        n = _add(columns, units, starts, _work(len(total)), lengths, out_columns, out_units)
        if n < 0:
            raise FormatError(
                f"co-occurrence: an entry of rows {low:,} to {high - 1:,} is no count of a known word."
            )
        return lengths, out_columns[:n].copy(), out_units[:n].copy()

    return _in_order(call, _parts(total, room), threads)


def _work(size: int) -> tuple[Array, ...]:
    """A dense row, its bitmap, the bitmap of that, and a list of columns."""
    bits, summary = (np.zeros(-(-size // n), np.uint64) for n in (64, 4096))
    return np.zeros(size, np.int64), bits, summary, np.empty(size + 1, np.uint32)


def _parts(bounds: Array, room: int) -> list[tuple[int, int]]:
    """Ranges of rows whose bounds add up to `room` at most, or one row."""
    ends, parts, low = np.append(0, np.cumsum(bounds)), [], 0
    while low < len(bounds):
        high = max(low + 1, int(np.searchsorted(ends, ends[low] + room, "right")) - 1)
        parts.append((low, high))
        low = high
    return parts


def _in_order(
    call: Callable[[tuple[int, int]], Rows], parts: Iterable[tuple[int, int]], threads: int
) -> Iterator[Rows]:
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Any] = deque()
        for part in parts:
            waiting.append(pool.submit(call, part))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
