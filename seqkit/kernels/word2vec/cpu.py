"""Skip-gram and CBOW with binary predictions, compiled: word2vec.reference with numba, on any threads.

How threads share the text and the rows: primitives.text_passes. In the fast mode each of several threads has
its own copies of the upper nodes of a tree, which all of them change.
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from seqkit.core.types import Array, Ids
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.private_copies.cpu import address
from seqkit.kernels.primitives.simd.cpu import axpy, fill, logistic, prefetch, spread
from seqkit.kernels.primitives.small_gemm.cpu import dots, update
from seqkit.kernels.primitives.text_passes import cpu as text_passes
from seqkit.kernels.primitives.text_passes.cpu import STEP, Room
from seqkit.kernels.primitives.windows.cpu import draw, half_width, keep, span
from seqkit.kernels.primitives.windows.settings import Noise, Windows
from seqkit.kernels.word2vec.paths import Paths

TOP = 256  # nodes of a tree that each of several threads has to itself for a piece


def _is(targets: Any, kind: type) -> bool:
    return isinstance(targets, types.NamedTuple) and targets.instance_class is kind


def _aim(
    place: Any,
    word: Any,
    windows: Any,
    targets: Any,
    outputs: Any,
    base: Any,
    top: Any,
    y: Any,
    labels: Any,
    weights: Any,
    at: Any,
) -> Any:
    """Write addresses, labels and weights of the targets of `word` at entry `at`; return their number."""
    raise NotImplementedError  # compiled code takes one of the two below


def _aim_at_path(
    place: Any,
    word: Any,
    windows: Any,
    targets: Any,
    outputs: Any,
    base: Any,
    top: Any,
    y: Any,
    labels: Any,
    weights: Any,
    at: Any,
) -> Any:
    start, end = targets.ends[word], targets.ends[word + 1]
    for j in range(end - start):
        node = np.int64(targets.points[start + j])
        if node < top[0]:
            y[at + j] = address(outputs, base, node)
        else:
            y[at + j] = top[1] + 4 * outputs.matrix.shape[1] * node
            outputs.hits[node - top[0]] += 1
        labels[at + j], weights[at + j] = targets.labels[start + j], 1.0
    return end - start


def _aim_at_noise(
    place: Any,
    word: Any,
    windows: Any,
    targets: Any,
    outputs: Any,
    base: Any,
    top: Any,
    y: Any,
    labels: Any,
    weights: Any,
    at: Any,
) -> Any:
    y[at], labels[at], weights[at] = address(outputs, base, word), 1.0, 1.0
    n = 1
    for k in range(targets.negatives):
        other = draw(place, k, windows, targets)
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


@overload(_aim, inline="always")
def _choose_aim(
    place: Any,
    word: Any,
    windows: Any,
    targets: Any,
    outputs: Any,
    base: Any,
    top: Any,
    y: Any,
    labels: Any,
    weights: Any,
    at: Any,
) -> Any:
    return _aim_at_noise if _is(targets, Noise) else _aim_at_path


def _peek(place: Any, word: Any, windows: Any, targets: Any, base: Any, row: Any) -> None:
    """Ask for the shared rows of a window's targets, before they are copied."""
    raise NotImplementedError


def _peek_nowhere(place: Any, word: Any, windows: Any, targets: Any, base: Any, row: Any) -> None:
    pass


def _peek_at_noise(place: Any, word: Any, windows: Any, targets: Any, base: Any, row: Any) -> None:
    prefetch(base + row * word, row >> 2)
    for k in range(targets.negatives):
        prefetch(base + row * draw(place, k, windows, targets), row >> 2)


@overload(_peek, inline="always")
def _choose_peek(place: Any, word: Any, windows: Any, targets: Any, base: Any, row: Any) -> Any:
    return _peek_at_noise if _is(targets, Noise) else _peek_nowhere


@njit(inline="always")
def _rates(most: Any, window: Any) -> Any:
    """Room for a number a pair, and for a vector that runs over."""
    return 16 * ((most * 2 * window + 31) // 16)


def _stretch(
    text: Any,
    low: Any,
    high: Any,
    windows: Any,
    targets: Any,
    inputs: Any,
    outputs: Any,
    lr: Any,
    work: Any,
    most: Any,
) -> Any:
    size, window, cbow = inputs.matrix.shape[1], windows.window, windows.cbow
    kept = np.empty((3, high - low + 2 * window), np.int64)
    first, last, total = keep(text.ids, text.starts, low, high, windows, kept)
    tokens, places, sentences = kept
    x, y, words = np.empty(2 * window, np.int64), np.empty(2 * most, np.int64), np.empty(2 * window, np.int64)
    labels, weights, number = (
        np.empty(2 * most, np.float32),
        np.empty(2 * most, np.float32),
        np.zeros(2, np.int64),
    )
    shared = len(outputs.slots) == 0
    in_base = inputs.matrix.ctypes.data if shared else inputs.copies.ctypes.data
    out_base = outputs.matrix.ctypes.data if shared else outputs.copies.ctypes.data
    own = len(outputs.matrix) - (
        len(outputs.hits) if shared else 0
    )  # nodes from here on are this thread's own copies
    top = own, outputs.copies.ctypes.data - 4 * size * own
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
                _peek(places[ahead + 1], tokens[ahead + 1], windows, targets, outputs.matrix.ctypes.data, row)
        if ahead < last:  # aim one window ahead, so that its rows are on their way while this one computes
            at = most * (ahead & 1)
            word, place = tokens[ahead], places[ahead]
            n = _aim(place, word, windows, targets, outputs, out_base, top, y, labels, weights, at)
            number[ahead & 1] = n
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


@overload(text_passes.stretch)
def _own_stretch(
    text: Any,
    low: Any,
    high: Any,
    windows: Any,
    targets: Any,
    inputs: Any,
    outputs: Any,
    lr: Any,
    work: Any,
    most: Any,
) -> Any:
    return _stretch if _is(targets, Noise) or _is(targets, Paths) else None


def train(
    ids: Ids,
    starts: Array,
    low: int,
    high: int,
    windows: Windows,
    targets: Noise | Paths,
    input: Array,
    output: Array,
    lr: float,
    *,
    threads: int = 1,
    deterministic: bool = False,
) -> tuple[float, int]:
    """Train on the tokens at places [low, high), changing `input` (V, D) and `output` (rows, D).

    Both are made by simd.rows.aligned.
    Returns:  total loss in nats, number of predictions.
    Raises:  ShapeError for matrices that are not aligned.
    """
    tree = isinstance(targets, Paths)
    most = int(np.diff(targets.ends).max()) if isinstance(targets, Paths) else 1 + targets.negatives
    size = input.shape[1]
    rows = 2 * windows.window + 1 + -(-3 * _rates(most, windows.window) // size)  # ΔX, mean; rates, …
    own = min(TOP, len(output)) if tree and threads > 1 else 0
    room = Room(most, rows * size, STEP + 2 * windows.window, STEP * most, own)
    return text_passes.run(
        ids,
        starts,
        low,
        high,
        windows,
        targets,
        input,
        output,
        lr,
        room,
        threads=threads,
        deterministic=deterministic,
    )
