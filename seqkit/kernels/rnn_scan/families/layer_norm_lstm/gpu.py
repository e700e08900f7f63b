"""The passes of the layer-normalised LSTM on a GPU, a program some rows. __init__.py is the specification."""

from typing import Any

import triton
import triton.language as tl

from seqkit.kernels.primitives.activations.gpu import sigmoid, tanh
from seqkit.kernels.primitives.layer_norm.reference import EPSILON

_EPSILON = tl.constexpr(EPSILON)


@triton.jit
def _centred(x, mean, there):
    return tl.where(there, x - mean, 0.0)


@triton.jit(do_not_specialize=["t"])
def layer_norm_lstm_forward_kernel(
    gx,
    product,
    gates,
    h,
    c,
    inputs,
    u_hat,
    c_hat,
    tanh_c,
    scales,
    gain_u,
    gain_c,
    bias_c,
    lengths,
    t,
    rows,
    H: tl.constexpr,
    P: tl.constexpr,
    R: tl.constexpr,
):
    """Normalise U h, squash the gates, then c, its norm, h; a row that has ended keeps c and h."""
    row = (tl.program_id(0).to(tl.int64) * R + tl.arange(0, R))[:, None]
    j, real = tl.arange(0, P)[None], row < rows
    column = j < H
    there, live = real & column, real
    if lengths is not None:
        live = t < tl.load(lengths + row, real, 0)
    step = t * rows + row
    u, whole, at = product + row * 4 * H + j, step * 4 * H + j, step * H + j
    i, f = tl.load(u, there, 0.0).to(tl.float32), tl.load(u + H, there, 0.0).to(tl.float32)
    g, o = tl.load(u + 2 * H, there, 0.0).to(tl.float32), tl.load(u + 3 * H, there, 0.0).to(tl.float32)
    mean = tl.sum(i + f + g + o, 1, True) / (4 * H)
    i, f, g, o = (
        _centred(i, mean, there),
        _centred(f, mean, there),
        _centred(g, mean, there),
        _centred(o, mean, there),
    )
    scale = 1.0 / tl.sqrt(tl.sum(i * i + f * f + g * g + o * o, 1, True) / (4 * H) + _EPSILON)
    tl.store(scales + step * 2, scale, real)
    i, f, g, o = i * scale, f * scale, g * scale, o * scale
    tl.store(u_hat + whole, i, there)
    tl.store(u_hat + whole + H, f, there)
    tl.store(u_hat + whole + 2 * H, g, there)
    tl.store(u_hat + whole + 3 * H, o, there)
    x, gain = gx + whole, gain_u + j
    i = sigmoid(tl.load(x, there, 0.0).to(tl.float32) + tl.load(gain, column, 0.0) * i)
    f = sigmoid(tl.load(x + H, there, 0.0).to(tl.float32) + tl.load(gain + H, column, 0.0) * f)
    g = tanh(tl.load(x + 2 * H, there, 0.0).to(tl.float32) + tl.load(gain + 2 * H, column, 0.0) * g)
    o = sigmoid(tl.load(x + 3 * H, there, 0.0).to(tl.float32) + tl.load(gain + 3 * H, column, 0.0) * o)
    tl.store(gates + whole, i, there)
    tl.store(gates + whole + H, f, there)
    tl.store(gates + whole + 2 * H, g, there)
    tl.store(gates + whole + 3 * H, o, there)
    old, kept = tl.load(c + at, there, 0.0), tl.load(h + at, there, 0.0)
    new = f * old + i * g
    hat = _centred(new, tl.sum(tl.where(there, new, 0.0), 1, True) / H, there)
    scale = 1.0 / tl.sqrt(tl.sum(hat * hat, 1, True) / H + _EPSILON)
    hat *= scale
    tl.store(scales + step * 2 + 1, scale, real)
    squashed = tanh(tl.load(gain_c + j, column, 0.0) * hat + tl.load(bias_c + j, column, 0.0))
    tl.store(c_hat + at, hat, there)
    tl.store(tanh_c + at, squashed, there)
    after = at + rows * H
    tl.store(c + after, tl.where(live, new, old), there)
    out = tl.where(live, o * squashed, kept)
    tl.store(h + after, out, there)
    if inputs is not None:
        tl.store(inputs + after, out, there)


