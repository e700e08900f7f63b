"""Arrays from outside, checked before they are indices or numbers: type, axes, range, order, finite.

A block is looked at while it lies in the cache: 5 to 20 GB/s (python -m benchmarks checks). Not handled: what
is wrong with a file (stored.py, by checksum), settings (schema.py).
"""

from collections.abc import Iterator

import numpy as np

from seqkit.core.errors import ShapeError
from seqkit.core.types import Array, Arrays

BLOCK = 1 << 16  # entries looked at at once


def check_form(name: str, array: Array, dtypes: str | tuple[str, ...], shape: tuple[int | None, ...]) -> None:
    """Raise ShapeError unless `array` has one of the dtypes and the shape; None: any size of that axis."""
    dtypes = (dtypes,) if isinstance(dtypes, str) else dtypes
    fits = array.ndim == len(shape) and all(
        want in (None, size) for want, size in zip(shape, array.shape, strict=True)
    )
    if array.dtype.name not in dtypes or not fits:
        sizes = ", ".join("any" if size is None else f"{size:,}" for size in shape)
        raise ShapeError(
            f"{name}: got shape {array.shape} of {array.dtype}, expected ({sizes}) of {' or '.join(dtypes)}."
        )


def need(arrays: Arrays, name: str, dtypes: str | tuple[str, ...], shape: tuple[int | None, ...]) -> Array:
    """The array of that name and form.  Raises:  ShapeError if it is missing or another."""
    if name not in arrays:
        raise ShapeError(f"{name}: got no such array, expected one.")
    check_form(name, arrays[name], dtypes, shape)
    return arrays[name]


def check_ids(name: str, ids: Array, size: int) -> None:
    """Raise ShapeError unless all of `ids`, 1-D int32 or int64, are numbers of `size` things, from 0 on.

    >>> check_ids("ids", np.array([0, 3, -1], np.int32), 3)
    Traceback (most recent call last):
    seqkit.core.errors.ShapeError: ids: got 3 at place 1, expected 0 to 2.
    """
    check_form(name, ids, ("int32", "int64"), (None,))
    plain = ids.view(np.uint32 if ids.dtype == np.int32 else np.uint64)  # a negative one becomes the largest
    for start, block in _blocks(plain):
        if block.max() >= size:
            place = start + int(np.argmax(block >= size))
            raise ShapeError(f"{name}: got {ids[place]:,} at place {place:,}, expected 0 to {size - 1:,}.")


def check_ends(name: str, ends: Array, total: int, *, first: int | None = 0) -> None:
    """Raise ShapeError unless `ends`, 1-D int64, never falls from `first` (None: any) to `total`."""
    check_form(name, ends, "int64", (None,))
    low = int(ends[0]) if len(ends) else 0
    if low < 0 or (first is not None and (not len(ends) or low != first)):
        raise ShapeError(f"{name}: got {low:,} at place 0, expected {first or 0:,}.")
    if (last := int(ends[-1]) if len(ends) else 0) != total:
        raise ShapeError(f"{name}: got {last:,} at the end, expected {total:,}.")
    for start, block in _blocks(ends, 1):
        if (falls := block[1:] < block[:-1]).any():
            place = start + int(np.argmax(falls))
            raise ShapeError(
                f"{name}: got {ends[place + 1]:,} after {ends[place]:,} at place {place + 1:,}, expected "
                "no smaller one."
            )


def check_rows(name: str, columns: Array, ends: Array, *, upper: bool = False) -> None:
    """Raise ShapeError unless the columns of every row rise, and lie within the rows of a square matrix.

    Row i is columns[ends[i] : ends[i + 1]], int32; `ends` is checked before. upper: none is below i.
    """
    check_form(name, columns, "int32", (None,))
    for start, block in _blocks(columns, 1):
        falls = block[1:] <= block[:-1]
        low, high = np.searchsorted(ends, [start, start + len(falls)], "right")
        falls[ends[low:high] - 1 - start] = False  # from a row to the next
        if falls.any():
            place = start + int(np.argmax(falls))
            raise ShapeError(
                f"{name}: got {columns[place + 1]:,} after {columns[place]:,} in one row at place "
                f"{place + 1:,}, expected rising ones."
            )
    rows = np.flatnonzero(ends[1:] > ends[:-1])
    low, high = columns[ends[rows]], columns[ends[rows + 1] - 1]
    bad = (low < (rows if upper else 0)) | (high >= len(ends) - 1)
    if bad.any():
        at = int(np.argmax(bad))
        least = int(rows[at]) if upper else 0
        raise ShapeError(
            f"{name}: got {low[at]:,} to {high[at]:,} in row {rows[at]:,}, expected {least:,} to "
            f"{len(ends) - 2:,}."
        )


def check_finite(name: str, numbers: Array, *, above: float | None = None) -> None:
    """Raise ShapeError unless all numbers are finite, and above a bound if there is one."""
    for start, block in _blocks(numbers.reshape(-1)):
        low, high = block.min(), block.max()  # nan if one of them is nan
        if low > (-np.inf if above is None else above) and high < np.inf:
            continue
        bad = ~np.isfinite(block) | (False if above is None else block <= above)
        place = start + int(np.argmax(bad))
        more = "" if above is None else f" above {above:g}"
        raise ShapeError(
            f"{name}: got {numbers.reshape(-1)[place]} at place {place:,}, expected finite numbers{more}."
        )


def _blocks(array: Array, more: int = 0) -> Iterator[tuple[int, Array]]:
    """Blocks with the place of their first entry; each holds the first `more` entries of the next, too."""
    for start in range(0, len(array) - more, BLOCK):
        yield start, array[start : start + BLOCK + more]
