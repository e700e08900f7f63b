"""Co-occurrence counts, compiled: no records and no sorting.

The text is indexed by word. A row of the matrix is then the sum over the places of its word: the neighbours'
weights are added to one dense row of int64 (loops). Rows are independent, so threads share them out, and as
the sums are whole numbers the bytes are the same for any number of threads and any cutting of the text.
Specification: cooccurrence.reference.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.types import Array
from seqkit.kernels.cooccurrence.loops.cpu import add_rows, count_rows, sort_places, work_space, write_stream
from seqkit.kernels.primitives.windows.settings import Stretch

CountedRows = tuple[Array, Array, Array]  # lengths (rows,), columns (N,) int32, units (N,) int64


class Indexed(NamedTuple):
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
        return np.minimum(columns, np.diff(self.ends) * (len(self.weights) - 1) * (1 + self.symmetric))

    def rows(self, wanted: Array) -> CountedRows:
        """The rows of these numbers."""
        room = int(self.bounds[wanted].sum())
        out = np.empty(len(wanted), np.int64), np.empty(room, np.int32), np.empty(room, np.int64)
        return _cut(out, count_rows(self, wanted, work_space(len(self.ends) - 1), out))


def _cut(out: CountedRows, n: int) -> CountedRows:
    return out[0], out[1][:n].copy(), out[2][:n].copy()


def index(text: Stretch, rows: Array, size: int, weights: Array, *, symmetric: bool, holes: bool) -> Indexed:
    """A stretch of text, ready to be counted, whatever lies within a window of it included.

    rows: for each id its row below `size`, or -1. weights[d]: units at distance d, from 1 on.
    Raises:  FormatError for an id that has no row.
    """
    ids, starts, low, high = text
    window = len(weights) - 1
    reach = high - low + 2 * (window + 1)
    cuts = int(np.searchsorted(starts, high, "right") - np.searchsorted(starts, low)) + 3
    room = 2 * reach if holes else min(2 * reach, reach + cuts)
    stream = np.empty(room + 2, np.int32)
    first, last, end = write_stream(text, rows, window, holes, stream)
    if first < 0:
        raise FormatError(
            f"co-occurrence: token {-1 - first:,} is {ids[-1 - first]}, the vocabulary has {len(rows):,}."
        )
    ends, places = np.zeros(size + 1, np.int64), np.empty(last - first, np.uint32)
    sort_places(stream[:end], first, last, ends, places)
    return Indexed(stream[:end], places, ends, weights, symmetric)


def count(text: Indexed, *, threads: int, room: int) -> Iterator[CountedRows]:
    """All rows in order, some at a time; a thread fills at most `room` entries (or one row) at once."""
    return _in_order(lambda part: text.rows(np.arange(*part)), row_ranges(text.bounds, room), threads)


def add(
    parts: Sequence[tuple[Array, Array, Callable[[slice], Array]]], *, threads: int, room: int
) -> Iterator[CountedRows]:
    """The sum of matrices, rows in order, some at a time.

    parts: row ends (V + 1,), columns, and a function that gives the units of a slice of entries.
    Raises:  FormatError for a column that is not one, or units below 1.
    """
    total = np.sum([np.diff(ends) for ends, _, _ in parts], axis=0)

    def call(part: tuple[int, int]) -> CountedRows:
        low, high = part
        spans = [slice(int(ends[low]), int(ends[high])) for ends, _, _ in parts]
        before = np.cumsum([0, *(span.stop - span.start for span in spans)])
        starts = np.array(
            [ends[low : high + 1] - ends[low] + at for (ends, _, _), at in zip(parts, before, strict=False)]
        )
        columns = np.concatenate([columns[span] for (_, columns, _), span in zip(parts, spans, strict=True)])
        units = np.concatenate([get(span) for (_, _, get), span in zip(parts, spans, strict=True)])
        out = np.empty(high - low, np.int64), np.empty_like(columns), np.empty_like(units)
        n = add_rows(columns, units, starts, work_space(len(total)), out)
        if n < 0:
            raise FormatError(
                f"co-occurrence: an entry of rows {low:,} to {high - 1:,} is no count of a known word."
            )
        return _cut(out, n)

    return _in_order(call, row_ranges(total, room), threads)


def row_ranges(bounds: Array, room: int) -> list[tuple[int, int]]:
    """Ranges of rows whose bounds add up to `room` at most, or one row."""
    ends, parts, low = np.append(0, np.cumsum(bounds)), [], 0
    while low < len(bounds):
        high = max(low + 1, int(np.searchsorted(ends, ends[low] + room, "right")) - 1)
        parts.append((low, high))
        low = high
    return parts


def _in_order(
    call: Callable[[tuple[int, int]], CountedRows], parts: Iterable[tuple[int, int]], threads: int
) -> Iterator[CountedRows]:
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Any] = deque()
        for part in parts:
            waiting.append(pool.submit(call, part))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
