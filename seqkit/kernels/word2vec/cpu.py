"""Skip-gram and CBOW with binary predictions, compiled: word2vec.reference with numba, on any threads.

How threads share the text and the rows: primitives.text_passes. In the fast mode each of several threads has
its own copies of the upper nodes of a tree, which all of them change.
"""

from typing import Any

import numpy as np
from numba.extending import overload

from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.private_copies.cpu import address, base_of
from seqkit.kernels.primitives.simd.cpu import axpy, fill, logistic, prefetch, spread
from seqkit.kernels.primitives.small_gemm.cpu import dots, update
from seqkit.kernels.primitives.text_passes import cpu as text_passes
from seqkit.kernels.primitives.text_passes.cpu import STEP, Room, Task, predicts_by, run
from seqkit.kernels.primitives.windows.cpu import draw, half_width, keep, span
from seqkit.kernels.primitives.windows.settings import Matrices, Noise, Stretch
from seqkit.kernels.word2vec.reference import Paths, Plan

TOP = 256  # nodes of a tree that each of several threads has to itself for a piece


# Aiming writes addresses, labels and weights of the targets of `word` at entry `at` of `found`, and returns
# their number; rows: the output rows, where they begin, which and where this thread's own are. Peeking asks
# for the shared rows of a window's targets, before they are copied. Both are arguments of _stretch, not
# overloads: numba drops what an inlined overload writes to arrays of a tuple.


@njit(inline="always")
def _aim_at_path(place: Any, word: Any, task: Any, rows: Any, found: Any, at: Any) -> Any:
    paths, (outputs, base, top), (y, labels, weights) = task.targets, rows, found
    start, end = paths.ends[word], paths.ends[word + 1]
    for j in range(end - start):
        node = np.int64(paths.points[start + j])
        if node < top[0]:
            y[at + j] = address(outputs, base, node)
        else:
            y[at + j] = top[1] + 4 * outputs.matrix.shape[1] * node
            outputs.hits[node - top[0]] += 1
        labels[at + j], weights[at + j] = paths.labels[start + j], 1.0
    return end - start


@njit(inline="always")
def _aim_at_noise(place: Any, word: Any, task: Any, rows: Any, found: Any, at: Any) -> Any:
    (outputs, base, _), (y, labels, weights) = rows, found
    y[at], labels[at], weights[at] = address(outputs, base, word), 1.0, 1.0
    n = 1
    for k in range(task.targets.negatives):
        other = draw(place, k, task.windows, task.targets)
        if other == word:
            continue
        row = address(outputs, base, other)
        j = 1
        while j < n and y[at + j] != row:
            j += 1
        if j == n:  # a noise word drawn twice stands once, with weight 2
            y[at + j], labels[at + j], weights[at + j] = row, 0.0, 0.0
            n += 1
        weights[at + j] += 1.0
    return n


@njit(inline="always")
def _peek_nowhere(place: Any, word: Any, task: Any, base: Any, row: Any) -> None:
    pass


@njit(inline="always")
def _peek_at_noise(place: Any, word: Any, task: Any, base: Any, row: Any) -> None:
    prefetch(base + row * word, row >> 2)
    for k in range(task.targets.negatives):
        prefetch(base + row * draw(place, k, task.windows, task.targets), row >> 2)


