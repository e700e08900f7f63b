"""Unit rows and orthonormal subspaces, checked."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from seqkit.core.errors import FormatError, ShapeError
from seqkit.core.types import Array

TINY = 1e-9  # a spread or length below this, on the scale of cosines, is rounding


def unit(
    where: str, rows: Annotated[Array, "N D"], words: Sequence[str] | None = None
) -> Annotated[Array, "N D"]:
    """Rows at length 1, float64.

    Raises:  FormatError naming the first row that is zero or not finite.
    """
    rows = np.asarray(rows, np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if len(bad):
        name = repr(words[bad[0]]) if words is not None else f"row {bad[0]}"
        what = "zero" if lengths[bad[0]] == 0 else "not finite"
        raise FormatError(
            f"{where}: the vector of {name} is {what}, so it has no cosine. Leave it out, or correct it."
        )
    return rows / lengths[:, None]


def orthonormal(where: str, basis: Array, dim: int) -> Annotated[Array, "K D"]:
    """The bias subspace as float64 rows: one direction (D,) is scaled to length 1, rows must be orthonormal.

    Raises:  ShapeError for another size, k >= D or rows that are not orthonormal; FormatError for a zero
             direction.
    """
    rows = np.asarray(basis, np.float64)
    rows = unit(where, rows[None], ["the direction"]) if rows.ndim == 1 else rows
    if rows.ndim != 2 or rows.shape[1] != dim or not 1 <= len(rows) < dim:
        raise ShapeError(
            f"{where}: got a basis of shape {np.shape(basis)}, expected (k, {dim}) with 1 <= k < {dim}."
        )
    if not np.allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-5):
        raise ShapeError(
            f"{where}: the {len(rows)} rows of the basis are not orthonormal. Make them so first."
        )
    return rows
