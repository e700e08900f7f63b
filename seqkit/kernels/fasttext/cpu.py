"""Skip-gram and CBOW whose words are means of rows, compiled: subword_window.reference with numba, on any
number of threads.

Fast and deterministic as in logistic_window.cpu: shared rows without locks, or lanes merged in their order.
"""

from typing import Any

import numpy as np
from numba import njit

from seqkit.core.types import Array, Ids
from seqkit.kernels.fasttext.reference import SHARED
from seqkit.kernels.primitives.private_copies.cpu import (
    LANES,
    address,
    copies,
    forget,
    lane_of,
    last_copied,
    merge,
)
from seqkit.kernels.primitives.simd.cpu import axpy, fill, logistic, prefetch
from seqkit.kernels.primitives.simd.rows import aligned, check_rows, padded
from seqkit.kernels.primitives.small_gemm.cpu import dots, update
from seqkit.kernels.primitives.thread_team.cpu import meet, take, team, together
from seqkit.kernels.primitives.windows.cpu import draw, half_width, keep, span
from seqkit.kernels.primitives.windows.plan import Plan

STEP = 128  # tokens a lane between two merges
PIECE = 256  # tokens a thread takes at once


@njit(inline="always")
def _sources(word: Any, plan: Any, inputs: Any, base: Any, x: Any, at: Any) -> Any:
    """Write the addresses of the rows of `word` from entry `at` on; return where they end."""
    for p in range(plan.ends[word], plan.ends[word + 1]):
        x[at] = address(inputs, base, plan.points[p])
        at += 1
    return at


@njit(inline="always")
def _add(
    word: Any,
    label: Any,
    outputs: Any,
    base: Any,
    words: Any,
    y: Any,
    labels: Any,
    weights: Any,
    at: Any,
    n: Any,
) -> Any:
    """Give `word` a label: as a new target behind the n from entry `at` on, or with its own among them;
    return their number.
    """
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
def _aim(
    i: Any,
    left: Any,
    right: Any,
    tokens: Any,
    place: Any,
    plan: Any,
    outputs: Any,
    base: Any,
    words: Any,
    y: Any,
    labels: Any,
    weights: Any,
    at: Any,
) -> Any:
    """Write addresses, labels and weights of the targets of window i from entry `at` on; return their number.

    A row stands once: m times predicted and n times noise make one target of weight m + n and label m / (m +
    n).
    """
    n, k = 0, 0
    if plan.cbow:
        left, right = i, i + 1
    else:
        place = place // SHARED * 2 * plan.window
    for other in range(left, right):
        if plan.cbow or other != i:
            word = np.int32(tokens[other])
            n = _add(word, np.float32(1.0), outputs, base, words, y, labels, weights, at, n)
            for _ in range(plan.negatives):
                noise = np.int32(draw(place, k, plan))
                k += 1
                if noise != word:
                    n = _add(noise, np.float32(0.0), outputs, base, words, y, labels, weights, at, n)
    for j in range(at, at + n):
        labels[j] /= weights[j]
    return n


@njit(inline="always")
def _ask(word: Any, plan: Any, matrix: Any, row: Any) -> None:
    """Ask for the shared rows of a word, before they are copied."""
    for p in range(plan.ends[word], plan.ends[word + 1]):
        prefetch(matrix + row * np.int64(plan.points[p]), row >> 2)


@njit(nogil=True, cache=True)
def _stretch(
    ids: Any,
    starts: Any,
    low: Any,
    high: Any,
    plan: Any,
    inputs: Any,
    outputs: Any,
    lr: Any,
    work: Any,
    most: Any,
) -> Any:
    size, window, cbow = inputs.matrix.shape[1], plan.window, plan.cbow
    kept = np.empty((3, high - low + 2 * window), np.int64)
    first, last, total = keep(ids, starts, low, high, plan, kept)
    tokens, places, sentences = kept
    shared = len(outputs.slots) == 0
    in_base = inputs.matrix.ctypes.data if shared else inputs.copies.ctypes.data
    out_base = outputs.matrix.ctypes.data if shared else outputs.copies.ctypes.data
    room = (len(work) - 2 * size) // 5
    x, y, vector = np.empty(2 * most, np.int64), np.empty(2 * room, np.int64), np.empty(1, np.int64)
    words = np.empty(room, np.int32)
    sources, targets, pairs = np.zeros(2, np.int64), np.zeros(2, np.int64), np.zeros(2, np.int64)
    h, dx, g = work.ctypes.data, work[size:].ctypes.data, work[2 * size :].ctypes.data
    labels, weights = work[2 * size + room : 2 * size + 3 * room], work[2 * size + 3 * room :]
    vector[0] = h
    loss, count = 0.0, 0
    for ahead in range(first, last + 1):
        if ahead < last:  # one window ahead, so that its rows are on their way while this one computes
            now, at = most * (ahead & 1), room * (ahead & 1)
            left, right = span(ahead, total, sentences, half_width(places[ahead], plan))
            n = now
            for other in range(left if cbow else ahead, right if cbow else ahead + 1):
                if other != ahead or not cbow:
                    n = _sources(tokens[other], plan, inputs, in_base, x, n)
            m = _aim(
                ahead,
                left,
                right,
                tokens,
                places[ahead],
                plan,
                outputs,
                out_base,
                words,
                y,
                labels,
                weights,
                at,
            )
            sources[ahead & 1], targets[ahead & 1] = n - now, m
            pairs[ahead & 1] = min(right - left - 1, 1) if cbow else right - left - 1
            if shared:
                for j in range(now, n):
                    prefetch(x[j], size)
                for j in range(at, at + m):
                    prefetch(y[j], size)
            else:
                _ask(
                    tokens[min(ahead + 1 + (window if cbow else 0), total - 1)],
                    plan,
                    inputs.matrix.ctypes.data,
                    4 * size,
                )
        i = ahead - 1
        if i < first or pairs[i & 1] == 0:
            continue
        now, at, n, m = most * (i & 1), room * (i & 1), sources[i & 1], targets[i & 1]
        fill(np.float32(0.0), h, size)
        for j in range(now, now + n):
            axpy(np.float32(1.0 / n), x[j], h, size)
        dots(vector.ctypes.data, y.ctypes.data + 8 * at, 1, m, g, 1, size)
        for j in range(0, m, 16):
            entry = 4 * (at + j)
            loss += logistic(g + 4 * j, m - j, labels.ctypes.data + entry, weights.ctypes.data + entry, lr)
        update(vector.ctypes.data, y.ctypes.data + 8 * at, 1, m, g, dx, 1, size)
        scale = np.float32(1.0 / n) if plan.divide else np.float32(1.0)
        for j in range(now, now + n):
            axpy(scale, dx, x[j], size)
        count += pairs[i & 1]
    return loss, count


