"""Skip-gram and CBOW whose words are means of rows on a GPU: fasttext.reference in Triton.

A program has one window after the other, of a stretch of the text that is its own. It adds up the rows of
the input words, goes through the targets some at a time, and adds the change of their mean to all rows by
atomics: the bytes depend on who comes first. Programs that run one after the other give the reference.
Not handled: a window of more than MOST targets sees a noise word that was drawn twice as two words.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from seqkit.kernels.fasttext.reference import SHARED, Plan
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
    draw,
    keep,
    noise_shares,
    own_windows,
    programs_for,
)
from seqkit.kernels.primitives.windows.settings import Matrices, Stretch

AT_ONCE = 8  # rows of either matrix in registers
MOST = 1 << 10  # targets of a window that are compared with each other
PLACES = tl.constexpr(SHARED)


@triton.jit
def target(
    t,
    p,
    left,
    number,
    place,
    tokens,
    seeds,
    table,
    size,
    WINDOW: tl.constexpr,
    K: tl.constexpr,
    CBOW: tl.constexpr,
):
    """Target t of a window: (row, whether it is predicted and not noise, whether it counts).

    Of the K + 1 targets of each of `number` predicted words the first is itself, the others are noise.
    """
    i, k = t // (K + 1), t % (K + 1)
    live = i < number
    if CBOW:
        word = tl.load(tokens + p + 0 * t, live, 0).to(tl.int64)
        first = place * K
    else:
        word = tl.load(tokens + p - left + i + (i >= left).to(tl.int32), live, 0).to(tl.int64)
        first = place // PLACES * (2 * WINDOW * K)
    noise = draw(first + (i * K + tl.maximum(k - 1, 0)).to(tl.uint64), seeds, table, size)
    row = tl.where(k == 0, word, noise)
    return row, k == 0, live & ((k == 0) | (noise != word))


@triton.jit
def span_of(i, word, p, left, tokens, row_ends, CBOW: tl.constexpr):
    """Where the rows of input word i of a window begin and end: of the word itself, or of those around it."""
    source = word
    if CBOW:
        source = tl.load(tokens + p - left + i + (i >= left).to(tl.int32)).to(tl.int64)
    return tl.load(row_ends + source), tl.load(row_ends + source + 1)


@triton.jit
def mean_of_rows(
    input,
    rows,
    row_ends,
    word,
    p,
    left,
    sources,
    tokens,
    D: tl.constexpr,
    STRIDE: tl.constexpr,
    BD: tl.constexpr,
    BR: tl.constexpr,
    CBOW: tl.constexpr,
):
    """The mean of the rows of all input words, and their number."""
    d = tl.arange(0, BD)
    h, number, i = tl.zeros((BD,), tl.float32), 0, 0
    while i < sources:
        begin, end = span_of(i, word, p, left, tokens, row_ends, CBOW)
        number += (end - begin).to(tl.int32)
        while begin < end:
            at = begin + tl.arange(0, BR)
            row = tl.load(rows + at, at < end, 0).to(tl.int64)
            there = (at < end)[:, None] & (d < D)[None]
            x = tl.load(input + row[:, None] * STRIDE + d[None], there, 0.0, cache_modifier=FRESH)
            h += tl.sum(x, 0)
            begin += BR
        i += 1
    return h / tl.maximum(number, 1), number


@triton.jit
def move_rows(
    dh,
    in_damping,
    input,
    rows,
    row_ends,
    word,
    p,
    left,
    sources,
    tokens,
    D: tl.constexpr,
    STRIDE: tl.constexpr,
    BD: tl.constexpr,
    BR: tl.constexpr,
    CBOW: tl.constexpr,
):
    """Add dh to the rows of all input words."""
    d = tl.arange(0, BD)
    i = 0
    while i < sources:
        begin, end = span_of(i, word, p, left, tokens, row_ends, CBOW)
        while begin < end:
            at = begin + tl.arange(0, BR)
            row = tl.load(rows + at, at < end, 0).to(tl.int64)
            there = (at < end)[:, None] & (d < D)[None]
            moved = tl.load(in_damping + row)[:, None] * dh[None]
            tl.atomic_add(input + row[:, None] * STRIDE + d[None], moved, there, sem="relaxed")
            begin += BR
        i += 1


@triton.jit
def subword_kernel(
    input,
    output,
    tokens,
    places,
    sentences,
    ends,
    seeds,
    table,
    rows,
    row_ends,
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
    ALL: tl.constexpr,
    BR: tl.constexpr,
    SHRINK: tl.constexpr,
    CBOW: tl.constexpr,
    DIVIDE: tl.constexpr,
    EXACT: tl.constexpr,
):
    """The mean h (BD) of rows of words against BR targets at once."""
    me = tl.program_id(0)
    p, last = own_windows(me, ends)
    d = tl.arange(0, BD)
    nats, pairs = tl.zeros((BR,), tl.float32).to(tl.float64), 0
    while p < last:
        word, place, width = centre(p, tokens, places, seeds, WINDOW, SHRINK)
        j = tl.arange(0, BW)
        _, there = context(p, j, width, tokens, sentences, total, WINDOW)
        n = tl.sum(there.to(tl.int32), 0)
        left = tl.sum((there & (j < WINDOW)).to(tl.int32), 0)
        sources = n if CBOW else tl.minimum(n, 1)
        h, number = mean_of_rows(
            input, rows, row_ends, word, p, left, sources, tokens, D, STRIDE, BD, BR, CBOW
        )
        predicted = tl.minimum(n, 1) if CBOW else n
        if EXACT:
            all_t = tl.arange(0, ALL)
            every, is_word, live = target(
                all_t, p, left, predicted, place, tokens, seeds, table, size, WINDOW, K, CBOW
            )
        dh = tl.zeros((BD,), tl.float32)
        k = 0
        while k < predicted * (K + 1):
            t = k + tl.arange(0, BR)
            row, own, counts = target(
                t, p, left, predicted, place, tokens, seeds, table, size, WINDOW, K, CBOW
            )
            label, weight = own.to(tl.float32), counts.to(tl.int32)
            if EXACT:
                # a row stands once: m times predicted, n times noise weigh m + n, with label m / (m + n)
                same = live[None] & (every[None] == row[:, None])
                counts = counts & (tl.sum((same & (all_t[None] < t[:, None])).to(tl.int32), 1) == 0)
                weight = tl.where(counts, tl.sum(same.to(tl.int32), 1), 0)
                label = tl.sum((same & is_word[None]).to(tl.float32), 1) / tl.maximum(weight, 1)
            y_at, y_there = row[:, None] * STRIDE + d[None], (weight > 0)[:, None] & (d < D)[None]
            y = tl.load(output + y_at, y_there, 0.0, cache_modifier=FRESH)
            error, nll = logistic(tl.sum(y * h[None], 1), label)
            g = error * (weight * lr)
            nats += (nll * weight).to(tl.float64)
            dh += tl.sum(g[:, None] * y, 0)
            dy = (g * tl.load(out_damping + row))[:, None] * h[None]
            tl.atomic_add(output + y_at, dy, y_there, sem="relaxed")
            k += BR
        if DIVIDE:
            dh = dh / tl.maximum(number, 1)
        move_rows(
            dh, in_damping, input, rows, row_ends, word, p, left, sources, tokens, D, STRIDE, BD, BR, CBOW
        )
        pairs += predicted
        p += 1
    tl.store(loss + me, tl.sum(nats, 0))
    tl.store(count + me, pairs)


def crowds(kept: Kept, plan: Plan, rows: int) -> tuple[Tensor, Tensor]:
    """How many windows in one change each of the input `rows`, and each output row (V,)."""
    (windows, targets), shares = plan, kept.shares
    names: Any = targets.rows
    ends: Any = targets.ends
    around = context_words(windows)
    of_words = torch.repeat_interleave(shares, ends.diff(), output_size=len(names))
    read = torch.zeros(rows, device=shares.device).index_add_(0, names.long(), of_words)
    drawn = shares + targets.noise.negatives * noise_shares(targets.noise)
    return (read * around, drawn) if windows.cbow else (read, drawn * around)


def train(
    text: Stretch, plan: Plan, matrices: Matrices, lr: float, *, kept: Kept | None = None
) -> tuple[float, int]:
    """Train on a stretch of text, changing the matrices `input` (rows, D) and `output` (V, D).

    All arrays are tensors on the device; rows are padded with zeros to whole vectors (simd.rows).
    kept: what `keep` makes of the text, if it was made before.
    Returns:  total loss in nats, number of predictions; the host waits for them.
    """
    windows, targets = plan
    kept = keep(text, windows) if kept is None else kept
    input: Any = matrices[0]
    D, K, window = input.shape[1], targets.noise.negatives, windows.window
    most = (1 if windows.cbow else 2 * window) * (K + 1)
    programs = programs_for(text)
    in_rates, out_rates = crowds(kept, plan, len(input))
    tally = Tally.of(programs, input.device)
    subword_kernel[(programs,)](
        input,
        matrices[1],
        *kept[:3],
        bounds(kept, text),
        windows.seeds,
        targets.noise.table,
        targets.rows,
        targets.ends,
        damping(in_rates, programs),
        damping(out_rates, programs),
        *tally,
        lr,
        len(kept.tokens),
        len(targets.noise.table),
        D=D,
        STRIDE=input.stride(0),
        BD=triton.next_power_of_2(D),
        WINDOW=window,
        BW=triton.next_power_of_2(2 * window),
        K=K,
        ALL=triton.next_power_of_2(min(most, MOST)),
        BR=AT_ONCE,
        SHRINK=windows.shrink,
        CBOW=windows.cbow,
        DIVIDE=windows.divide,
        EXACT=most <= MOST,
        num_warps=min(max(triton.next_power_of_2(D) // 128, triton.next_power_of_2(most) // 256, 1), 8),
        maxnreg=REGISTERS,
    )
    return tally.read()