@triton.jit(do_not_specialize=["t"])
def layer_norm_lstm_backward_kernel(
    dy,
    through,
    dh,
    dc,
    gates,
    c,
    dgx,
    du,
    u_hat,
    c_hat,
    tanh_c,
    scales,
    gain_u,
    gain_c,
    terms,
    lengths,
    t,
    rows,
    H: tl.constexpr,
    P: tl.constexpr,
    R: tl.constexpr,
):
    """Back through o and tanh, the norm of c, the gates, the norm of U h; terms: of parameters' gradients."""
    row = (tl.program_id(0).to(tl.int64) * R + tl.arange(0, R))[:, None]
    j, real = tl.arange(0, P)[None], row < rows
    column = j < H
    there, live = real & column, real
    if lengths is not None:
        live = t < tl.load(lengths + row, real, 0)
    step = t * rows + row
    at, state, whole = step * H + j, row * H + j, step * 4 * H + j
    d = tl.load(dh + state, there, 0.0) + tl.load(through + state, there, 0.0).to(tl.float32)
    d += tl.load(dy + at, there & live, 0.0)
    i, f = tl.load(gates + whole, there, 0.0), tl.load(gates + whole + H, there, 0.0)
    g, o = tl.load(gates + whole + 2 * H, there, 0.0), tl.load(gates + whole + 3 * H, there, 0.0)
    squashed, hat = tl.load(tanh_c + at, there, 0.0), tl.load(c_hat + at, there, 0.0)
    later, old = tl.load(dc + state, there, 0.0), tl.load(c + at, there, 0.0)
    inside = tl.where(live, d * o * (1.0 - squashed * squashed), 0.0)
    part = terms + step * 6 * H + j
    tl.store(part + 4 * H, inside * hat, there)
    tl.store(part + 5 * H, inside, there)
    inside *= tl.load(gain_c + j, column, 0.0)
    inside -= tl.where(there, tl.sum(inside, 1, True) / H, 0.0) + hat * (tl.sum(inside * hat, 1, True) / H)
    total = later + inside * tl.load(scales + step * 2 + 1, real, 0.0)
    do = tl.where(live, d * squashed * o * (1.0 - o), 0.0)
    di = tl.where(live, total * g * i * (1.0 - i), 0.0)
    df = tl.where(live, total * old * f * (1.0 - f), 0.0)
    dg = tl.where(live, total * i * (1.0 - g * g), 0.0)
    tl.store(dc + state, tl.where(live, total * f, later), there)
    tl.store(dh + state, tl.where(live, 0.0, d), there)
    tl.store(dgx + whole, di, there)
    tl.store(dgx + whole + H, df, there)
    tl.store(dgx + whole + 2 * H, dg, there)
    tl.store(dgx + whole + 3 * H, do, there)
    u_i, u_f = tl.load(u_hat + whole, there, 0.0), tl.load(u_hat + whole + H, there, 0.0)
    u_g, u_o = tl.load(u_hat + whole + 2 * H, there, 0.0), tl.load(u_hat + whole + 3 * H, there, 0.0)
    tl.store(part, di * u_i, there)
    tl.store(part + H, df * u_f, there)
    tl.store(part + 2 * H, dg * u_g, there)
    tl.store(part + 3 * H, do * u_o, there)
    gain = gain_u + j
    di *= tl.load(gain, column, 0.0)
    df *= tl.load(gain + H, column, 0.0)
    dg *= tl.load(gain + 2 * H, column, 0.0)
    do *= tl.load(gain + 3 * H, column, 0.0)
    mean = tl.sum(di + df + dg + do, 1, True) / (4 * H)
    along = tl.sum(di * u_i + df * u_f + dg * u_g + do * u_o, 1, True) / (4 * H)
    scale = tl.load(scales + step * 2, real, 0.0)
    tl.store(du + whole, scale * (di - mean - u_i * along), there)
    tl.store(du + whole + H, scale * (df - mean - u_f * along), there)
    tl.store(du + whole + 2 * H, scale * (dg - mean - u_g * along), there)
    tl.store(du + whole + 3 * H, scale * (do - mean - u_o * along), there)


def _sizes(rows: int, columns: int) -> tuple[tuple[int], dict[str, int]]:
    """The programs of a kernel and its constants: short rows are handled some at once."""
    lanes = triton.next_power_of_2(columns)
    some = max(1, 128 // lanes)
    return (triton.cdiv(rows, some),), {
        "H": columns,
        "P": lanes,
        "R": some,
        "num_warps": max(1, lanes // 128),
    }


def forward(t: int, run: Any, lengths: Any) -> None:
    """Step t; run: `arrays.Forward` of tensors; lengths (B,): None if no row ends early."""
    gx, product, gates, (h, c), inputs, own = run
    grid, constants = _sizes(*h.shape[1:])
    low, rows = None if inputs is h else inputs, h.shape[1]
    layer_norm_lstm_forward_kernel[grid](
        gx, product, gates, h, c, low, *own[:7], lengths, t, rows, **constants
    )


def backward(t: int, run: Any, lengths: Any) -> None:
    """Step t back; run: `arrays.Backward` of tensors."""
    dy, through, (dh, dc), gates, (_, c), dgx, du, own = run
    gain_u, gain_c, _, terms = own[4:]
    grid, constants = _sizes(*c.shape[1:])
    layer_norm_lstm_backward_kernel[grid](
        dy,
        through,
        dh,
        dc,
        gates,
        c,
        dgx,
        du,
        *own[:4],
        gain_u,
        gain_c,
        terms,
        lengths,
        t,
        c.shape[1],
        **constants,
    )
