"""A map of its own for the words of each class: what an eraser does where one map of all words is not enough.

Not handled: finding the maps (methods.transport).
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from seqkit.core.types import Array, Arrays


@dataclass(frozen=True, eq=False)
class Sides:
    """y ← y + w (T_k y + c_k - y): a word of class k that leads by `lead` goes all the way, else w = (its own
    / lead)^sharpness.

    Shapes:  corners (C, K): the classes in the subspace; maps T (C, D, D), shifts c (C, D) float64.
    """

    corners: Annotated[Array, "C K"]
    maps: Annotated[Array, "C D D"]
    shifts: Annotated[Array, "C D"]
    lead: float
    sharpness: float

    def move(self, y: Annotated[Array, "N D"], inside: Annotated[Array, "N K"]) -> Annotated[Array, "N D"]:
        """Words y after their maps, given the parts in the subspace that they had."""
        which, lead = leading(self.corners, inside)
        weight = np.minimum(1.0, lead / self.lead) ** self.sharpness
        out = y.copy()
        for k in range(len(self.maps)):
            own = which == k
            out[own] += weight[own, None] * (y[own] @ self.maps[k].T + self.shifts[k] - y[own])
        return out

    def arrays(self) -> Arrays:
        """To be saved."""
        return {
            "corners": self.corners,
            "maps": self.maps,
            "shifts": self.shifts,
            "lead": np.array([self.lead, self.sharpness]),
        }

    @staticmethod
    def of(arrays: Arrays) -> "Sides | None":
        """Taken out of what was saved, if it is there."""
        if "maps" not in arrays:
            return None
        corners, maps, shifts, lead = (arrays.pop(name) for name in ("corners", "maps", "shifts", "lead"))
        return Sides(corners, maps, shifts, *map(float, lead))


def leading(
    corners: Annotated[Array, "C K"], inside: Annotated[Array, "N K"]
) -> tuple[Annotated[Array, "N"], Annotated[Array, "N"]]:
    """The class that leads in the words' parts in the subspace, and by how much."""
    scores = inside @ corners.T
    ordered = np.sort(scores, axis=1)
    return scores.argmax(1), ordered[:, -1] - ordered[:, -2]
