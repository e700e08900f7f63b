"""A bag of rows and a softmax on it, compiled: bag.reference with numba, in float32.

One thread: each text sees the updates of the one before it, so the same seed gives the same bytes.
"""

import math
from typing import Any

import numpy as np

from seqkit.core import rng
from seqkit.core.types import Array
from seqkit.kernels.bag.reference import EPSILON, NO_DROPS, Bag, Drops, Labelled
from seqkit.kernels.primitives.compiler.cpu import njit

_mix, _GAMMA, _40 = njit(inline="always")(rng.mix), rng.GAMMA, np.uint64(40)
_EPSILON, _UNIT = np.float32(EPSILON), np.float32(2.0**-24)
_FAST = {"reassoc", "contract", "arcp", "nsz"}


@njit(nogil=True, cache=True, inline="always")
def _draw(seed: Any, place: Any) -> Any:
    """A number in [0, 1)."""
    return np.float32(_mix(seed + np.uint64(place) * _GAMMA) >> _40) * _UNIT


@njit(nogil=True, cache=True, fastmath=_FAST)
def _step(matrix: Any, squares: Any, row: Any, g: Any, scale: Any, mean: Any, lr: Any) -> None:
    """w -= lr · scale · g / √q, q += scale² · mean."""
    squares[row] += scale * scale * mean
    rate = lr * scale / np.float32(math.sqrt(squares[row] + _EPSILON))
    w = matrix[row]
    for d in range(len(g)):
        w[d] -= rate * g[d]


@njit(nogil=True, cache=True, fastmath=_FAST)
def _mean_square(g: Any) -> Any:
    total = np.float32(0)
    for d in range(len(g)):
        total += g[d] * g[d]
    return total / np.float32(len(g))


@njit(nogil=True, cache=True, fastmath=_FAST)
def _errors(h: Any, labels: Any, heads: Any, weight: Any, bias: Any, class_weights: Any, error: Any) -> Any:
    """∂loss/∂logits into `error`; the loss and how many labels it is of."""
    total, count = 0.0, 0
    for head in range(len(heads) - 1):
        low, high, y = heads[head], heads[head + 1], labels[head]
        if y < 0:
            error[low:high] = 0
            continue
        top = np.float32(-np.inf)
        for c in range(low, high):
            z = bias[c, 0]
            for d in range(len(h)):
                z += weight[c, d] * h[d]
            error[c] = z
            top = max(top, z)
        norm = np.float32(0)
        for c in range(low, high):
            norm += np.float32(math.exp(error[c] - top))
        cost = class_weights[low + y]
        total += cost * (math.log(norm) + top - error[low + y])
        count += 1
        for c in range(low, high):
            error[c] = cost * np.float32(math.exp(error[c] - top)) / norm
        error[low + y] -= cost
    return total, count


@njit(nogil=True, cache=True, fastmath=_FAST)
def _train(texts: Any, model: Any, heads: Any, class_weights: Any, lr: Any, drops: Any, locked: Any) -> Any:
    (rows, starts, scales, labels), (drop_rows, drop, seed) = texts, drops
    (embedding, weight, bias), (embedding_squares, weight_squares, bias_squares) = model
    D, C = embedding.shape[1], len(bias)
    h, g, factor = np.empty(D, np.float32), np.empty(D, np.float32), np.empty(D, np.float32)
    error = np.empty(C, np.float32)
    one, stays = np.ones(1, np.float32), np.empty(len(rows), np.bool_)
    total, count = 0.0, 0
    for i in range(len(starts) - 1):
        h[:] = 0
        for j in range(starts[i], starts[i + 1]):
            stays[j] = drop_rows == 0 or _draw(seed, j) >= drop_rows
            if stays[j]:
                row = embedding[rows[j]]
                for d in range(D):
                    h[d] += row[d]
        factor[:] = scales[i] / (np.float32(1) - drop_rows) / (np.float32(1) - drop)
        if drop > 0:
            for d in range(D):
                if _draw(seed, len(rows) + i * D + d) < drop:
                    factor[d] = 0
        for d in range(D):
            h[d] *= factor[d]
        loss, asked = _errors(h, labels[i], heads, weight, bias, class_weights, error)
        total, count = total + loss, count + asked
        g[:] = 0
        for c in range(C):
            for d in range(D):
                g[d] += error[c] * weight[c, d]
        for d in range(D):
            g[d] *= factor[d]
        mean_h, mean_g = _mean_square(h), _mean_square(g)
        for c in range(C):
            if error[c] != 0:
                _step(weight, weight_squares, c, h, error[c], mean_h, lr)
                _step(bias, bias_squares, c, one, error[c], np.float32(1), lr)
        if mean_g > 0:
            for j in range(starts[i], starts[i + 1]):
                if stays[j] and (len(locked) == 0 or not locked[rows[j]]):
                    _step(embedding, embedding_squares, rows[j], g, np.float32(1), mean_g, lr)
    return total, count


def train(
    texts: Labelled, bag: Bag, lr: float, drops: Drops = NO_DROPS, locked: Array | None = None
) -> tuple[float, int]:
    """Train on texts, in order, changing `bag`; as reference.train has it."""
    none = np.zeros(0, np.bool_) if locked is None else locked
    model = (bag.embedding, bag.weight, bag.bias[:, None]), bag.squares
    numbers = np.float32(drops.rows), np.float32(drops.h), np.uint64(drops.seed)
    total, count = _train(texts, model, bag.heads, bag.class_weights, np.float32(lr), numbers, none)
    return float(total), int(count)
