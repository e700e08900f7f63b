"""The compiled passes of the cell with tanh in float32 on a CPU. __init__.py is the specification."""

from typing import Any

import numpy as np

from seqkit.kernels.primitives.activations.cpu import tanh
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.row_copies.cpu import collect_row, lower_row, store_row, sum_rows

_ONE = np.float32(1.0)


@njit(nogil=True, cache=True, fastmath={"contract"})
def forward(t: Any, gx: Any, product: Any, gates: Any, states: Any, inputs: Any, own: Any) -> None:
    """h = tanh(gx + U h')."""
    h = states[0]
    for b in range(h.shape[1]):
        out = h[t + 1, b]
        sum_rows(gx, product, t, b, out)
        tanh(out.ctypes.data, out.ctypes.data, len(out))
        lower_row(out, inputs, t + 1, b)


@njit(nogil=True, cache=True, fastmath={"contract"})
def backward(
    t: Any, dy: Any, through: Any, dstates: Any, gates: Any, states: Any, dgx: Any, du: Any, own: Any
) -> None:
    """du[t] = dh (1 - h²)."""
    h, dh = states[0], dstates[0]
    room = np.empty(h.shape[2], np.float32)
    for b in range(h.shape[1]):
        d, y = dh[b], h[t + 1, b]
        collect_row(dy, through, t, b, d, room)
        for j in range(len(d)):
            room[j] = d[j] * (_ONE - y[j] * y[j])
            d[j] = np.float32(0.0)
        store_row(room, du, t, b)
