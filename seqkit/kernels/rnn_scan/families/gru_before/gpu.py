"""The steps of the reset-first GRU on a GPU, two kernels each way. __init__.py is the specification.

They make the products too, of which a step has two, the second of what the first gave: a program makes some
columns of one for some rows, and what follows from them.
"""

from typing import Any

import torch
import triton
import triton.language as tl

from seqkit.kernels.primitives.activations.gpu import sigmoid, tanh

COLUMNS, DEPTH, WARPS = 32, 32, 4  # of a program's tile; DEPTH: of a product at once


@triton.jit
def _tile(rows, H: tl.constexpr, M: tl.constexpr, N: tl.constexpr):
    b = tl.program_id(0) * M + tl.arange(0, M)
    j = tl.program_id(1) * N + tl.arange(0, N)
    return b.to(tl.int64), b < rows, j, (b < rows)[:, None] & (j < H)[None]


@triton.jit
def _live(lengths, t, b, rows):
    live = (t >= 0) & (b < rows)
    if lengths is not None:
        live = t < tl.load(lengths + b, b < rows, 0)
    return live[:, None]


@triton.jit(do_not_specialize=["t"])
def gru_before_reset_kernel(
    gx,
    weight,
    gates,
    h,
    inputs,
    q,
    t,
    rows,
    H: tl.constexpr,
    M: tl.constexpr,
    N: tl.constexpr,
    K: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """r and z, then q = r ∘ h'."""
    b, row, j, there = _tile(rows, H, M, N)
    step = (t * rows + b)[:, None]
    u_r, u_z = tl.zeros((M, N), tl.float32), tl.zeros((M, N), tl.float32)
    for start in range(0, H, K):
        k = start + tl.arange(0, K)
        x = tl.load(inputs + step * H + k[None], row[:, None] & (k < H)[None], 0.0)
        at, inside = weight + j[None] * H + k[:, None], (k < H)[:, None] & (j < H)[None]
        u_r = tl.dot(x, tl.load(at, inside, 0.0), u_r, input_precision=PRECISION)
        u_z = tl.dot(x, tl.load(at + H * H, inside, 0.0), u_z, input_precision=PRECISION)
    x = gx + step * 3 * H + j[None]
    r = sigmoid(tl.load(x, there, 0.0).to(tl.float32) + u_r)
    z = sigmoid(tl.load(x + H, there, 0.0).to(tl.float32) + u_z)
    a, at = gates + step * 3 * H + j[None], step * H + j[None]
    tl.store(a, r, there)
    tl.store(a + H, z, there)
    tl.store(q + at, r * tl.load(h + at, there, 0.0), there)


@triton.jit(do_not_specialize=["t"])
def gru_before_update_kernel(
    gx,
    weight,
    gates,
    h,
    inputs,
    q,
    lengths,
    t,
    rows,
    H: tl.constexpr,
    M: tl.constexpr,
    N: tl.constexpr,
    K: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """n, then h; a row that has ended keeps h."""
    b, row, j, there = _tile(rows, H, M, N)
    step = (t * rows + b)[:, None]
    u = tl.zeros((M, N), tl.float32)
    for start in range(0, H, K):
        k = start + tl.arange(0, K)
        x = tl.load(q + step * H + k[None], row[:, None] & (k < H)[None], 0.0)
        at = weight + (2 * H + j[None]) * H + k[:, None]
        part = tl.load(at, (k < H)[:, None] & (j < H)[None], 0.0)
        u = tl.dot(x, part, u, input_precision=PRECISION)
    third, at = step * 3 * H + j[None], step * H + j[None]
    n = tanh(tl.load(gx + third + 2 * H, there, 0.0).to(tl.float32) + u)
    z, old = tl.load(gates + third + H, there, 0.0), tl.load(h + at, there, 0.0)
    tl.store(gates + third + 2 * H, n, there)
    out = tl.where(_live(lengths, t, b, rows), (1.0 - z) * n + z * old, old)
    tl.store(h + at + rows * H, out, there)
    if inputs is not None:
        tl.store(inputs + at + rows * H, out, there)


@triton.jit
def _dn(dy, dh, gates, step, b, k, inside, live, H: tl.constexpr):
    """The gradient of n before the squashing, and that of h after the step."""
    d = tl.load(dh + b[:, None] * H + k[None], inside, 0.0)
    d += tl.load(dy + step * H + k[None], inside & live, 0.0)
    a = gates + step * 3 * H + k[None]
    z, n = tl.load(a + H, inside, 0.0), tl.load(a + 2 * H, inside, 0.0)
    return tl.where(live, d * (1.0 - z) * (1.0 - n * n), 0.0), d, z, n


@triton.jit(do_not_specialize=["t"])
def gru_before_gates_back_kernel(
    dy,
    partly,
    dh,
    weight,
    gates,
    h,
    du,
    lengths,
    t,
    rows,
    H: tl.constexpr,
    M: tl.constexpr,
    N: tl.constexpr,
    K: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """dn through U_n to q, so all of du; partly: the gradient of h before the step but for U_r and U_z."""
    b, row, j, there = _tile(rows, H, M, N)
    step, live = (t * rows + b)[:, None], _live(lengths, t, b, rows)
    dq = tl.zeros((M, N), tl.float32)
    for start in range(0, H, K):
        k = start + tl.arange(0, K)
        dn, _, _, _ = _dn(dy, dh, gates, step, b, k, row[:, None] & (k < H)[None], live, H)
        at = weight + (2 * H + k[:, None]) * H + j[None]
        part = tl.load(at, (k < H)[:, None] & (j < H)[None], 0.0)
        dq = tl.dot(dn.to(part.dtype), part, dq, input_precision=PRECISION)
    dn, d, z, n = _dn(dy, dh, gates, step, b, j, there, live, H)
    third = step * 3 * H + j[None]
    r, old = tl.load(gates + third, there, 0.0), tl.load(h + step * H + j[None], there, 0.0)
    tl.store(du + third, tl.where(live, dq * old * r * (1.0 - r), 0.0), there)
    tl.store(du + third + H, tl.where(live, d * (old - n) * z * (1.0 - z), 0.0), there)
    tl.store(du + third + 2 * H, dn, there)
    tl.store(partly + b[:, None] * H + j[None], tl.where(live, d * z + dq * r, d), there)


@triton.jit(do_not_specialize=["t"])
def gru_before_state_back_kernel(
    partly,
    dh,
    weight,
    du,
    t,
    rows,
    H: tl.constexpr,
    M: tl.constexpr,
    N: tl.constexpr,
    K: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """dh of the state before: `partly`, and dr and dz through U_r and U_z."""
    b, row, j, there = _tile(rows, H, M, N)
    step = (t * rows + b)[:, None]
    at = b[:, None] * H + j[None]
    d = tl.load(partly + at, there, 0.0)
    for start in range(0, 2 * H, K):
        k = start + tl.arange(0, K)
        x = tl.load(du + step * 3 * H + k[None], row[:, None] & (k < 2 * H)[None], 0.0)
        part = tl.load(weight + k[:, None] * H + j[None], (k < 2 * H)[:, None] & (j < H)[None], 0.0)
        d = tl.dot(x, part, d, input_precision=PRECISION)
    tl.store(dh + at, d, there)


def _sizes(rows: int, columns: int) -> tuple[tuple[int, int], dict[str, Any]]:
    """The programs of a kernel and its constants; products of float32 as torch's own are made now."""
    tile = 16 if rows <= 16 else 32  # 64 rows of short states would spill
    precision = "tf32" if torch.backends.cuda.matmul.fp32_precision == "tf32" else "ieee"
    constants = {
        "H": columns,
        "M": tile,
        "N": COLUMNS,
        "K": DEPTH,
        "PRECISION": precision,
        "num_warps": WARPS,
    }
    return (triton.cdiv(rows, tile), triton.cdiv(columns, COLUMNS)), constants


def forward(t: int, run: Any, lengths: Any) -> None:
    """Step t; run: `arrays.Forward` of tensors; lengths (B,): None if no row ends early."""
    gx, _, gates, (h,), inputs, (q, weight) = run
    grid, constants = _sizes(*h.shape[1:])
    rows, low = h.shape[1], None if inputs is h else inputs
    gru_before_reset_kernel[grid](gx, weight, gates, h, inputs, q, t, rows, **constants)
    gru_before_update_kernel[grid](gx, weight, gates, h, low, q, lengths, t, rows, **constants)


def backward(t: int, run: Any, lengths: Any) -> None:
    """Step t back; run: `arrays.Backward` of tensors, whose `through` is room for (B, H)."""
    dy, partly, (dh,), gates, (h,), _, du, (_, weight) = run
    grid, constants = _sizes(*h.shape[1:])
    rows = h.shape[1]
    gru_before_gates_back_kernel[grid](dy, partly, dh, weight, gates, h, du, lengths, t, rows, **constants)
    gru_before_state_back_kernel[grid](partly, dh, weight, du, t, rows, **constants)
