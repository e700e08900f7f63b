"""The pointwise rules of the stages, in plain Python for cpu.py; seqkit.nn.cells is the specification.

Arithmetic is written so that a number does not depend on its place in a row: whole vectors, nothing fused by
the compiler.
"""

from typing import Any

import numpy as np

from seqkit.kernels.decode.plan import GRU, LSTM, MIN_GRU, RELU, RESET, TANH, UPDATE
from seqkit.kernels.primitives.activations.cpu import sigmoid, tanh

_LANES = 16


def pointwise(  # noqa: PLR0912  # a rule a branch
    op: int, panel: int, stage: Any, weights: Any, sums: Any, work: Any, low: int, size: int
) -> None:
    """From the sums (vectors, N) of a panel to the new h, for numbers low to low + size of each block."""
    for j in range(stage.units):
        block, high = panel * stage.units + j, low + size
        old, new = work[stage.old + block, low:high], work[stage.fresh + block, low:high]
        memory, a = work[stage.memory + block, low:high], sums[j, :size]
        at = a.ctypes.data
        if op == TANH:
            tanh(at, new.ctypes.data, size)
        elif op == RELU:
            for n in range(size):
                new[n] = np.float32(0.0) if a[n] < 0 else a[n]  # nan stays nan
        elif op == LSTM:
            f, g, o = sums[1, :size], sums[2, :size], sums[3, :size]
            if stage.extra >= 0:
                first = stage.extra + panel * 3 * _LANES
                p = weights[first : first + 3 * _LANES]
                for n in range(0, size, _LANES):
                    for k in range(_LANES):
                        a[n + k] += p[k] * memory[n + k]
                        f[n + k] += p[_LANES + k] * memory[n + k]
            sigmoid(at, at, size)
            sigmoid(f.ctypes.data, f.ctypes.data, size)
            tanh(g.ctypes.data, g.ctypes.data, size)
            for n in range(size):
                memory[n] = f[n] * memory[n] + a[n] * g[n]
            if stage.extra >= 0:
                for n in range(0, size, _LANES):
                    for k in range(_LANES):
                        o[n + k] += p[2 * _LANES + k] * memory[n + k]
            sigmoid(o.ctypes.data, o.ctypes.data, size)
            tanh(memory.ctypes.data, new.ctypes.data, size)
            for n in range(size):
                new[n] *= o[n]
        elif op == GRU:  # n, r, z, U h of n
            r, z, inner = sums[1, :size], sums[2, :size], sums[3, :size]
            sigmoid(r.ctypes.data, r.ctypes.data, size)
            sigmoid(z.ctypes.data, z.ctypes.data, size)
            for n in range(size):
                a[n] += r[n] * inner[n]
            tanh(at, at, size)
            for n in range(size):
                new[n] = a[n] + z[n] * (old[n] - a[n])
        elif op == RESET:  # r, z
            sigmoid(at, at, size)
            sigmoid(sums[stage.units + j].ctypes.data, memory.ctypes.data, size)
            for n in range(size):
                new[n] = a[n] * old[n]
        elif op == UPDATE:
            tanh(at, at, size)
            for n in range(size):
                new[n] = a[n] + memory[n] * (old[n] - a[n])
        elif op == MIN_GRU:  # z, n
            inner = sums[stage.units + j, :size]
            sigmoid(at, at, size)
            for n in range(size):
                new[n] = old[n] + a[n] * (inner[n] - old[n])
        else:
            for n in range(size):
                new[n] = a[n]
        if stage.input >= 0:
            into, out = work[stage.input + block, low:high], work[stage.out + block, low:high]
            for n in range(size):
                out[n] = into[n] + new[n]
