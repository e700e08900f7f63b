"""Precision, recall and F1 of the classes of a classifier. Classes are numbers 0 .. C - 1.

Not handled: several labels for one item; spans (span_f1).
"""

from typing import Annotated

import numpy as np

from seqkit.core.errors import OptionError
from seqkit.core.types import Array

__all__ = ["F1"]


class F1:
    """P = tp / (tp + fp),  R = tp / (tp + fn),  F1 = 2 P R / (P + R) = 2 tp / (2 tp + fp + fn).

    Macro F1 is the mean over classes.

    >>> metric = F1(2)
    >>> metric.value(metric.stats(np.array([1, 1, 0]), np.array([1, 0, 0])).sum(0)).__round__(3)
    0.667
    """

    of = "labels"

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def stats(
        self, predictions: Annotated[Array, "N"], references: Annotated[Array, "N"] | None = None
    ) -> Annotated[Array, "N S"]:
        """Rows of tp, fp, fn of every class: 3 C numbers."""
        if references is None:
            raise OptionError("f1: got no references, expected as many as predictions.")
        each = np.arange(self.classes)
        said, is_ = np.asarray(predictions)[:, None] == each, np.asarray(references)[:, None] == each
        return np.concatenate([said & is_, said & ~is_, ~said & is_], 1).astype(np.int64)

    def value(self, total: Annotated[Array, "S"]) -> float:
        """The macro F1: the mean over the classes that occur; nan for none."""
        f1 = self.by_class(total)[:, 2]
        there = f1[~np.isnan(f1)]
        return float(there.mean()) if len(there) else float("nan")

    def by_class(self, total: Annotated[Array, "S"]) -> Annotated[Array, "C P"]:
        """Precision, recall and F1 of each class; nan where the denominator is 0."""
        tp, fp, fn = total.reshape(3, -1).astype(np.float64)
        with np.errstate(invalid="ignore"):
            return np.stack([tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)], 1)
