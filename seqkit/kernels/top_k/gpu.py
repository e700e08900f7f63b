"""The k best rows of a matrix for many queries, by torch on a GPU: picked in float32, ordered in float64.

    cosine, euclidean, CSLS:  scale_v ⟨q, x_v⟩ + bias_v          3cosmul:  s_b s_c / (s_a + ε)

A block of float32 products picks K + SLACK rows by an upper bound of their score. These are computed again in
float64, rounded to float32 once and ordered, ties to the lower id. Where the bound does not rule out every
row that was not picked, all rows of that query are computed in float64. So the ids are those of exact
arithmetic, however a GPU orders its sums. Rows with nan or inf are never found: their places have id -1.
Units:  4 (D + 2) bytes a row for as long as Rows live; about 1.5 GB more during a search.
Source of the bound:  |fl(⟨q, x⟩) - ⟨q, x⟩| ≤ γ_D |q| |x|, Higham 2002, section 3.1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from seqkit.core.device import float32_products, gpu_memory, upload
from seqkit.core.types import Array, Floats

SLACK = 32  # rows picked beyond K: near ties, which float32 may have in another order
ROUNDING = 2.0**-24  # of float32
UPLOAD, SCORES, NUMBERS = 1 << 24, 1 << 27, 1 << 25  # numbers: in an upload, of scores, of picked rows
QUERIES = 1024

Bounds = Callable[[slice], Tensor]  # columns -> upper bounds of the scores of all queries (N, W) float32
Exact = Callable[[slice, Tensor, Tensor], Tensor]  # queries, ids (N, M), rows (N, M, D) -> float64 (N, M)


@dataclass(frozen=True)
class Rows:
    """A matrix on a device.

    Shapes:  matrix (V, D) float32, rows with nan or inf as zeros; lengths (V,) float64, of those inf.
    """

    matrix: Tensor
    lengths: Tensor

    def __len__(self) -> int:
        return len(self.matrix)

    def first(self, count: int) -> "Rows":
        """The first rows, without a copy."""
        return Rows(self.matrix[:count], self.lengths[:count])

    @property
    def inverse(self) -> Tensor:
        """1 / length in float32, as top_k.cpu is given it; 1 for a row of zeros, 0 for one of nan or inf."""
        return (1 / torch.where(self.lengths > 0, self.lengths, 1)).float().double()


@gpu_memory("neighbours")
def put(matrix: Annotated[Array, "V D"], norms: Annotated[Array, "V"], device: Any) -> Rows:
    """Copy a matrix, which may be memory-mapped, and the lengths of its rows to the device."""
    there = torch.empty(matrix.shape, dtype=torch.float32, device=device)
    height = max(1, UPLOAD // max(1, matrix.shape[1]))
    for start in range(0, len(matrix), height):
        block = np.array(matrix[start : start + height], np.float32)
        block[~np.isfinite(norms[start : start + height])] = 0
        there[start : start + len(block)] = upload(block, device)
    finite = np.where(np.isfinite(norms), norms, np.inf)
    return Rows(there, upload(finite.astype(np.float64), device))


@gpu_memory("neighbours")
def nearest(
    rows: Rows, queries: Annotated[Array, "N D"], k: int, *, by: str = "cosine", less: Array | None = None
) -> tuple[Annotated[Array, "N K"], Annotated[Floats, "N K"]]:
    """Ids and scores of the k best rows for each query, best first, ties to the lower id.

    queries: float32, unit for cosine.  by: cosine; euclidean, 2⟨q, x⟩ - |x|².  less: 2 cosine - less instead.
    """
    scale, bias = rows.inverse, torch.zeros_like(rows.lengths)
    if less is not None:
        scale, bias = 2 * scale, -upload(np.asarray(less, np.float64), rows.lengths.device)
    elif by == "euclidean":
        scale, bias = torch.full_like(scale, 2), -(rows.lengths**2).float().double()
    bias = torch.where(rows.lengths.isinf(), -torch.inf, bias)
    error = 1.01 * (rows.matrix.shape[1] + 8) * ROUNDING
    lengths = torch.where(rows.lengths.isinf(), 0, rows.lengths)
    slope = (scale.abs() * lengths * error).float()
    room = torch.where(bias.isinf(), bias, bias + 4 * ROUNDING * bias.abs()).float()
    steep = scale.float()

    def prepare(few: slice) -> tuple[Bounds, Exact]:
        q = upload(np.array(queries[few], np.float32), rows.matrix.device)
        q64 = q.double()
        size = q64.square().sum(1, keepdim=True).sqrt().float()

        def bounds(part: slice) -> Tensor:
            found = q @ rows.matrix[part].T
            return found.mul_(steep[part]).add_(room[part]).addcmul_(size, slope[part])

        def exact(some: slice, ids: Tensor, x: Tensor) -> Tensor:
            return (x * q64[some, None]).sum(2) * scale[ids] + bias[ids]

        return bounds, exact

    return _all(rows, len(queries), k, prepare)


@gpu_memory("analogies")
def multiply(
    rows: Rows,
    words: Annotated[Array, "N A D"],
    k: int,
    *,
    epsilon: float,
) -> tuple[Annotated[Array, "N K"], Annotated[Floats, "N K"]]:
    """The same by s_b s_c / (s_a + ε), s = (1 + cosine) / 2.  words: unit vectors of a, b, c."""
    near = 1.01 * (rows.matrix.shape[1] + 16) * ROUNDING  # of s, twice what it may be wrong by
    inverse = rows.inverse
    steep, dead = inverse.float(), rows.lengths.isinf()

    def prepare(few: slice) -> tuple[Bounds, Exact]:
        asked = np.array(words[few], np.float32)
        distinct, place = np.unique(asked.reshape(-1, asked.shape[2]), axis=0, return_inverse=True)
        q, at = (upload(a, rows.matrix.device) for a in (distinct, place.reshape(-1, 3).astype(np.int64)))
        q64 = q.double()

        def bounds(part: slice) -> Tensor:
            similar = (q @ rows.matrix[part].T).mul_(steep[part]).add_(1).div_(2)
            found = (similar[at[:, 1]] + near) * (similar[at[:, 2]] + near)
            return found.div_(similar[at[:, 0]] + (epsilon - near)).masked_fill_(dead[part], -torch.inf)

        def exact(some: slice, ids: Tensor, x: Tensor) -> Tensor:
            a, b, c = ((1 + (x * q64[at[some, i], None]).sum(2) * inverse[ids]) / 2 for i in range(3))
            return (b * c / (a + epsilon)).masked_fill(dead[ids], -torch.inf)

        return bounds, exact

    return _all(rows, len(words), k, prepare)


def _all(
    rows: Rows, count: int, k: int, prepare: Callable[[slice], tuple[Bounds, Exact]]
) -> tuple[Array, Floats]:
    """Some queries at a time; the host waits once, and once for each query that takes all rows."""
    size, dim = rows.matrix.shape
    k = min(k, size)
    ids, scores = np.zeros((count, k), np.int64), np.zeros((count, k), np.float32)
    if not count or not k:
        return ids, scores
    height = max(1, min(QUERIES, NUMBERS // (min(k + SLACK, size) * max(1, dim))))
    cuts = [slice(n, min(n + height, count)) for n in range(0, count, height)]
    with float32_products(rows.matrix.device), torch.no_grad():
        found = [_few(rows, prepare(few), few.stop - few.start, k) for few in cuts]
        ids, scores, sure = (torch.cat(part).cpu().numpy() for part in zip(*found, strict=True))
        for n in np.flatnonzero(~sure).tolist():
            exact = prepare(slice(n, n + 1))[1]
            ids[n], scores[n] = (part.cpu().numpy() for part in _whole(rows, exact, k))
    ids[scores == -np.inf] = -1
    return ids, scores


def _few(rows: Rows, how: tuple[Bounds, Exact], count: int, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, scores, and whether no other row can be as good."""
    bounds, exact = how
    size, most = len(rows), min(k + SLACK, len(rows))
    width = max(1, SCORES // count)
    tops, picked = [], []
    for start in range(0, size, width):
        top, places = bounds(slice(start, start + width)).topk(min(most, size - start, width))
        tops.append(top)
        picked.append(places + start)
    upper, at = torch.cat(tops, 1).topk(most)
    ids = torch.cat(picked, 1).gather(1, at).sort(1).values
    values = _rounded(exact(slice(0, count), ids, rows.matrix[ids].double()))
    best, at = values.sort(dim=1, descending=True, stable=True)
    sure = best[:, k - 1] > upper[:, -1]
    return ids.gather(1, at[:, :k]), best[:, :k], torch.ones_like(sure) if most == size else sure


def _whole(rows: Rows, exact: Exact, k: int) -> tuple[Tensor, Tensor]:
    """The k best of all rows for one query."""
    numbers = torch.arange(len(rows), device=rows.matrix.device)[None]
    width = max(1, NUMBERS // max(1, rows.matrix.shape[1]))
    parts = []
    for start in range(0, len(rows), width):
        part = slice(start, start + width)
        x = rows.matrix[part].double()[None]
        parts.append(_rounded(exact(slice(0, 1), numbers[:, part], x)))
    best, ids = torch.cat(parts, 1)[0].sort(dim=0, descending=True, stable=True)
    return ids[:k], best[:k]


def _rounded(values: Tensor) -> Tensor:
    """In float32; nan, which no score can beat or equal, as the least."""
    found = values.float()
    return torch.where(found.isnan(), -torch.inf, found)
