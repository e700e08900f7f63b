"""The compiled passes of the layer-normalised LSTM in float32 on a CPU. __init__.py is the specification."""

from typing import Any

import numpy as np

from seqkit.kernels.primitives.activations.cpu import sigmoid, tanh
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.layer_norm.cpu import normalise, normalise_back
from seqkit.kernels.primitives.row_copies.cpu import collect_row, gate_row, lower_row, part_row, store_row

_ONE = np.float32(1.0)


@njit(nogil=True, cache=True, fastmath={"contract"})
def forward(t: Any, run: Any) -> None:
    """Normalise U h, squash the gates, then c, its norm, h."""
    gx, product, gates, (h, c), inputs, own = run
    (u_hat, c_hat, tanh_c, scales), (gain_u, gain_c, bias_c) = own[:4], own[4:7]
    H = h.shape[2]
    u = np.empty(4 * H, np.float32)
    for b in range(h.shape[1]):
        a, old, new, out = gates[t, b], c[t, b], c[t + 1, b], h[t + 1, b]
        squashed, hat = tanh_c[t, b], c_hat[t, b]
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
        gate_row(a, 3 * H, squashed, out)
        lower_row(out, inputs, t + 1, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def backward(t: Any, run: Any) -> None:
    """Back through o and tanh, the norm of c, the gates, the norm of U h."""
    dy, through, (dh, dc), gates, (h, c), dgx, du, own = run
    (u_hat, c_hat, tanh_c, scales), (gain_u, gain_c, _, sum_u, sum_c, sum_bias) = own[:4], own[4:]
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
