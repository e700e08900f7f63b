"""Skip-gram and CBOW with binary predictions on a GPU: word2vec.reference in Triton.

A program has one window after the other, of a stretch of the text that is its own. Of a window it keeps the
context rows and their changes in registers and goes through the targets; rows are added to by atomics, so
that the bytes depend on who comes first. Programs that run one after the other give the reference.

Stale rows: what very many windows change (the root of a tree, the most common words) takes a part of each
change, see windows.gpu.damping.
Not handled: a skip-gram window wider than is held at once (`shape`) is several mini-batches.
"""

from typing import Any, cast

import torch
import triton
import triton.language as tl
from torch import Tensor

from seqkit.kernels.primitives.activations.gpu import logistic
from seqkit.kernels.primitives.windows.gpu import (
    FRESH,
    REGISTERS,
    Kept,
    Tally,
    bounds,
    centre,
    context,
    context_words,
    damping,
    keep,
    mean_of,
    noise_row,
    noise_shares,
    own_windows,
    programs_for,
)
from seqkit.kernels.primitives.windows.settings import Matrices, Noise, Stretch, Windows
from seqkit.kernels.word2vec.reference import Paths, Plan

HELD = 1 << 14  # numbers of context rows in registers at most; as many changes beside them
TARGETS = 8  # of CBOW at once


@triton.jit
def path_of(word, path_ends):
    """Where the Huffman path of `word` begins, and its length."""
    begin = tl.load(path_ends + word)
    return begin, (tl.load(path_ends + word + 1) - begin).to(tl.int32)


@triton.jit
def skipgram_kernel(
    input,
    output,
    tokens,
    places,
    sentences,
    ends,
    seeds,
    locked,
    table,
    points,
    labels,
    path_ends,
    in_damping,
    out_damping,
    loss,
    count,
    lr,
    total,
    size,
    D: tl.constexpr,
    STRIDE: tl.constexpr,
    BD: tl.constexpr,
    WINDOW: tl.constexpr,
    BW: tl.constexpr,
    K: tl.constexpr,
    BK: tl.constexpr,
    SHRINK: tl.constexpr,
    LOCKED: tl.constexpr,
    TREE: tl.constexpr,
):
    """Each context word predicts the centre: X (BW, BD) stays, an output row comes after the other."""
    me = tl.program_id(0)
    p, last = own_windows(me, ends)
    d, all_t = tl.arange(0, BD), tl.arange(0, BK)
    in_row = d < D
    nats, pairs = tl.zeros((BW,), tl.float32).to(tl.float64), 0
    while p < last:
        word, place, width = centre(p, tokens, places, seeds, WINDOW, SHRINK)
        targets, begin = K + 1, word
        if TREE:
            begin, targets = path_of(word, path_ends)
        else:
            rows, live = noise_row(all_t, word, place, seeds, table, size, K)
        for group in range(0, 2 * WINDOW, BW):
            j = group + tl.arange(0, BW)
            words, there = context(p, j, width, tokens, sentences, total, WINDOW)
            n = tl.sum(there.to(tl.int32), 0)
            x_at, x_there = words[:, None] * STRIDE + d[None], there[:, None] & in_row[None]
            x = tl.load(input + x_at, x_there, 0.0, cache_modifier=FRESH)
            dx = tl.zeros((BW, BD), tl.float32)
            window_nats = tl.zeros((BW,), tl.float32)
            k = 0
            while k < targets:
                if TREE:
                    row = tl.load(points + begin + k).to(tl.int64)
                    label, weight = tl.load(labels + begin + k), 1
                else:
                    row, counts = noise_row(k, word, place, seeds, table, size, K)
                    label = tl.where(k == 0, 1.0, 0.0)
                    same = live & (rows == row)  # a noise word drawn twice stands once, with weight 2
                    counts = counts & (tl.sum((same & (all_t < k)).to(tl.int32), 0) == 0)
                    weight = tl.where(counts, tl.sum(same.to(tl.int32), 0), 0)
                y_there = in_row & (weight > 0) & (n > 0)
                y_at = output + row * STRIDE + d
                y = tl.load(y_at, y_there, 0.0, cache_modifier=FRESH)
                error, nll = logistic(tl.sum(x * y[None], 1), label)
                g, nll = tl.where(there, error, 0.0) * (weight * lr), tl.where(there, nll, 0.0)
                window_nats += nll * weight
                dx += g[:, None] * y[None]
                tl.atomic_add(
                    y_at, tl.sum(g[:, None] * x, 0) * tl.load(out_damping + row), y_there, sem="relaxed"
                )
                k += 1
            if LOCKED:
                x_there = x_there & (tl.load(locked + words, there, 1) == 0)[:, None]
            dx *= tl.load(in_damping + words)[:, None]
            tl.atomic_add(input + x_at, dx, x_there, sem="relaxed")
            nats += window_nats.to(tl.float64)
            pairs += n
        p += 1
    tl.store(loss + me, tl.sum(nats, 0))
    tl.store(count + me, pairs)


