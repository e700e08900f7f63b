"""Sums over the unit rows u of a matrix: Σ u, Σ u uᵀ, and Σ u uᵀ of some rows.

What a CPU runs, and the specification of second_moments.gpu.
"""

from typing import Annotated

import numpy as np

from seqkit.core.types import Array

ROWS = 1 << 14
Sums = tuple[Annotated[Array, "D"], Annotated[Array, "D D"], Annotated[Array, "D D"]]


def sums(matrix: Annotated[Array, "V D"], free: Annotated[Array, "V"]) -> Sums:
    """In float64, the third sum over the rows that are `free`; a row of zeros stays so.

    Where a row is nan or inf, all sums are nan in some places.
    """
    dim = matrix.shape[1]
    total, every, some = np.zeros(dim), np.zeros((dim, dim)), np.zeros((dim, dim))
    with np.errstate(invalid="ignore", over="ignore"):
        for start in range(0, len(matrix), ROWS):
            x = matrix[start : start + ROWS].astype(np.float64)
            length = np.linalg.norm(x, axis=1, keepdims=True)
            x = x / np.where(length > 0, length, 1)
            total += x.sum(0)
            every += x.T @ x
            part = x[free[start : start + len(x)]]
            some += part.T @ part
    return total, every, some
