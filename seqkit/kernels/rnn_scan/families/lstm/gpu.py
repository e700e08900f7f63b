"""The passes of LSTM on a GPU, one kernel each. __init__.py is the specification."""

from typing import Any

import triton
import triton.language as tl

from seqkit.kernels.primitives.activations.gpu import sigmoid, tanh
from seqkit.kernels.rnn_scan.launch import BLOCK, grid


@triton.jit
def _sum(gx, product, there):
    return tl.load(gx, there, 0.0).to(tl.float32) + tl.load(product, there, 0.0).to(tl.float32)


@triton.jit(do_not_specialize=["t"])
def lstm_forward_kernel(
    gx,
    product,
    gates,
    h,
    c,
    inputs,
    tanh_c,
    peepholes,
    lengths,
    t,
    rows,
    H: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Gates i, f, g, o, then c, tanh c and h; a row that has ended keeps c and h."""
    state = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    row, j = state // H, state % H
    there = row < rows
    live = there
    if lengths is not None:
        live = t < tl.load(lengths + row, there, 0)
    step = t * rows + row
    whole, u, at = gx + step * 4 * H + j, product + row * 4 * H + j, step * H + j
    old, kept = tl.load(c + at, there, 0.0), tl.load(h + at, there, 0.0)
    i, f = _sum(whole, u, there), _sum(whole + H, u + H, there)
    g, o = _sum(whole + 2 * H, u + 2 * H, there), _sum(whole + 3 * H, u + 3 * H, there)
    if peepholes is not None:
        i += tl.load(peepholes + j, there, 0.0) * old
        f += tl.load(peepholes + H + j, there, 0.0) * old
    i, f, g = sigmoid(i), sigmoid(f), tanh(g)
    new = f * old + i * g
    if peepholes is not None:
        o += tl.load(peepholes + 2 * H + j, there, 0.0) * new
    o, squashed = sigmoid(o), tanh(new)
    a, after = gates + step * 4 * H + j, at + rows * H
    tl.store(a, i, there)
    tl.store(a + H, f, there)
    tl.store(a + 2 * H, g, there)
    tl.store(a + 3 * H, o, there)
    tl.store(tanh_c + at, squashed, there)
    tl.store(c + after, tl.where(live, new, old), there)
    out = tl.where(live, o * squashed, kept)
    tl.store(h + after, out, there)
    if inputs is not None:
        tl.store(inputs + after, out, there)


@triton.jit(do_not_specialize=["t"])
def lstm_backward_kernel(
    dy,
    through,
    dh,
    dc,
    gates,
    c,
    du,
    tanh_c,
    peepholes,
    terms,
    lengths,
    t,
    rows,
    H: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """du: the gradient of the gates before the squashing; dc, dh: of the state before, without U.

    terms: of the gradients of the peepholes.
    """
    state = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    row, j = state // H, state % H
    there = row < rows
    live = there
    if lengths is not None:
        live = t < tl.load(lengths + row, there, 0)
    step = t * rows + row
    at = step * H + j
    d = tl.load(dh + state, there, 0.0) + tl.load(through + state, there, 0.0).to(tl.float32)
    d += tl.load(dy + at, there & live, 0.0)
    a = gates + step * 4 * H + j
    i, f = tl.load(a, there, 0.0), tl.load(a + H, there, 0.0)
    g, o = tl.load(a + 2 * H, there, 0.0), tl.load(a + 3 * H, there, 0.0)
    old, squashed = tl.load(c + at, there, 0.0), tl.load(tanh_c + at, there, 0.0)
    later = tl.load(dc + state, there, 0.0)
    do = d * squashed * o * (1.0 - o)
    total = later + d * o * (1.0 - squashed * squashed)
    if peepholes is not None:
        total += do * tl.load(peepholes + 2 * H + j, there, 0.0)
    di, df, dg = total * g * i * (1.0 - i), total * old * f * (1.0 - f), total * i * (1.0 - g * g)
    before = total * f
    if peepholes is not None:
        part, new = terms + step * 3 * H + j, tl.load(c + at + rows * H, there, 0.0)
        tl.store(part, tl.where(live, di * old, 0.0), there)
        tl.store(part + H, tl.where(live, df * old, 0.0), there)
        tl.store(part + 2 * H, tl.where(live, do * new, 0.0), there)
        before += di * tl.load(peepholes + j, there, 0.0) + df * tl.load(peepholes + H + j, there, 0.0)
    out = du + step * 4 * H + j
    tl.store(out, tl.where(live, di, 0.0), there)
    tl.store(out + H, tl.where(live, df, 0.0), there)
    tl.store(out + 2 * H, tl.where(live, dg, 0.0), there)
    tl.store(out + 3 * H, tl.where(live, do, 0.0), there)
    tl.store(dc + state, tl.where(live, before, later), there)
    tl.store(dh + state, tl.where(live, 0.0, d), there)


def forward(t: int, run: Any, lengths: Any) -> None:
    """Step t; run: `arrays.Forward` of tensors; lengths (B,): None if no row ends early."""
    gx, product, gates, (h, c), inputs, (tanh_c, peepholes, _) = run
    _, rows, H = h.shape
    lstm_forward_kernel[grid(rows, H)](
        gx,
        product,
        gates,
        h,
        c,
        None if inputs is h else inputs,
        tanh_c,
        peepholes if len(peepholes) else None,
        lengths,
        t,
        rows,
        H=H,
        BLOCK=BLOCK,
        num_warps=1,
    )


def backward(t: int, run: Any, lengths: Any) -> None:
    """Step t back; run: `arrays.Backward` of tensors."""
    dy, through, (dh, dc), gates, (_, c), _, du, (tanh_c, peepholes, terms) = run
    _, rows, H = c.shape
    lstm_backward_kernel[grid(rows, H)](
        dy,
        through,
        dh,
        dc,
        gates,
        c,
        du,
        tanh_c,
        peepholes if len(peepholes) else None,
        terms,
        lengths,
        t,
        rows,
        H=H,
        BLOCK=BLOCK,
        num_warps=1,
    )
