"""Skip-gram and CBOW whose words are means of rows, compiled: fasttext.reference with numba, on any threads.

How threads share the text and the rows: primitives.text_passes.
"""

from typing import Any

import numpy as np
from numba.extending import overload

from seqkit.kernels.fasttext.reference import SHARED, Plan, SubwordRows
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.private_copies.cpu import address, base_of
from seqkit.kernels.primitives.simd.cpu import axpy, fill, logistic, prefetch
from seqkit.kernels.primitives.simd.rows import padded
from seqkit.kernels.primitives.small_gemm.cpu import dots, update
from seqkit.kernels.primitives.text_passes import cpu as text_passes
from seqkit.kernels.primitives.text_passes.cpu import STEP, Room, Task, predicts_by, run
from seqkit.kernels.primitives.windows.cpu import draw, half_width, keep, span
from seqkit.kernels.primitives.windows.settings import Matrices, Stretch


@njit(inline="always")
def _sources(word: Any, targets: Any, inputs: Any, base: Any, x: Any, at: Any) -> Any:
    """Write the addresses of the rows of `word` from entry `at` on; return where they end."""
    for p in range(targets.ends[word], targets.ends[word + 1]):
        x[at] = address(inputs, base, targets.rows[p])
        at += 1
    return at


@njit(inline="always")
def _add(word: Any, label: Any, outputs: Any, base: Any, found: Any, at: Any, n: Any) -> Any:
    """Add `label` to the target of `word` among the n at entry `at`, or make one; return their number."""
    words, y, labels, weights = found
    j = np.int32(n)
    for other in range(n):  # to the end, as that can be done 16 at a time
        j = min(j, np.int32(other) if words[other] == word else np.int32(n))
    if j == n:
        words[n], y[at + n] = word, address(outputs, base, word)
        labels[at + n] = weights[at + n] = 0.0
        n += 1
    labels[at + j] += label
    weights[at + j] += 1.0
    return n


@njit(inline="always")
def _aim(window: Any, tokens: Any, task: Any, outputs: Any, base: Any, found: Any, at: Any) -> Any:
    """Write addresses, labels and weights of the targets of a window from entry `at` on; return their number.

    A row stands once: m times predicted and n times noise make one target of weight m + n and label
    m / (m + n). window: its centre, where it begins and ends, the centre's place; found: words, y, labels,
    weights.
    """
    (i, left, right, place), windows, noise, n, k = window, task.windows, task.targets.noise, 0, 0
    if windows.cbow:
        left, right = i, i + 1
    else:
        place = place // SHARED * 2 * windows.window
    for other in range(left, right):
        if windows.cbow or other != i:
            word = np.int32(tokens[other])
            n = _add(word, np.float32(1.0), outputs, base, found, at, n)
            for _ in range(noise.negatives):
                drawn = np.int32(draw(place, k, windows, noise))
                k += 1
                if drawn != word:
                    n = _add(drawn, np.float32(0.0), outputs, base, found, at, n)
    for j in range(at, at + n):
        found[2][j] /= found[3][j]
    return n


@njit(inline="always")
def _ask(word: Any, targets: Any, matrix: Any, row: Any) -> None:
    """Ask for the shared rows of a word, before they are copied."""
    for p in range(targets.ends[word], targets.ends[word + 1]):
        prefetch(matrix + row * np.int64(targets.rows[p]), row >> 2)