@njit(inline="always")
def _rates(most: Any, window: Any) -> Any:
    """Room for a number a pair, and for a vector that runs over."""
    return 16 * ((most * 2 * window + 31) // 16)


@njit(inline="always")
def _stretch(task: Any, low: Any, high: Any, own: Any, aim: Any, peek: Any) -> Any:
    (text, windows, _, lr, most), (inputs, outputs, work) = task, own
    size, window, cbow = inputs.matrix.shape[1], windows.window, windows.cbow
    (first, last, total), (tokens, places, sentences) = keep(text, low, high, windows)
    x, y, words = np.empty(2 * window, np.int64), np.empty(2 * most, np.int64), np.empty(2 * window, np.int64)
    labels, weights = np.empty(2 * most, np.float32), np.empty(2 * most, np.float32)
    number = np.zeros(2, np.int64)
    shared, in_base, out_base = len(outputs.slots) == 0, base_of(inputs), base_of(outputs)
    upper = len(outputs.matrix) - (
        len(outputs.hits) if shared else 0
    )  # from here on this thread's own copies
    rows = outputs, out_base, (upper, outputs.copies.ctypes.data - 4 * size * upper)
    found = y, labels, weights
    # From here on rows are addresses: slices of arrays would be counted, and counting costs more than the
    # arithmetic.
    row, xs, ys = 4 * size, x.ctypes.data, y.ctypes.data
    dx = work.ctypes.data
    mean = dx + row * 2 * window
    g = mean + row
    label_of = g + 4 * _rates(most, window)
    weight_of = label_of + 4 * _rates(most, window)
    loss, count = 0.0, 0
    for ahead in range(first, last + 1):
        if not shared:
            if ahead + 1 + window < total:
                prefetch(inputs.matrix.ctypes.data + row * tokens[ahead + 1 + window], size)
            if ahead + 1 < last:
                peek(places[ahead + 1], tokens[ahead + 1], task, outputs.matrix.ctypes.data, row)
        if ahead < last:  # aim one window ahead, so that its rows are on their way while this one computes
            at = most * (ahead & 1)
            n = number[ahead & 1] = aim(places[ahead], tokens[ahead], task, rows, found, at)
            if shared:
                for j in range(n):
                    prefetch(y[at + j], size)
        i = ahead - 1
        if i < first:
            continue
        left, right = span(i, total, sentences, half_width(places[i], windows))
        n = 0
        for other in range(left, right):
            if other != i:
                words[n], x[n] = tokens[other], address(inputs, in_base, tokens[other])
                n += 1
        if n == 0:
            continue
        n_x, n_y, at = n, number[i & 1], most * (i & 1)
        if cbow:
            fill(np.float32(0.0), mean, size)
            for j in range(n):
                axpy(np.float32(1.0 / n), x[j], mean, size)
            n_x = 1
        first_x = x[0]
        if cbow:
            x[0] = mean
        dots(xs, ys + 8 * at, n_x, n_y, g, n_x, size)
        for j in range(n_y):
            for k in range(4 * n_x * j, 4 * n_x * (j + 1), 64):  # what runs over is written again by the next
                spread(labels[at + j], label_of + k)
                spread(weights[at + j], weight_of + k)
        window_loss: Any = np.float32(0.0)
        for k in range(0, n_x * n_y, 16):
            window_loss += logistic(g + 4 * k, n_x * n_y - k, label_of + 4 * k, weight_of + 4 * k, lr)
        update(xs, ys + 8 * at, n_x, n_y, g, dx, n_x, size)
        x[0] = first_x
        scale = np.float32(1.0 / n) if cbow and windows.divide else np.float32(1.0)
        for j in range(n):
            if len(windows.locked) == 0 or windows.locked[words[j]] == 0:
                axpy(scale, dx if cbow else dx + row * j, x[j], size)
        loss += window_loss
        count += n_x
    return loss, count


def _to_noise(task: Any, low: Any, high: Any, own: Any) -> Any:
    return _stretch(task, low, high, own, _aim_at_noise, _peek_at_noise)


def _to_path(task: Any, low: Any, high: Any, own: Any) -> Any:
    return _stretch(task, low, high, own, _aim_at_path, _peek_nowhere)


@overload(text_passes.stretch)
def _own_stretch(task: Any, low: Any, high: Any, own: Any) -> Any:
    return _to_noise if predicts_by(task, Noise) else _to_path if predicts_by(task, Paths) else None


def train(
    text: Stretch, plan: Plan, matrices: Matrices, lr: float, *, threads: int = 1, deterministic: bool = False
) -> tuple[float, int]:
    """Train on a stretch of text, changing the matrices (V, D) and (rows, D), as text_passes.run says."""
    windows, targets = plan
    most = int(np.diff(targets.ends).max()) if isinstance(targets, Paths) else 1 + targets.negatives
    size = matrices[0].shape[1]
    rows = 2 * windows.window + 1 + -(-3 * _rates(most, windows.window) // size)  # ΔX, mean; rates, …
    own = min(TOP, len(matrices[1])) if isinstance(targets, Paths) and threads > 1 else 0
    room = Room(rows * size, STEP + 2 * windows.window, STEP * most, own)
    task = Task(text, *plan, np.float32(lr), most)
    return run(task, matrices, room, threads=threads, deterministic=deterministic)
