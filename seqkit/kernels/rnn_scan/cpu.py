"""The pointwise passes of the cell families in float32 on a CPU; families/*.py is the specification.

Arrays are those of the whole run, T first; t is the step. gx, product (U h of the step), inputs (h as the
products read it), dgx, du and through (what came back through U) are float32, or bfloat16 as its bits. A
backward pass adds dy[t] and `through` to dh, the gradient of h after the step, and leaves in dh what goes to
h before it other than through U.
"""

from typing import Any

import numpy as np
from numba import njit

from seqkit.kernels.primitives.activations.cpu import sigmoid, tanh
from seqkit.kernels.primitives.layer_norm.cpu import normalise, normalise_back
from seqkit.kernels.primitives.row_copies.cpu import collect_row, lower_row, part_row, store_row, sum_rows

_ONE = np.float32(1.0)


@njit(nogil=True, cache=True, fastmath={"contract"})
def lstm_forward(
    t: Any, gx: Any, product: Any, gates: Any, h: Any, inputs: Any, c: Any, tanh_c: Any, peepholes: Any
) -> None:
    """Gates i, f, g, o, then c, tanh c and h."""
    H = h.shape[2]
    for b in range(h.shape[1]):
        a, old, new, squashed, out = gates[t, b], c[t, b], c[t + 1, b], tanh_c[t, b], h[t + 1, b]
        sum_rows(gx, product, t, b, a)
        first = a.ctypes.data
        if len(peepholes):
            for j in range(H):
                a[j] += peepholes[0, j] * old[j]
                a[H + j] += peepholes[1, j] * old[j]
        sigmoid(first, first, 2 * H)
        tanh(first + 8 * H, first + 8 * H, H)
        for j in range(H):
            new[j] = a[H + j] * old[j] + a[j] * a[2 * H + j]
        if len(peepholes):
            for j in range(H):
                a[3 * H + j] += peepholes[2, j] * new[j]
        sigmoid(first + 12 * H, first + 12 * H, H)
        tanh(new.ctypes.data, squashed.ctypes.data, H)
        for j in range(H):
            out[j] = a[3 * H + j] * squashed[j]
        lower_row(out, inputs, t + 1, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def lstm_backward(
    t: Any,
    dy: Any,
    through: Any,
    dh: Any,
    dc: Any,
    gates: Any,
    h: Any,
    c: Any,
    dgx: Any,
    du: Any,
    _c: Any,
    tanh_c: Any,
    peepholes: Any,
) -> None:
    """du[t] becomes the gradient of the gates before the squashing, dc that of c before the step."""
    H = h.shape[2]
    room, da = np.empty(H, np.float32), np.empty(4 * H, np.float32)
    for b in range(h.shape[1]):
        a, old, squashed, d, dcell = gates[t, b], c[t, b], tanh_c[t, b], dh[b], dc[b]
        collect_row(dy, through, t, b, d, room)
        for j in range(H):
            i, f, g, o = a[j], a[H + j], a[2 * H + j], a[3 * H + j]
            do = d[j] * squashed[j] * o * (_ONE - o)
            total = dcell[j] + d[j] * o * (_ONE - squashed[j] * squashed[j])
            if len(peepholes):
                total += do * peepholes[2, j]
            di, df = total * g * i * (_ONE - i), total * old[j] * f * (_ONE - f)
            da[j], da[H + j], da[2 * H + j], da[3 * H + j] = di, df, total * i * (_ONE - g * g), do
            dcell[j] = total * f
            if len(peepholes):
                dcell[j] += di * peepholes[0, j] + df * peepholes[1, j]
            d[j] = np.float32(0.0)
        store_row(da, du, t, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def tanh_forward(t: Any, gx: Any, product: Any, gates: Any, h: Any, inputs: Any) -> None:
    """h = tanh(gx + U h')."""
    for b in range(h.shape[1]):
        out = h[t + 1, b]
        sum_rows(gx, product, t, b, out)
        tanh(out.ctypes.data, out.ctypes.data, len(out))
        lower_row(out, inputs, t + 1, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def tanh_backward(t: Any, dy: Any, through: Any, dh: Any, gates: Any, h: Any, dgx: Any, du: Any) -> None:
    """du[t] = dh (1 - h²)."""
    room = np.empty(h.shape[2], np.float32)
    for b in range(h.shape[1]):
        d, y = dh[b], h[t + 1, b]
        collect_row(dy, through, t, b, d, room)
        for j in range(len(d)):
            room[j] = d[j] * (_ONE - y[j] * y[j])
            d[j] = np.float32(0.0)
        store_row(room, du, t, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def relu_forward(t: Any, gx: Any, product: Any, gates: Any, h: Any, inputs: Any) -> None:
    """h = max(0, gx + U h')."""
    for b in range(h.shape[1]):
        out = h[t + 1, b]
        sum_rows(gx, product, t, b, out)
        for j in range(len(out)):
            out[j] = np.float32(0.0) if out[j] < 0 else out[j]  # nan stays nan
        lower_row(out, inputs, t + 1, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def relu_backward(t: Any, dy: Any, through: Any, dh: Any, gates: Any, h: Any, dgx: Any, du: Any) -> None:
    """du[t] = dh where h > 0."""
    room = np.empty(h.shape[2], np.float32)
    for b in range(h.shape[1]):
        d, y = dh[b], h[t + 1, b]
        collect_row(dy, through, t, b, d, room)
        for j in range(len(d)):
            room[j] = d[j] if y[j] > 0 else np.float32(0.0)
            d[j] = np.float32(0.0)
        store_row(room, du, t, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def gru_forward(t: Any, gx: Any, product: Any, gates: Any, h: Any, inputs: Any, m: Any, bias: Any) -> None:
    """r and z, then m and n, then h."""
    H = h.shape[2]
    u = np.empty(3 * H, np.float32)
    x = np.empty(3 * H, np.float32)
    for b in range(h.shape[1]):
        a, old, new, inner = gates[t, b], h[t, b], h[t + 1, b], m[t, b]
        part_row(product, 0, b, u)
        part_row(gx, t, b, x)
        for j in range(2 * H):
            a[j] = x[j] + u[j]
        first = a.ctypes.data
        sigmoid(first, first, 2 * H)
        for j in range(H):
            inner[j] = u[2 * H + j] + bias[j]
            a[2 * H + j] = x[2 * H + j] + a[j] * inner[j]
        tanh(first + 8 * H, first + 8 * H, H)
        for j in range(H):
            new[j] = a[2 * H + j] + a[H + j] * (old[j] - a[2 * H + j])
        lower_row(new, inputs, t + 1, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def gru_backward(
    t: Any, dy: Any, through: Any, dh: Any, gates: Any, h: Any, dgx: Any, du: Any, m: Any, bias: Any
) -> None:
    """dgx[t] = dr, dz, dn before the squashing; du[t] the same with dn ∘ r."""
    H = h.shape[2]
    room, d_x, d_u = np.empty(H, np.float32), np.empty(3 * H, np.float32), np.empty(3 * H, np.float32)
    for b in range(h.shape[1]):
        a, old, inner, d = gates[t, b], h[t, b], m[t, b], dh[b]
        collect_row(dy, through, t, b, d, room)
        for j in range(H):
            r, z, n = a[j], a[H + j], a[2 * H + j]
            dn = d[j] * (_ONE - z) * (_ONE - n * n)
            dz = d[j] * (old[j] - n) * z * (_ONE - z)
            dr = dn * inner[j] * r * (_ONE - r)
            d_x[j], d_x[H + j], d_x[2 * H + j] = dr, dz, dn
            d_u[j], d_u[H + j], d_u[2 * H + j] = dr, dz, dn * r
            d[j] *= z
        store_row(d_x, dgx, t, b)
        store_row(d_u, du, t, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def gru_before_reset(
    t: Any, gx: Any, first: Any, second: Any, gates: Any, h: Any, inputs: Any, q: Any
) -> None:
    """r and z, then q = r ∘ h'."""
    H = h.shape[2]
    x, u, reset = np.empty(3 * H, np.float32), np.empty(2 * H, np.float32), np.empty(H, np.float32)
    for b in range(h.shape[1]):
        a, old = gates[t, b], h[t, b]
        part_row(gx, t, b, x)
        part_row(first, 0, b, u)
        for j in range(2 * H):
            a[j] = x[j] + u[j]
        sigmoid(a.ctypes.data, a.ctypes.data, 2 * H)
        for j in range(H):
            reset[j] = a[j] * old[j]
            a[2 * H + j] = x[2 * H + j]
        store_row(reset, q, t, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def gru_before_update(
    t: Any, gx: Any, first: Any, second: Any, gates: Any, h: Any, inputs: Any, q: Any
) -> None:
    """n, then h."""
    H = h.shape[2]
    u = np.empty(H, np.float32)
    for b in range(h.shape[1]):
        a, old, new = gates[t, b], h[t, b], h[t + 1, b]
        part_row(second, 0, b, u)
        for j in range(H):
            a[2 * H + j] += u[j]
        tanh(a.ctypes.data + 8 * H, a.ctypes.data + 8 * H, H)
        for j in range(H):
            new[j] = a[2 * H + j] + a[H + j] * (old[j] - a[2 * H + j])
        lower_row(new, inputs, t + 1, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def layer_norm_lstm_forward(
    t: Any,
    gx: Any,
    product: Any,
    gates: Any,
    h: Any,
    inputs: Any,
    c: Any,
    u_hat: Any,
    c_hat: Any,
    tanh_c: Any,
    scales: Any,
    gain_u: Any,
    gain_c: Any,
    bias_c: Any,
    _1: Any,
    _2: Any,
    _3: Any,
) -> None:
    """Normalise U h, squash the gates, then c, its norm, h."""
    H = h.shape[2]
    u = np.empty(4 * H, np.float32)
    for b in range(h.shape[1]):
        a, old, new, squashed, out, hat = (
            gates[t, b],
            c[t, b],
            c[t + 1, b],
            tanh_c[t, b],
            h[t + 1, b],
            c_hat[t, b],
        )
        part_row(product, 0, b, u)
        part_row(gx, t, b, a)
        scales[t, b, 0] = normalise(u, u_hat[t, b])
        for j in range(4 * H):
            a[j] += gain_u[j] * u_hat[t, b, j]
        first = a.ctypes.data
        sigmoid(first, first, 2 * H)
        tanh(first + 8 * H, first + 8 * H, H)
        sigmoid(first + 12 * H, first + 12 * H, H)
        for j in range(H):
            new[j] = a[H + j] * old[j] + a[j] * a[2 * H + j]
        scales[t, b, 1] = normalise(new, hat)
        for j in range(H):
            squashed[j] = gain_c[j] * hat[j] + bias_c[j]
        tanh(squashed.ctypes.data, squashed.ctypes.data, H)
        for j in range(H):
            out[j] = a[3 * H + j] * squashed[j]
        lower_row(out, inputs, t + 1, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def layer_norm_lstm_backward(
    t: Any,
    dy: Any,
    through: Any,
    dh: Any,
    dc: Any,
    gates: Any,
    h: Any,
    _c: Any,
    dgx: Any,
    du: Any,
    c: Any,
    u_hat: Any,
    c_hat: Any,
    tanh_c: Any,
    scales: Any,
    gain_u: Any,
    gain_c: Any,
    bias_c: Any,
    sum_u: Any,
    sum_c: Any,
    sum_bias: Any,
) -> None:
    """Back through o and tanh, the norm of c, the gates, the norm of U h."""
    H = h.shape[2]
    room, da = np.empty(H, np.float32), np.empty(4 * H, np.float32)
    for b in range(h.shape[1]):
        a, old, squashed, d, dcell, hat = gates[t, b], c[t, b], tanh_c[t, b], dh[b], dc[b], c_hat[t, b]
        collect_row(dy, through, t, b, d, room)
        for j in range(H):
            inner = d[j] * a[3 * H + j] * (_ONE - squashed[j] * squashed[j])
            sum_c[j] += inner * hat[j]
            sum_bias[j] += inner
            room[j] = inner * gain_c[j]
        normalise_back(room, hat, scales[t, b, 1])
        for j in range(H):
            i, f, g, o = a[j], a[H + j], a[2 * H + j], a[3 * H + j]
            total = dcell[j] + room[j]
            da[j], da[H + j] = total * g * i * (_ONE - i), total * old[j] * f * (_ONE - f)
            da[2 * H + j], da[3 * H + j] = total * i * (_ONE - g * g), d[j] * squashed[j] * o * (_ONE - o)
            dcell[j] = total * f
            d[j] = np.float32(0.0)
        store_row(da, dgx, t, b)
        for j in range(4 * H):
            sum_u[j] += da[j] * u_hat[t, b, j]
            da[j] *= gain_u[j]
        normalise_back(da, u_hat[t, b], scales[t, b, 0])
        store_row(da, du, t, b)