def _stretch(task: Any, low: Any, high: Any, own: Any) -> Any:
    (text, windows, targets, lr, most), (inputs, outputs, work) = task, own
    size, window, cbow = inputs.matrix.shape[1], windows.window, windows.cbow
    (first, last, total), (tokens, places, sentences) = keep(text, low, high, windows)
    shared, in_base, out_base = len(outputs.slots) == 0, base_of(inputs), base_of(outputs)
    room = (len(work) - 2 * size) // 5
    x, y, vector = np.empty(2 * most, np.int64), np.empty(2 * room, np.int64), np.empty(1, np.int64)
    words = np.empty(room, np.int32)
    sources, predicted, pairs = np.zeros(2, np.int64), np.zeros(2, np.int64), np.zeros(2, np.int64)
    h, dx, g = work.ctypes.data, work[size:].ctypes.data, work[2 * size :].ctypes.data
    labels, weights = work[2 * size + room : 2 * size + 3 * room], work[2 * size + 3 * room :]
    found = words, y, labels, weights
    vector[0] = h
    loss, count = 0.0, 0
    for ahead in range(first, last + 1):
        if ahead < last:  # one window ahead, so that its rows are on their way while this one computes
            now, at = most * (ahead & 1), room * (ahead & 1)
            left, right = span(ahead, total, sentences, half_width(places[ahead], windows))
            n = now
            for other in range(left if cbow else ahead, right if cbow else ahead + 1):
                if other != ahead or not cbow:
                    n = _sources(tokens[other], targets, inputs, in_base, x, n)
            m = _aim((ahead, left, right, places[ahead]), tokens, task, outputs, out_base, found, at)
            sources[ahead & 1], predicted[ahead & 1] = n - now, m
            pairs[ahead & 1] = min(right - left - 1, 1) if cbow else right - left - 1
            if shared:
                for j in range(now, n):
                    prefetch(x[j], size)
                for j in range(at, at + m):
                    prefetch(y[j], size)
            else:
                next_word = tokens[min(ahead + 1 + (window if cbow else 0), total - 1)]
                _ask(next_word, targets, inputs.matrix.ctypes.data, 4 * size)
        i = ahead - 1
        if i < first or pairs[i & 1] == 0:
            continue
        now, at, n, m = most * (i & 1), room * (i & 1), sources[i & 1], predicted[i & 1]
        fill(np.float32(0.0), h, size)
        for j in range(now, now + n):
            axpy(np.float32(1.0 / n), x[j], h, size)
        dots(vector.ctypes.data, y.ctypes.data + 8 * at, 1, m, g, 1, size)
        for j in range(0, m, 16):
            entry = 4 * (at + j)
            loss += logistic(g + 4 * j, m - j, labels.ctypes.data + entry, weights.ctypes.data + entry, lr)
        update(vector.ctypes.data, y.ctypes.data + 8 * at, 1, m, g, dx, 1, size)
        scale = np.float32(1.0 / n) if windows.divide else np.float32(1.0)
        for j in range(now, now + n):
            axpy(scale, dx, x[j], size)
        count += pairs[i & 1]
    return loss, count


@overload(text_passes.stretch)
def _own_stretch(task: Any, low: Any, high: Any, own: Any) -> Any:
    return _stretch if predicts_by(task, SubwordRows) else None


def train(
    text: Stretch, plan: Plan, matrices: Matrices, lr: float, *, threads: int = 1, deterministic: bool = False
) -> tuple[float, int]:
    """Train on a stretch of text, changing the matrices (rows, D) and (V, D), as text_passes.run says."""
    windows, targets = plan
    window, negatives = windows.window, targets.noise.negatives
    lengths, touched = np.diff(targets.ends), 0
    most = int(lengths.max()) * (2 * window if windows.cbow else 1)
    if deterministic:
        read = lengths[text.ids[text.low : text.high]]
        in_steps = np.add.reduceat(read, np.arange(0, len(read), STEP))
        touched = int(in_steps.max(initial=1) + most * windows.cbow)
    noises = STEP if windows.cbow else (STEP // SHARED + 1) * 2 * window
    pairs = padded((1 if windows.cbow else 2 * window) * (1 + negatives))
    work = 2 * matrices[0].shape[1] + 5 * pairs  # h and dx, rates, labels and weights of two windows
    room = Room(work, touched, STEP + 2 * window + noises * negatives)
    task = Task(text, *plan, np.float32(lr), most)
    return run(task, matrices, room, threads=threads, deterministic=deterministic)
