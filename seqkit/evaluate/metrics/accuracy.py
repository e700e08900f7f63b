"""Accuracy: the share of items that are right."""

from typing import Annotated

import numpy as np

from seqkit.core.types import Array

__all__ = ["Accuracy"]


class Accuracy:
    """right / all.

    >>> Accuracy().value(Accuracy().stats(np.array([1, 2, 3]), np.array([1, 2, 4])).sum(0)).__round__(3)
    0.667
    """

    of = "labels"

    def stats(
        self, predictions: Annotated[Array, "N"], references: Annotated[Array, "N"] | None = None
    ) -> Annotated[Array, "N S"]:
        """Rows (right, 1); without references the predictions say themselves whether they are right."""
        right = (
            np.asarray(predictions, bool)
            if references is None
            else np.asarray(predictions) == np.asarray(references)
        )
        return np.stack([right, np.ones_like(right)], 1).astype(np.int64)

    def value(self, total: Annotated[Array, "S"]) -> float:
        """right / all; nan for no items."""
        return float(total[0] / total[1]) if total[1] else float("nan")
