"""layer_norm.reference for one row of float32 in compiled code; sums are taken in any order."""

from typing import Any

import numpy as np

from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.layer_norm.reference import EPSILON

_EPSILON = np.float32(EPSILON)


@njit(nogil=True, fastmath={"contract", "reassoc"})
def normalise(x: Any, x_hat: Any) -> Any:
    """Fill x_hat; return s."""
    n = np.float32(len(x))
    mean = np.float32(0.0)
    for j in range(len(x)):
        mean += x[j]
    mean /= n
    variance = np.float32(0.0)
    for j in range(len(x)):
        variance += (x[j] - mean) * (x[j] - mean)
    scale = np.float32(1.0) / np.sqrt(variance / n + _EPSILON)
    for j in range(len(x)):
        x_hat[j] = (x[j] - mean) * scale
    return scale


@njit(nogil=True, fastmath={"contract", "reassoc"})
def normalise_back(d: Any, x_hat: Any, scale: Any) -> None:
    """d, the gradient of x_hat, becomes that of x."""
    n = np.float32(len(d))
    total, along = np.float32(0.0), np.float32(0.0)
    for j in range(len(d)):
        total += d[j]
        along += d[j] * x_hat[j]
    total /= n
    along /= n
    for j in range(len(d)):
        d[j] = scale * (d[j] - total - x_hat[j] * along)
