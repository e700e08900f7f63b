"""How well labels were found: accuracy and macro F1 with intervals, every class, and the confusion matrix.

Of sets of labels: micro and macro F1, whole sets that are right, and every label.

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
        return {
            "accuracy": self.accuracy.to_json(),
            "macro_f1": self.f1.to_json(),
            "classes": self.classes,
            "by_class": _by_name(self.classes, self.by_class, self.confusion.sum(1)),
            "confusion": self.confusion.tolist(),
        }


def _by_name(
    names: Sequence[str], rows: Annotated[Floats, "C P"], counts: Annotated[Array, "C"]
) -> dict[str, dict[str, float | None]]:
    """Precision, recall and F1 of each label, and how often it is true."""
    columns = ("precision", "recall", "f1")
    return {
        name: {k: None if np.isnan(v) else float(v) for k, v in zip(columns, row, strict=True)}
        | {"count": int(n)}
        for name, row, n in zip(names, rows, counts, strict=True)
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


@dataclass(frozen=True)
class SetsOfLabels:
    """micro_f1, macro_f1, accuracy (of whole sets): Scores. by_label: precision, recall, F1 of each."""

    micro_f1: Score
    macro_f1: Score
    accuracy: Score
    names: list[str]
    by_label: Annotated[Floats, "C P"]
    counts: Annotated[Array, "C"]

    def to_json(self) -> dict[str, Any]:
        """All numbers as plain JSON values; what cannot be computed is null."""
        return {
            "micro_f1": self.micro_f1.to_json(),
            "macro_f1": self.macro_f1.to_json(),
            "accuracy": self.accuracy.to_json(),
            "by_label": _by_name(self.names, self.by_label, self.counts),
        }


class _MicroF1(F1):
    def value(self, total: Annotated[Array, "S"]) -> float:
        return float(self.by_class(total.reshape(3, -1).sum(1))[0, 2])


def sets_of_labels(
    found: Annotated[Array, "N C"],
    truth: Annotated[Array, "N C"],
    names: Sequence[str],
    signature: dict[str, Any],
) -> SetsOfLabels:
    """Compare flags of labels (0, 1) with the true ones; texts whose true flags are -1 count as missing."""
    there = (truth >= 0).all(1)
    missing, found, truth = int((~there).sum()), found[there] > 0, truth[there] > 0
    stats = np.concatenate([found & truth, found & ~truth, ~found & truth], 1).astype(np.int64)
    macro, right = F1(len(names)), Accuracy().stats((found == truth).all(1))
    return SetsOfLabels(
        measured("micro_f1", _MicroF1(1), stats, missing, signature),
        measured("macro_f1", macro, stats, missing, signature),
        measured("accuracy", Accuracy(), right, missing, signature),
        list(names),
        macro.by_class(stats.sum(0)),
        truth.sum(0),
    )
