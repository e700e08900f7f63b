"""The passes of GRU on a GPU, one kernel each. __init__.py is the specification."""

from typing import Any

import triton
import triton.language as tl

from seqkit.kernels.primitives.activations.gpu import sigmoid, tanh
from seqkit.kernels.rnn_scan.launch import BLOCK, grid


@triton.jit(do_not_specialize=["t"])
def gru_forward_kernel(
    gx, product, gates, h, inputs, m, bias, lengths, t, rows, H: tl.constexpr, BLOCK: tl.constexpr
):
    """Gates r, z, n, with m, and h; a row that has ended keeps h."""
    state = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    row, j = state // H, state % H
    there = row < rows
    live = there
    if lengths is not None:
        live = t < tl.load(lengths + row, there, 0)
    step = t * rows + row
    x, u, at = gx + step * 3 * H + j, product + row * 3 * H + j, step * H + j
    inner = tl.load(u + 2 * H, there, 0.0).to(tl.float32) + tl.load(bias + j, there, 0.0)
    r = sigmoid(tl.load(x, there, 0.0).to(tl.float32) + tl.load(u, there, 0.0).to(tl.float32))
    z = sigmoid(tl.load(x + H, there, 0.0).to(tl.float32) + tl.load(u + H, there, 0.0).to(tl.float32))
    n = tanh(tl.load(x + 2 * H, there, 0.0).to(tl.float32) + r * inner)
    old = tl.load(h + at, there, 0.0)
    a, after = gates + step * 3 * H + j, at + rows * H
    tl.store(a, r, there)
    tl.store(a + H, z, there)
    tl.store(a + 2 * H, n, there)
    tl.store(m + at, inner, there)
    out = tl.where(live, (1.0 - z) * n + z * old, old)
    tl.store(h + after, out, there)
    if inputs is not None:
        tl.store(inputs + after, out, there)


@triton.jit(do_not_specialize=["t"])
def gru_backward_kernel(
    dy, through, dh, gates, h, dgx, du, m, lengths, t, rows, H: tl.constexpr, BLOCK: tl.constexpr
):
    """dgx and du differ in their last third: du has passed r."""
    state = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    row, j = state // H, state % H
    there = row < rows
    live = there
    if lengths is not None:
        live = t < tl.load(lengths + row, there, 0)
    step = t * rows + row
    at, third = step * H + j, step * 3 * H + j
    d = tl.load(dh + state, there, 0.0) + tl.load(through + state, there, 0.0).to(tl.float32)
    d += tl.load(dy + at, there & live, 0.0)
    r, z = tl.load(gates + third, there, 0.0), tl.load(gates + third + H, there, 0.0)
    n, old = tl.load(gates + third + 2 * H, there, 0.0), tl.load(h + at, there, 0.0)
    dn = tl.where(live, d * (1.0 - z) * (1.0 - n * n), 0.0)
    dz = tl.where(live, d * (old - n) * z * (1.0 - z), 0.0)
    dr = tl.where(live, dn * tl.load(m + at, there, 0.0) * r * (1.0 - r), 0.0)
    tl.store(dgx + third, dr, there)
    tl.store(dgx + third + H, dz, there)
    tl.store(dgx + third + 2 * H, dn, there)
    tl.store(du + third, dr, there)
    tl.store(du + third + H, dz, there)
    tl.store(du + third + 2 * H, tl.where(live, dn * r, 0.0), there)
    tl.store(dh + state, tl.where(live, d * z, d), there)


def forward(t: int, run: Any, lengths: Any) -> None:
    """Step t; run: `arrays.Forward` of tensors; lengths (B,): None if no row ends early."""
    gx, product, gates, (h,), inputs, (m, bias) = run
    _, rows, H = h.shape
    gru_forward_kernel[grid(rows, H)](
        gx,
        product,
        gates,
        h,
        None if inputs is h else inputs,
        m,
        bias,
        lengths,
        t,
        rows,
        H=H,
        BLOCK=BLOCK,
        num_warps=1,
    )


def backward(t: int, run: Any, lengths: Any) -> None:
    """Step t back; run: `arrays.Backward` of tensors."""
    dy, through, (dh,), gates, (h,), dgx, du, (m, _) = run
    _, rows, H = h.shape
    gru_backward_kernel[grid(rows, H)](
        dy, through, dh, gates, h, dgx, du, m, lengths, t, rows, H=H, BLOCK=BLOCK, num_warps=1
    )