@njit(nogil=True, cache=True)
def _pieces(
    ids: Any,
    starts: Any,
    low: Any,
    high: Any,
    plan: Any,
    inputs: Any,
    outputs: Any,
    lr: Any,
    work: Any,
    most: Any,
    team: Any,
) -> Any:
    loss, count = 0.0, 0
    start = low + PIECE * take(team, 1)
    while start < high:
        new_loss, new_count = _stretch(
            ids, starts, start, min(start + PIECE, high), plan, inputs, outputs, lr, work, most
        )
        loss, count = loss + new_loss, count + new_count
        start = low + PIECE * take(team, 1)
    return loss, count


@njit(nogil=True, cache=True)
def _lanes(
    ids: Any,
    starts: Any,
    low: Any,
    high: Any,
    plan: Any,
    inputs: Any,
    outputs: Any,
    lr: Any,
    work: Any,
    most: Any,
    marks: Any,
    sums: Any,
    team: Any,
    me: Any,
    threads: Any,
) -> None:
    """Member `me` of a team: rounds of LANES lanes, shared out and merged together."""
    losses, counts = sums
    for start in range(low, high, LANES * STEP):
        for lane in range(me, LANES, threads):  # always the same lanes: they lie in this core's cache
            begin = start + lane * STEP
            mine, theirs = lane_of(inputs, lane), lane_of(outputs, lane)
            forget(mine)
            forget(theirs)
            if begin < high:
                loss, count = _stretch(
                    ids, starts, begin, min(begin + STEP, high), plan, mine, theirs, lr, work[lane], most
                )
                losses[lane] += loss
                counts[lane] += count
        meet(team, threads)
        old = work[me].ctypes.data
        merge(inputs, marks[0], me, threads, old, lr)
        merge(outputs, marks[1], me, threads, old, lr)
        meet(team, threads)


def train(
    ids: Ids,
    starts: Array,
    low: int,
    high: int,
    plan: Plan,
    input: Array,
    output: Array,
    lr: float,
    *,
    threads: int = 1,
    deterministic: bool = False,
) -> tuple[float, int]:
    """Train on the tokens at places [low, high), changing `input` (rows, D) and `output` (V, D), made by
    simd.rows.aligned.

    Returns:  total loss in nats, number of predictions.
    Raises:  ShapeError for matrices that are not aligned.
    """
    check_rows("input", input)
    check_rows("output", output)
    rate, state = np.float32(lr), team()
    lengths = np.diff(plan.ends)
    most = int(lengths.max()) * (2 * plan.window if plan.cbow else 1)
    if deterministic:
        threads = min(threads, LANES)
        sources = (
            np.add.reduceat(lengths[ids[low:high]], np.arange(0, high - low, STEP)).max(initial=1)
            + most * plan.cbow
        )
        noises = STEP if plan.cbow else (STEP // SHARED + 1) * 2 * plan.window
        rows = [copies(input, int(sources)), copies(output, STEP + 2 * plan.window + noises * plan.negatives)]
        work = _workspace(plan, input.shape[1], LANES)
        marks = np.zeros(len(input), np.uint8), np.zeros(len(output), np.uint8)
        sums = np.zeros(LANES), np.zeros(LANES, np.int64)
        together(
            state,
            threads,
            lambda me: _lanes(
                ids, starts, low, high, plan, *rows, rate, work, most, marks, sums, state, me, threads
            ),
        )
        return float(sums[0].sum()), int(sums[1].sum())
    both = last_copied(input, 0), last_copied(output, 0)
    own = [_workspace(plan, input.shape[1])[0] for _ in range(threads)]
    done = together(
        state, threads, lambda me: _pieces(ids, starts, low, high, plan, *both, rate, own[me], most, state)
    )
    return sum(loss for loss, _ in done), sum(count for _, count in done)


def _workspace(plan: Plan, size: int, lanes: int = 1) -> Array:
    """For each lane h and dx, then rates, and labels and weights of two windows."""
    room = padded((1 if plan.cbow else 2 * plan.window) * (1 + plan.negatives))
    return aligned(lanes, 2 * size + 5 * room)
