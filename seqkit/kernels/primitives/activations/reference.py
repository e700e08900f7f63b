"""Operations on rows, as arrays: the specification. Each writes `out`, which may be an input row."""

import numpy as np

from seqkit.core.types import Array


def sigmoid(x: Array, out: Array) -> None:
    """out = σ(x) = 1 / (1 + e^-x)."""
    out[:] = 1 / (1 + np.exp(-x.astype(np.float64)))


def tanh(x: Array, out: Array) -> None:
    """out = tanh(x)."""
    out[:] = np.tanh(x.astype(np.float64))


def exponential(x: Array, shift: float, out: Array) -> None:
    """out = e^(x - shift), differences below -80 counted as -80."""
    out[:] = np.exp(np.maximum(x - np.float32(shift), -80.0))


def copy(x: Array, out: Array) -> None:
    """out = x."""
    out[:] = x


def add(x: Array, y: Array, out: Array) -> None:
    """out = x + y."""
    out[:] = x + y


def widen(x: Array) -> Array:
    """The float32 numbers of bfloat16 ones, given as uint16."""
    return (x.astype(np.uint32) << 16).view(np.float32)


def add_low(x: Array, y: Array, out: Array) -> None:
    """out = x + y of bfloat16 rows, given as uint16; the sum is float32."""
    out[:] = widen(x) + widen(y)


def narrow(x: Array, out: Array) -> None:
    """out = x rounded to the nearest bfloat16, ties to even, as uint16. Not for nan."""
    whole = x.view(np.uint32)
    out[:] = ((whole + 0x7FFF + ((whole >> 16) & 1)) >> 16).astype(np.uint16)
