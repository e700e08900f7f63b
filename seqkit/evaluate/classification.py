"""How well labels were found: accuracy and macro F1 with intervals, every class, and the confusion matrix.

Not handled: which texts were wrong (the caller knows); several tasks (one report each).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from seqkit.core.score import Score
from seqkit.core.types import Array, Floats
from seqkit.evaluate.metric import measured
from seqkit.evaluate.metrics.accuracy import Accuracy
from seqkit.evaluate.metrics.f1 import F1


@dataclass(frozen=True)
class Classification:
    """accuracy, f1: Scores. by_class: precision, recall, F1 of each. confusion[true, found]: counts."""

    accuracy: Score
    f1: Score
    classes: list[str]
    by_class: Annotated[Floats, "C P"]
    confusion: Annotated[Array, "C D"]

    def to_json(self) -> dict[str, Any]:
        """All numbers as plain JSON values; what cannot be computed is null."""
        names = ("precision", "recall", "f1")
        return {
            "accuracy": self.accuracy.to_json(),
            "macro_f1": self.f1.to_json(),
            "classes": self.classes,
            "by_class": {
                name: {k: None if np.isnan(v) else float(v) for k, v in zip(names, row, strict=True)}
                | {"count": int(n)}
                for name, row, n in zip(self.classes, self.by_class, self.confusion.sum(1), strict=True)
            },
            "confusion": self.confusion.tolist(),
        }


def classification(
    found: Annotated[Array, "N"],
    truth: Annotated[Array, "N"],
    classes: Sequence[Any],
    signature: dict[str, Any],
) -> Classification:
    """Compare class numbers with the true ones; a true -1 counts as missing."""
    there = truth >= 0
    missing, found, truth = int((~there).sum()), found[there], truth[there]
    accuracy, f1 = Accuracy(), F1(len(classes))
    scores = [
        measured("accuracy", accuracy, accuracy.stats(found, truth), missing, signature),
        measured("macro_f1", f1, f1.stats(found, truth), missing, signature),
    ]
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (truth, found), 1)
    by_class = f1.by_class(f1.stats(found, truth).sum(0))
    return Classification(scores[0], scores[1], [str(c) for c in classes], by_class, confusion)
