"""Skip-gram and CBOW with binary predictions, compiled: logistic_window.reference with numba, on any number
of threads.

Fast: threads take pieces of text and change the shared rows without locks (Hogwild, Niu et al. 2011); of the
upper nodes of a tree each of several threads has copies, exchanged after each piece. With one thread it is
the reference, step by step. Deterministic: LANES lanes of STEP tokens each work on private copies of the rows
they touch, and their changes are merged in the order of the lanes (kernels.primitives.private_copies). Who
computes a lane does not matter, so the bytes are the same for any number of threads.
"""

from typing import Any

import numpy as np
from numba import njit

from seqkit.core.types import Array, Ids
from seqkit.kernels.primitives.private_copies.cpu import (
    LANES,
    address,
    copies,
    exchange,
    forget,
    lane_of,
    last_copied,
    merge,
)
from seqkit.kernels.primitives.simd.cpu import axpy, fill, logistic, prefetch, spread
from seqkit.kernels.primitives.simd.rows import aligned, check_rows
from seqkit.kernels.primitives.small_gemm.cpu import dots, update
from seqkit.kernels.primitives.thread_team.cpu import meet, take, team, together
from seqkit.kernels.primitives.windows.cpu import draw, half_width, keep, span
from seqkit.kernels.primitives.windows.plan import Plan

STEP = 128  # tokens a lane between two merges
PIECE = 256  # tokens a thread takes at once
TOP = 256  # nodes of a tree that each of several threads has to itself for a piece


@njit(inline="always")
def _aim(
    place: Any,
    word: Any,
    plan: Any,
    outputs: Any,
    base: Any,
    top: Any,
    y: Any,
    labels: Any,
    weights: Any,
    at: Any,
) -> Any:
    """Write addresses, labels and weights of the targets of `word` from entry `at` on; return their number.

    A noise word drawn twice stands once, with weight 2.
    """
    if plan.tree:
        start, end = plan.ends[word], plan.ends[word + 1]
        for j in range(end - start):
            node = np.int64(plan.points[start + j])
            if node < top[0]:
                y[at + j] = address(outputs, base, node)
            else:
                y[at + j] = top[1] + 4 * outputs.matrix.shape[1] * node
                outputs.hits[node - top[0]] += 1
            labels[at + j], weights[at + j] = plan.labels[start + j], 1.0
        return end - start
    y[at], labels[at], weights[at] = address(outputs, base, word), 1.0, 1.0
    n = 1
    for k in range(plan.negatives):
        other = draw(place, k, plan)
        if other == word:
            continue
        row = address(outputs, base, other)
        j = 1
        while j < n and y[at + j] != row:
            j += 1
        if j == n:
            y[at + j], labels[at + j], weights[at + j] = row, 0.0, 0.0
            n += 1
        weights[at + j] += 1.0
    return n


@njit(inline="always")
def _peek(
    i: Any, last: Any, total: Any, tokens: Any, places: Any, plan: Any, inputs: Any, outputs: Any, row: Any
) -> None:
    """Ask for the shared rows that window i will copy, before it does."""
    if i + plan.window < total:
        prefetch(inputs + row * tokens[i + plan.window], row >> 2)
    if i < last and not plan.tree:
        prefetch(outputs + row * tokens[i], row >> 2)
        for k in range(plan.negatives):
            prefetch(outputs + row * draw(places[i], k, plan), row >> 2)


@njit(inline="always")
def _rates(most: Any, window: Any) -> Any:
    """Room for a number a pair, and for a vector that runs over."""
    return 16 * ((most * 2 * window + 31) // 16)


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
            _peek(
                ahead + 1,
                last,
                total,
                tokens,
                places,
                plan,
                inputs.matrix.ctypes.data,
                outputs.matrix.ctypes.data,
                row,
            )
        if ahead < last:  # aim one window ahead, so that its rows are on their way while this one computes
            at = most * (ahead & 1)
            n = _aim(places[ahead], tokens[ahead], plan, outputs, out_base, top, y, labels, weights, at)
            number[ahead & 1] = n
            if shared:
                for j in range(n):
                    prefetch(y[at + j], size)
        i = ahead - 1
        if i < first:
            continue
        left, right = span(i, total, sentences, half_width(places[i], plan))
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
        scale = np.float32(1.0 / n) if cbow and plan.divide else np.float32(1.0)
        for j in range(n):
            if len(plan.locked) == 0 or plan.locked[words[j]] == 0:
                axpy(scale, dx if cbow else dx + row * j, x[j], size)
        loss += window_loss
        count += n_x
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
    threads: Any,
) -> Any:
    loss, count = 0.0, 0
    start = low + PIECE * take(team, 1)
    while start < high:
        new_loss, new_count = _stretch(
            ids, starts, start, min(start + PIECE, high), plan, inputs, outputs, lr, work, most
        )
        loss, count = loss + new_loss, count + new_count
        exchange(outputs, threads, lr)
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
        old = work[me, 0].ctypes.data
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
    """Train on the tokens at places [low, high), changing `input` (V, D) and `output` (rows, D), made by
    simd.rows.aligned.

    Returns:  total loss in nats, number of predictions.
    Raises:  ShapeError for matrices that are not aligned.
    """
    check_rows("input", input)
    check_rows("output", output)
    size, most, rate = input.shape[1], _most_targets(plan), np.float32(lr)
    state = team()
    if deterministic:
        threads = min(threads, LANES)
        rows = [copies(input, STEP + 2 * plan.window), copies(output, STEP * most)]
        work = _workspace(plan, size, LANES)
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
    own = min(TOP, len(output)) if plan.tree and threads > 1 else 0
    own_rows = [
        (last_copied(input, 0), last_copied(output, own), rate, _workspace(plan, size)[0])
        for _ in range(threads)
    ]
    done = together(
        state, threads, lambda me: _pieces(ids, starts, low, high, plan, *own_rows[me], most, state, threads)
    )
    return sum(loss for loss, _ in done), sum(count for _, count in done)


def _most_targets(plan: Plan) -> int:
    return int(np.diff(plan.ends).max()) if plan.tree else 1 + plan.negatives


def _workspace(plan: Plan, size: int, lanes: int = 1) -> Array:
    """Rows for ΔX, one a context word, and the mean; then rates, labels and weights of the pairs; for each
    lane.
    """
    rows = 2 * plan.window + 1 + -(-3 * _rates(_most_targets(plan), plan.window) // size)
    return aligned(lanes * rows, size).reshape(lanes, rows, size)
