"""The compiled passes of the cells with tanh or a rectifier in float32 on a CPU.

Specification: families.rnn and families.relu_rnn, __init__.py.
"""

from typing import Any

import numpy as np

from seqkit.kernels.primitives.activations.cpu import tanh
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.row_copies.cpu import collect_row, lower_row, store_row, sum_rows

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@njit(nogil=True, cache=True, fastmath={"contract"})
def forward(relu: Any, t: Any, run: Any) -> None:
    """h = tanh(gx + U h'), or max(0, gx + U h')."""
    gx, product, _, (h,), inputs, _ = run
    for b in range(h.shape[1]):
        out = h[t + 1, b]
        sum_rows(gx, product, t, b, out)
        if relu:
            for j in range(len(out)):
                out[j] = _ZERO if out[j] < 0 else out[j]  # nan stays nan
        else:
            tanh(out.ctypes.data, out.ctypes.data, len(out))
        lower_row(out, inputs, t + 1, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def backward(relu: Any, t: Any, run: Any) -> None:
    """du[t] = dh (1 - h²), or dh where h > 0."""
    dy, through, (dh,), _, (h,), _, du, _ = run
    room = np.empty(h.shape[2], np.float32)
    for b in range(h.shape[1]):
        d, y = dh[b], h[t + 1, b]
        collect_row(dy, through, t, b, d, room)
        if relu:
            for j in range(len(d)):
                room[j] = d[j] if y[j] > 0 else _ZERO
        else:
            for j in range(len(d)):
                room[j] = d[j] * (_ONE - y[j] * y[j])
        d[:] = _ZERO
        store_row(room, du, t, b)