@triton.jit
def cbow_kernel(
    input,
    output,
    tokens,
    places,
    sentences,
    ends,
    seeds,
    locked,
    table,
    points,
    labels,
    path_ends,
    in_damping,
    out_damping,
    loss,
    count,
    lr,
    total,
    size,
    D: tl.constexpr,
    STRIDE: tl.constexpr,
    BD: tl.constexpr,
    WINDOW: tl.constexpr,
    BW: tl.constexpr,
    K: tl.constexpr,
    BK: tl.constexpr,
    SHRINK: tl.constexpr,
    LOCKED: tl.constexpr,
    TREE: tl.constexpr,
    DIVIDE: tl.constexpr,
    BT: tl.constexpr,
):
    """The mean h (BD) of the context predicts the centre, BT targets at once."""
    me = tl.program_id(0)
    p, last = own_windows(me, ends)
    d, all_t = tl.arange(0, BD), tl.arange(0, BK)
    in_row = d < D
    nats, pairs = tl.zeros((BT,), tl.float32).to(tl.float64), 0
    while p < last:
        word, place, width = centre(p, tokens, places, seeds, WINDOW, SHRINK)
        h, n = mean_of(input, p, width, tokens, sentences, total, D, STRIDE, BD, WINDOW, BW)
        targets, begin = K + 1, word
        if TREE:
            begin, targets = path_of(word, path_ends)
        else:
            rows, live = noise_row(all_t, word, place, seeds, table, size, K)
        dh = tl.zeros((BD,), tl.float32)
        k = 0
        while k < targets:
            t = k + tl.arange(0, BT)
            if TREE:
                row = tl.load(points + begin + t, t < targets, 0).to(tl.int64)
                label = tl.load(labels + begin + t, t < targets, 0.0)
                weight = (t < targets).to(tl.int32)
            else:
                row, counts = noise_row(t, word, place, seeds, table, size, K)
                label = tl.where(t == 0, 1.0, 0.0)
                same = live[None] & (rows[None] == row[:, None])
                counts = counts & (tl.sum((same & (all_t[None] < t[:, None])).to(tl.int32), 1) == 0)
                weight = tl.where(counts, tl.sum(same.to(tl.int32), 1), 0)
            weight = tl.where(n > 0, weight, 0)
            y_at, y_there = row[:, None] * STRIDE + d[None], (weight > 0)[:, None] & in_row[None]
            y = tl.load(output + y_at, y_there, 0.0, cache_modifier=FRESH)
            error, nll = logistic(tl.sum(y * h[None], 1), label)
            g = error * (weight * lr)
            nats += (nll * weight).to(tl.float64)
            dh += tl.sum(g[:, None] * y, 0)
            g *= tl.load(out_damping + row)
            tl.atomic_add(output + y_at, g[:, None] * h[None], y_there, sem="relaxed")
            k += BT
        if DIVIDE:
            dh = dh / tl.maximum(n, 1)
        for group in range(0, 2 * WINDOW, BW):
            words, there = context(p, group + tl.arange(0, BW), width, tokens, sentences, total, WINDOW)
            if LOCKED:
                there = there & (tl.load(locked + words, there, 1) == 0)
            x_at, dx = words[:, None] * STRIDE + d[None], tl.load(in_damping + words)[:, None] * dh[None]
            tl.atomic_add(input + x_at, dx, there[:, None] & in_row[None], sem="relaxed")
        pairs += tl.minimum(n, 1)
        p += 1
    tl.store(loss + me, tl.sum(nats, 0))
    tl.store(count + me, pairs)


