"""Co-occurrence counts by torch on a GPU: the pairs of some rows are sorted, and equal ones added.

    key = (row · V + column) · D + distance        units of a pair = Σ number of its keys · weights[distance]

The places of a text lie sorted by row, so rows come whole and in order, as from cooccurrence.cpu. A row with
more pairs than fit is added into V numbers, some of its places at a time. Sums are whole numbers, so that the
bytes are those of the CPU.
Units:  4 bytes a token of the stretch, and about 56 for each of `pairs` (3.8 GB as it is), whatever the text.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqkit.core.device import gpu_memory, upload
from seqkit.kernels.cooccurrence.cpu import CountedRows, Indexed, row_ranges
from seqkit.kernels.cooccurrence.loops.cpu import END

PAIRS = 1 << 26  # looked at together
LARGEST = 1 << 61  # of a key


def count(text: Indexed, device: Any, *, pairs: int = PAIRS) -> Iterator[CountedRows]:
    """All rows in order, some at a time; at most `pairs` pairs, or those of one place, are held at once."""
    with gpu_memory("co-occurrence"):
        stream, weights = (upload(np.array(a), device) for a in (text.stream, text.weights))
    size, each = len(text.ends) - 1, (len(text.weights) - 1) * (1 + text.symmetric)
    least = -(
        -pairs * size * len(text.weights) // LARGEST
    )  # so that few rows come together, and no key overflows
    most = np.diff(text.ends) * each
    for low, high in row_ranges(np.maximum(most, least), pairs):
        places = text.places[text.ends[low] : text.ends[high]]
        with gpu_memory("co-occurrence"):
            if high == low + 1 and most[low] > pairs:
                found = _dense(text, stream, weights, places, max(1, pairs // each))
            else:
                found = _sorted(text, stream, weights, places, low, high)
        yield found


def _pairs(text: Indexed, stream: Tensor, places: Any) -> Iterator[tuple[int, Tensor, Tensor]]:
    """The pairs of some places: distance, rows and columns, one distance and side after the other."""
    at = upload(places.view(np.int32).copy(), stream.device).long() & 0xFFFFFFFF
    rows, last = stream[at], len(stream) - 1
    least = rows if text.symmetric else torch.zeros_like(rows)
    for step in (1, -1)[: 1 + text.symmetric]:
        inside = torch.ones_like(rows, dtype=torch.bool)
        for distance in range(1, len(text.weights)):
            other = stream[(at + step * distance).clamp(0, last)]
            inside &= other != END
            found = inside & (other >= least)
            yield distance, rows[found].long(), other[found].long()


def _sorted(text: Indexed, stream: Tensor, weights: Tensor, places: Any, low: int, high: int) -> CountedRows:
    """The rows [low, high)."""
    size, reach = len(text.ends) - 1, len(weights)
    found = [
        ((rows - low) * size + columns).mul_(reach).add_(distance)
        for distance, rows, columns in _pairs(text, stream, places)
    ]
    keys, numbers = torch.cat(found).unique(return_counts=True)
    del found
    units = numbers * weights[keys % reach]
    keys, pair = torch.unique_consecutive(keys // reach, return_inverse=True)
    units = torch.zeros_like(keys).index_add_(0, pair, units)
    ends = torch.searchsorted(keys, torch.arange(high - low + 1, device=keys.device) * size)
    return _host(ends.diff(), keys % size, units)


def _dense(text: Indexed, stream: Tensor, weights: Tensor, places: Any, some: int) -> CountedRows:
    """One row, `some` places at a time."""
    sums = torch.zeros(len(text.ends) - 1, dtype=torch.int64, device=stream.device)
    for start in range(0, len(places), some):
        for distance, _, columns in _pairs(text, stream, places[start : start + some]):
            sums.index_add_(0, columns, weights[distance].expand(len(columns)))
    columns = sums.nonzero()[:, 0]
    return _host(torch.tensor([len(columns)]), columns, sums[columns])


def _host(lengths: Tensor, columns: Tensor, units: Tensor) -> CountedRows:
    return lengths.cpu().numpy(), columns.int().cpu().numpy(), units.cpu().numpy()
