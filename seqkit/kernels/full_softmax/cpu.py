"""Skip-gram and CBOW with the softmax over all words, fast: full_softmax.reference as matrix products.

The vocabulary is cut into blocks of BLOCK words. Each block makes its logits, their exponentials and its part
of both gradients; threads share out the blocks, BLAS runs single-threaded inside them, and parts are added in
the order of the blocks, so the bytes are the same for any number of threads.
"""

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from seqkit.core.types import Array, Floats
from seqkit.kernels.full_softmax.reference import Plan
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.simd.cpu import axpy, exponentials
from seqkit.kernels.primitives.simd.rows import aligned, check_rows
from seqkit.kernels.primitives.small_gemm.cpu import make_dots
from seqkit.kernels.primitives.windows.cpu import half_width, keep, span
from seqkit.kernels.primitives.windows.settings import Matrices, Stretch

BLOCK = 2048

_dot = make_dots(1, 1)


@njit(nogil=True, cache=True)
def _windows(text: Any, low: Any, high: Any, settings: Any) -> Any:
    """The windows of one mini-batch: centre words, context words, and where each window's context ends."""
    (first, last, total), (tokens, places, sentences) = keep(text, low, high, settings)
    centres, ends = np.empty(last - first, np.int64), np.zeros(last - first + 1, np.int64)
    contexts = np.empty((last - first) * 2 * settings.window, np.int64)
    n, m = 0, 0
    for i in range(first, last):
        left, right = span(i, total, sentences, half_width(places[i], settings))
        for other in range(left, right):
            if other != i:
                contexts[m] = tokens[other]
                m += 1
        if right - left > 1:
            centres[n], ends[n + 1] = tokens[i], m
            n += 1
    return centres[:n], contexts[:m], ends[: n + 1]


@njit(nogil=True, cache=True)
def _numerators(logits: Any, width: Any, sums: Any, shifts: Any) -> None:
    """Each row becomes e^(logit - its maximum); columns from `width` on count as nothing."""
    for b in range(len(logits)):
        row = logits[b]
        shift = row[0]
        for v in range(1, width):
            shift = max(shift, row[v])
        for v in range(width, len(row)):
            row[v] = shift - np.float32(80.0)
        shifts[b] = shift
        sums[b] = exponentials(row.ctypes.data, shift, len(row))


@njit(nogil=True, cache=True)
def _gather(input: Any, words: Any, ends: Any, h: Any) -> None:
    size = input.shape[1]
    for b in range(len(ends) - 1):
        share = np.float32(1.0 / (ends[b + 1] - ends[b]))
        for j in range(ends[b], ends[b + 1]):
            axpy(share, input[words[j]].ctypes.data, h[b].ctypes.data, size)


@njit(nogil=True, cache=True)
def _scatter(input: Any, words: Any, ends: Any, dh: Any, lr: Any, settings: Any) -> None:
    size = input.shape[1]
    for b in range(len(ends) - 1):
        share = lr / np.float32(ends[b + 1] - ends[b]) if settings.divide else lr
        for j in range(ends[b], ends[b + 1]):
            if len(settings.locked) == 0 or settings.locked[words[j]] == 0:
                axpy(-share, dh[b].ctypes.data, input[words[j]].ctypes.data, size)


@njit(nogil=True, cache=True)
def _pull(h: Any, output: Any, words: Any, ends: Any, dh: Any) -> Any:
    """dh_b -= Σ_t o_t over the targets t of row b; returns Σ o_t · h_b."""
    size, total, logit = h.shape[1], 0.0, np.empty(1, np.float32)
    x, y = np.empty(1, np.int64), np.empty(1, np.int64)
    for b in range(len(ends) - 1):
        x[0] = h[b].ctypes.data
        for j in range(ends[b], ends[b + 1]):
            y[0] = output[words[j]].ctypes.data
            _dot(x.ctypes.data, y.ctypes.data, logit.ctypes.data, 1, size)
            total += logit[0]
            axpy(np.float32(-1.0), y[0], dh[b].ctypes.data, size)
    return total


@njit(nogil=True, cache=True)
def _push(h: Any, output: Any, words: Any, ends: Any, lr: Any) -> None:
    """o_t += lr h_b for every target t of every row b."""
    for b in range(len(ends) - 1):
        for j in range(ends[b], ends[b + 1]):
            axpy(lr, h[b].ctypes.data, output[words[j]].ctypes.data, h.shape[1])


@functools.cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def train(
    text: Stretch, plan: Plan, matrices: Matrices, lr: float, *, batch: int = 64, threads: int = 1
) -> tuple[float, int]:
    """Train on a stretch of text, `batch` tokens at once, changing the matrices `input` and `output` (V, D).

    Returns:  total loss in nats, number of predictions.
    Raises:  ShapeError for matrices that are not aligned.
    """
    (settings, rows), (input, output) = plan, matrices
    check_rows("input", input)
    check_rows("output", output)
    space = aligned(batch * -(-len(output) // BLOCK), BLOCK).reshape(-1, batch, BLOCK)
    total, count = 0.0, 0
    with _blas().limit(limits=1), ThreadPoolExecutor(threads) as pool:
        share = pool.map if threads > 1 else map
        for low in range(text.low, text.high, batch):
            centres, contexts, ends = _windows(text, low, min(low + batch, text.high), settings)
            if not len(centres):
                continue
            one = (centres, np.arange(len(centres) + 1))
            inputs, targets = ((contexts, ends), one) if settings.cbow else (one, (contexts, ends))
            h = aligned(len(centres), input.shape[1])
            _gather(input, *inputs, h)
            dh, loss = _step(h, output, rows[targets[0]], targets[1], np.float32(lr), space, share)
            _scatter(input, *inputs, dh, np.float32(lr), settings)
            total, count = total + loss, count + len(targets[0])
    return total, count


def _step(
    h: Floats,
    output: Floats,
    words: Array,
    ends: Array,
    lr: np.float32,
    space: Floats,
    share: Callable[..., Iterator[Any]],
) -> tuple[Floats, float]:
    """One mini-batch: changes `output`, returns ∂loss/∂h and the loss."""
    numbers = np.diff(ends).astype(np.float32)
    rows = range(0, len(output), BLOCK)
    sums, shifts = np.empty((len(rows), len(h)), np.float32), np.empty((len(rows), len(h)), np.float32)

    def forward(i: int) -> None:
        block = output[rows[i] : rows[i] + BLOCK]
        logits = space[i, : len(h)]
        np.matmul(h, block.T, out=logits[:, : len(block)])
        _numerators(logits, len(block), sums[i], shifts[i])

    def backward(i: int) -> Floats:
        block = output[rows[i] : rows[i] + BLOCK]
        numerators = space[i, : len(h), : len(block)]
        dh: Floats = (numerators @ block) * scale[i][:, None]
        block -= numerators.T @ (h * (lr * scale[i])[:, None])
        return dh

    list(share(forward, range(len(rows))))
    top = shifts.max(0)
    whole = (sums.astype(np.float64) * np.exp(shifts.astype(np.float64) - top)).sum(0)
    scale = (numbers * np.exp(shifts.astype(np.float64) - top) / whole).astype(np.float32)
    pulled = aligned(*h.shape)
    loss = float((numbers * (np.log(whole) + top)).sum()) - _pull(h, output, words, ends, pulled)
    for part in share(backward, range(len(rows))):
        pulled += part
    _push(h, output, words, ends, lr)
    return pulled, loss
