"""x → M x + c for each row, in float64. What a CPU runs, and the specification of affine_rows.gpu."""

from typing import Annotated

import numpy as np

from seqkit.core.types import Array


def affine(
    rows: Annotated[Array, "N D"],
    linear: Annotated[Array, "D D"],
    shift: Annotated[Array, "D"],
    unit: bool,
) -> Annotated[Array, "N D"]:
    """M x + c; with `unit`, of x made unit first, and a row of zeros stays."""
    x = rows.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # nan and inf are found later
        if not unit:
            return np.asarray(x @ linear.T + shift)
        length = np.linalg.norm(x, axis=1, keepdims=True)
        x /= np.where(length > 0, length, 1)
        return np.asarray(np.where(length == 0, 0, x @ linear.T + shift))
