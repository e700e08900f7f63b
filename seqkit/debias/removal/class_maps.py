"""A step with one affine map for the words of each class, where one map of all words is not enough.

Not handled: finding the maps (methods.transport).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np

from seqkit.core.types import Array, Arrays
from seqkit.debias.removal.steps import Block, Step


@dataclass(frozen=True, eq=False)
class ClassMaps(Step):
    """y ← y + w (T_k y + c_k - y), projected and made unit again; protected words stay.

    k is the class that leads in the part that the word had in the subspace, and w = min(1, its lead /
    `lead`)^sharpness: a word that leads by `lead` or more is moved all the way.

    Shapes:  corners (C, K): the classes in the subspace; maps T (C, D, D), shifts c (C, D) float64.
    """

    basis: Annotated[Array, "K D"]
    corners: Annotated[Array, "C K"]
    maps: Annotated[Array, "C D D"]
    shifts: Annotated[Array, "C D"]
    lead: float
    sharpness: float

    def __post_init__(self) -> None:
        self._freeze("basis", "corners", "maps", "shifts")

    def apply(self, block: Block) -> None:
        """Move the rows of the words that are not protected."""
        free = ~block.kept
        before = block.before[free]
        inside = before @ self.basis.T / np.linalg.norm(before, axis=1, keepdims=True)
        x = self.moved(block.rows[free].astype(np.float64), inside)
        x -= x @ self.basis.T @ self.basis
        block.rows[free] = x / np.linalg.norm(x, axis=1, keepdims=True)

    def moved(self, y: Annotated[Array, "N D"], inside: Annotated[Array, "N K"]) -> Annotated[Array, "N D"]:
        """Words y after their maps.  inside: the parts in the subspace that they had, of unit rows."""
        which, lead = leading(self.corners, inside)
        weight = np.minimum(1.0, lead / self.lead) ** self.sharpness
        out = y.copy()
        for k in range(len(self.maps)):
            own = which == k
            out[own] += weight[own, None] * (y[own] @ self.maps[k].T + self.shifts[k] - y[own])
        return out

    def arrays(self) -> Arrays:
        """corners, maps, shifts, and lead (with sharpness)."""
        return {
            "corners": self.corners,
            "maps": self.maps,
            "shifts": self.shifts,
            "lead": np.array([self.lead, self.sharpness]),
        }

    @classmethod
    def of(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self | None:
        """Out of `maps`."""
        if "maps" not in arrays:
            return None
        basis, corners, maps, shifts = (arrays[name] for name in ("basis", "corners", "maps", "shifts"))
        return cls(basis, corners, maps, shifts, *map(float, arrays["lead"]))


def leading(
    corners: Annotated[Array, "C K"], inside: Annotated[Array, "N K"]
) -> tuple[Annotated[Array, "N"], Annotated[Array, "N"]]:
    """The class that leads in the words' parts in the subspace, and by how much."""
    scores = inside @ corners.T
    ordered = np.sort(scores, axis=1)
    return scores.argmax(1), ordered[:, -1] - ordered[:, -2]
