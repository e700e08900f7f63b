"""Label errors by confident learning: rows whose label a model that never saw them contradicts.

Not handled: rows that belong to no class, or to several; where the probabilities come from (out of fold:
diagnosis.diagnose).
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from seqkit.core.errors import ShapeError
from seqkit.core.types import Array
from seqkit.evaluate.bootstrap import interval


@dataclass(frozen=True)
class LabelErrors:
    """What `find_label_errors` found among `count` rows.

    joint: estimated rows of given label i whose true label is j. share: off the diagonal, of all.
    suspects: rows, most certain first; `suggested` is the class that the model sees in every row.
    error: of the probabilities' first choice; sure_error: the same of the more certain half of the rows;
    chance: of always saying the most frequent label.
    """

    joint: Annotated[Array, "C C"]
    share: float
    interval: tuple[float, float] | None
    suspects: Annotated[Array, "N"]
    suggested: Annotated[Array, "N"]
    error: float
    sure_error: float
    chance: float

    @property
    def count(self) -> int:
        """Rows that were looked at."""
        return len(self.suggested)

    @property
    def judged(self) -> bool:
        """Whether the model knows the task well enough to tell wrong labels from its own ignorance."""
        return self.error <= 0.7 * self.chance

    @property
    def plateau(self) -> bool:
        """Whether certainty hardly lowers the error: true of wrong labels, not of hard texts."""
        return self.sure_error >= 0.6 * self.error > 0


def find_label_errors(
    probs: Annotated[Array, "N C"], given: Annotated[Array, "N"], *, seed: int = 1
) -> LabelErrors:
    """Confident learning on probabilities of rows that the model did not see in training.

    t_j = mean of p_j over rows labelled j;  a row counts as truly j if p_j >= t_j, the largest such j;
    C_ij counts rows labelled i that are truly j;  Q_ij = n_i · C_ij / Σ_j C_ij.
    The suspects of a label i are its Σ_j≠i Q_ij rows off the diagonal of C with the smallest p_i - max_k p_k.
    Raises:  ShapeError if the sizes differ or a class has no row.
    Source:  Northcutt, Jiang & Chuang 2021, sections 3.1 and 3.2.
    """
    n, classes = probs.shape
    counts = _counts(given, n, classes)
    own = probs[np.arange(n), given]
    thresholds = np.bincount(given, own, minlength=classes) / counts
    passed = np.where(probs >= thresholds, probs, -1.0)
    true = np.where(passed.max(1) >= 0, passed.argmax(1), -1)  # -1: nothing is sure of this row
    joint = _joint(given, true, counts)
    off = (true >= 0) & (true != given)
    top = np.sort(probs, 1)[:, -1]
    wrong = probs.argmax(1) != given
    surer = np.argsort(-top, kind="stable")[: (n + 1) // 2]

    def share(rows: Array) -> float:
        sure = true[rows] >= 0
        known = np.bincount(given[rows][sure], minlength=classes)
        moved = np.bincount(given[rows][off[rows]], minlength=classes)
        return float(np.bincount(given[rows], minlength=classes) @ (moved / np.maximum(known, 1)) / len(rows))

    return LabelErrors(
        joint,
        share(np.arange(n)),
        interval(share, n, seed=seed),
        _suspects(joint, given, off, own - top),
        probs.argmax(1),
        float(wrong.mean()),
        float(wrong[surer].mean()),
        1 - float(counts.max()) / n,
    )


def _counts(given: Array, n: int, classes: int) -> Annotated[Array, "C"]:
    """The rows of each label.  Raises:  ShapeError if there are not n labels, or a class has no row."""
    counts = np.bincount(given, minlength=classes) if given.shape == (n,) else np.zeros(0, np.int64)
    if counts.shape != (classes,) or not counts.all():
        raise ShapeError(
            f"label errors: got {given.shape} labels for probabilities {(n, classes)}, expected one for each "
            "row, and a row for each class."
        )
    return counts


def _joint(given: Array, true: Array, counts: Annotated[Array, "C"]) -> Annotated[Array, "C C"]:
    """Q of rows labelled `given` that are truly `true`, -1: unknown."""
    joint = np.zeros((len(counts), len(counts)))
    np.add.at(joint, (given[true >= 0], true[true >= 0]), 1)
    unknown = joint.sum(1) == 0
    joint[unknown] += np.eye(len(counts))[unknown]  # nothing known of a label: taken as right
    joint *= (counts / joint.sum(1))[:, None]
    return joint


def _suspects(joint: Array, given: Array, off: Array, margin: Array) -> Annotated[Array, "M"]:
    """The rows of `off` with the smallest margins, as many of each label as its Q has, most certain first."""
    order = np.argsort(margin, kind="stable")
    taken = [order[(off & (given == i))[order]][: round(row.sum() - row[i])] for i, row in enumerate(joint)]
    suspects = np.concatenate(taken)
    return np.asarray(suspects[np.argsort(margin[suspects], kind="stable")])
