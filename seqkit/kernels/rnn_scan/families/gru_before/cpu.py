"""The compiled passes of the reset-first GRU in float32 on a CPU. __init__.py is the specification."""

from typing import Any

import numpy as np

from seqkit.kernels.primitives.activations.cpu import sigmoid, tanh
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.row_copies.cpu import lower_row, part_row, store_row


@njit(nogil=True, cache=True, fastmath={"contract"})
def reset(t: Any, gx: Any, first: Any, second: Any, gates: Any, h: Any, inputs: Any, q: Any) -> None:
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
def update(t: Any, gx: Any, first: Any, second: Any, gates: Any, h: Any, inputs: Any, q: Any) -> None:
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
