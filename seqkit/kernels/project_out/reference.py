"""Take a subspace out of the rows of a matrix. The specification of project_out.cpu."""

from typing import Annotated

import numpy as np

from seqkit.core.types import Array

LEAST = 1e-6  # what must be left of a row to be made unit: float32 has seven digits


def neutralize(
    rows: Annotated[Array, "N D"],
    basis: Annotated[Array, "K D"],
    kept: Annotated[Array, "N"],
    unit: bool,
    out: Annotated[Array, "N D"],
) -> int:
    """out = x - Σ_k ⟨x, b_k⟩ b_k, or x where kept; if `unit`, divided by its length; in float64.

    Returns the first row that is nan or inf, or, if `unit`, not kept and of which less than LEAST is left; -1
    if there is none. A kept row of zeros stays so.
    """
    x = rows.astype(np.float64)
    y = x.copy()
    with np.errstate(invalid="ignore", over="ignore"):  # rows with nan or inf are found below
        for b in basis:  # orthonormal, so the order does not matter
            y -= np.where(kept, 0, (x * b).sum(1))[:, None] * b
        before, left = np.sqrt((x * x).sum(1)), np.sqrt((y * y).sum(1))
        bad = ~np.isfinite(before)
        if unit:
            bad |= ~kept & ~(left > LEAST * before)
            y /= np.where(left > 0, left, 1)[:, None]
        out[...] = y
    return int(np.argmax(bad)) if bad.any() else -1
