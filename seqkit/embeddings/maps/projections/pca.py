"""The directions in which the rows differ most: linear, quick, the same for any seed."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

import numpy as np

from seqkit.core.types import Array, Floats

__all__ = ["PCA"]


@dataclass(frozen=True)
class PCA:
    """y = (x - mean) U, U the eigenvectors of the covariance with the greatest eigenvalues (Pearson 1901).

    The greatest number of each eigenvector is positive, so that no map is a mirror image of itself.
    """

    seeded: ClassVar[bool] = False

    def fitted(self, count: int) -> Self:
        """The settings for `count` words: these."""
        return self

    def __call__(self, rows: Annotated[Floats, "N D"], dim: int, seed: int) -> Annotated[Array, "N C"]:
        """The places of `rows` in `dim` directions."""
        centred = rows - rows.mean(0, dtype=np.float64)
        _, U = np.linalg.eigh(centred.T @ centred)
        U = U[:, ::-1][:, :dim]
        U = U * np.sign(U[np.abs(U).argmax(0), np.arange(U.shape[1])])
        return np.pad(centred @ U, ((0, 0), (0, dim - U.shape[1])))
