"""The passes of the simple cells on a GPU, one kernel each. __init__.py is the specification."""

from typing import Any

import triton
import triton.language as tl

from seqkit.kernels.primitives.activations.gpu import tanh
from seqkit.kernels.rnn_scan.launch import BLOCK, grid


@triton.jit(do_not_specialize=["t"])
def rnn_forward_kernel(
    gx, product, h, inputs, lengths, t, rows, H: tl.constexpr, RELU: tl.constexpr, BLOCK: tl.constexpr
):
    """h from the sum of both parts; a row that has ended keeps it."""
    state = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    row, j = state // H, state % H
    there = row < rows
    live = there
    if lengths is not None:
        live = t < tl.load(lengths + row, there, 0)
    at = (t * rows + row) * H + j
    a = tl.load(gx + at, there, 0.0).to(tl.float32)
    a += tl.load(product + state, there, 0.0).to(tl.float32)
    out = tl.where(live, tl.maximum(a, 0.0) if RELU else tanh(a), tl.load(h + at, there, 0.0))
    tl.store(h + at + rows * H, out, there)
    if inputs is not None:
        tl.store(inputs + at + rows * H, out, there)


@triton.jit(do_not_specialize=["t"])
def rnn_backward_kernel(
    dy, through, dh, h, du, lengths, t, rows, H: tl.constexpr, RELU: tl.constexpr, BLOCK: tl.constexpr
):
    """du: the gradient of the sum."""
    state = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    row, j = state // H, state % H
    there = row < rows
    live = there
    if lengths is not None:
        live = t < tl.load(lengths + row, there, 0)
    at = (t * rows + row) * H + j
    d = tl.load(dh + state, there, 0.0) + tl.load(through + state, there, 0.0).to(tl.float32)
    d += tl.load(dy + at, there & live, 0.0)
    out = tl.load(h + at + rows * H, there, 0.0)
    slope = tl.where(out > 0, 1.0, 0.0) if RELU else 1.0 - out * out
    tl.store(du + at, tl.where(live, d * slope, 0.0), there)
    tl.store(dh + state, tl.where(live, 0.0, d), there)


def forward(relu: bool, t: int, run: Any, lengths: Any) -> None:
    """Step t; run: `arrays.Forward` of tensors; lengths (B,): None if no row ends early."""
    gx, product, _, (h,), inputs, _ = run
    _, rows, H = h.shape
    rnn_forward_kernel[grid(rows, H)](
        gx,
        product,
        h,
        None if inputs is h else inputs,
        lengths,
        t,
        rows,
        H=H,
        RELU=relu,
        BLOCK=BLOCK,
        num_warps=1,
    )


def backward(relu: bool, t: int, run: Any, lengths: Any) -> None:
    """Step t back; run: `arrays.Backward` of tensors."""
    dy, through, (dh,), _, (h,), _, du, _ = run
    _, rows, H = h.shape
    rnn_backward_kernel[grid(rows, H)](
        dy, through, dh, h, du, lengths, t, rows, H=H, RELU=relu, BLOCK=BLOCK, num_warps=1
    )
