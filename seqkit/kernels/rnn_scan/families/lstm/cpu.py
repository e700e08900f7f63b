"""The compiled passes of LSTM in float32 on a CPU. __init__.py is the specification."""

from typing import Any

import numpy as np

from seqkit.kernels.primitives.activations.cpu import sigmoid, tanh
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.row_copies.cpu import collect_row, gate_row, lower_row, store_row, sum_rows

_ONE = np.float32(1.0)


@njit(nogil=True, cache=True, fastmath={"contract"})
def forward(t: Any, run: Any) -> None:
    """Gates i, f, g, o, then c, tanh c and h."""
    gx, product, gates, (h, c), inputs, (tanh_c, peepholes) = run
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
        gate_row(a, 3 * H, squashed, out)
        lower_row(out, inputs, t + 1, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def backward(t: Any, run: Any) -> None:
    """du[t] becomes the gradient of the gates before the squashing, dc that of c before the step."""
    dy, through, (dh, dc), gates, (h, c), _, du, (tanh_c, peepholes) = run
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
