"""The compiled passes of the GRU in float32 on a CPU. __init__.py is the specification."""

from typing import Any

import numpy as np

from seqkit.kernels.primitives.activations.cpu import sigmoid, tanh
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.row_copies.cpu import collect_row, lower_row, part_row, store_row

_ONE = np.float32(1.0)


@njit(nogil=True, cache=True, fastmath={"contract"})
def forward(t: Any, run: Any) -> None:
    """r and z, then m and n, then h."""
    gx, product, gates, (h,), inputs, (m, bias) = run
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
def backward(t: Any, run: Any) -> None:
    """dgx[t] = dr, dz, dn before the squashing; du[t] the same with dn ∘ r."""
    dy, through, (dh,), gates, (h,), dgx, du, (m, _) = run
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
