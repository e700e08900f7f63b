"""Matrices for the vector instructions: each row starts on a cache line and is padded with zeros."""

from typing import Annotated

import numpy as np

from seqkit.core.errors import ShapeError
from seqkit.core.types import Array, Floats

LANES = 16  # floats in a vector; a cache line of 64 bytes


def padded(dim: int) -> int:
    """`dim` rounded up to whole vectors."""
    return -(-dim // LANES) * LANES


def aligned(rows: int, size: int) -> Annotated[Floats, "N D"]:
    """A matrix of zeros that starts on a cache line; size must be whole vectors."""
    flat = np.zeros(rows * size + LANES, np.float32)
    start = -flat.ctypes.data % (4 * LANES) // 4
    return flat[start : start + rows * size].reshape(rows, size)


def check_rows(name: str, matrix: Array) -> None:
    """Raise ShapeError unless the vector instructions may read `matrix`."""
    size = matrix.shape[1]
    whole = (
        matrix.dtype == np.float32
        and matrix.flags.c_contiguous
        and size % LANES == 0
        and matrix.ctypes.data % (4 * LANES) == 0
    )
    if not whole:
        raise ShapeError(
            f"{name}: got a {matrix.dtype} matrix of {size} columns, expected one made by aligned(rows, "
            "padded(dim))."
        )