def shape(D: int, window: int) -> tuple[dict[str, int], int]:
    """How many context rows are held at once and numbers of a row, and the warps for them."""
    BD = triton.next_power_of_2(D)
    BW = min(triton.next_power_of_2(2 * window), 32, max(HELD // BD, 1))
    return {"BD": BD, "BW": BW}, min(max(BW * BD // 2048, 1), 8)


def crowds(kept: Kept, windows: Windows, targets: Noise | Paths) -> tuple[Tensor, Tensor]:
    """How many windows in one change each input row (V,) and each output row (rows,)."""
    shares = kept.shares
    around = shares * context_words(windows)
    if isinstance(targets, Noise):
        return around, shares + targets.negatives * noise_shares(targets)
    points, ends = cast(Any, targets.points), cast(Any, targets.ends)
    of_paths = torch.repeat_interleave(shares, ends.diff(), output_size=len(points))
    return around, torch.zeros_like(shares).index_add_(0, points.long(), of_paths)


def _constants(input: Any, plan: Plan) -> tuple[dict[str, Any], int]:
    """What a kernel is compiled for, and its warps."""
    windows, targets = plan
    tree = isinstance(targets, Paths)
    K = 1 if isinstance(targets, Paths) else targets.negatives
    sizes, warps = shape(input.shape[1], windows.window)
    found = {"D": input.shape[1], "STRIDE": input.stride(0), "WINDOW": windows.window, "K": K, "TREE": tree}
    found |= {"BK": triton.next_power_of_2(K + 1), "SHRINK": windows.shrink}
    found |= {"LOCKED": len(windows.locked) > 0}
    if windows.cbow:
        most = TARGETS if tree else min(triton.next_power_of_2(K + 1), TARGETS)
        found |= {"DIVIDE": windows.divide, "BT": most}
    return sizes | found, warps


def train(
    text: Stretch, plan: Plan, matrices: Matrices, lr: float, *, kept: Kept | None = None
) -> tuple[float, int]:
    """Train on a stretch of text, changing the matrices `input` (V, D) and `output` (rows, D).

    All arrays are tensors on the device; rows are padded with zeros to whole vectors (simd.rows).
    kept: what `keep` makes of the text, if it was made before.
    Returns:  total loss in nats, number of predictions; the host waits for them.
    """
    windows, targets = plan
    kept = keep(text, windows) if kept is None else kept
    input: Any = matrices[0]
    constants, warps = _constants(input, plan)
    if isinstance(targets, Paths):
        predicted, size = (input, targets.points, targets.labels, targets.ends), len(input)
    else:
        predicted, size = (targets.table, input, input, input), len(targets.table)  # there are no paths
    programs = programs_for(text)
    rates = (damping(each, programs) for each in crowds(kept, windows, targets))
    tally = Tally.of(programs, input.device)
    kernel = cbow_kernel if windows.cbow else skipgram_kernel
    read = (*kept[:3], bounds(kept, text), windows.seeds, windows.locked)
    options = {"num_warps": warps, "maxnreg": REGISTERS}
    sizes = (lr, len(kept.tokens), size)
    kernel[(programs,)](*matrices, *read, *predicted, *rates, *tally, *sizes, **constants, **options)
    return tally.read()
