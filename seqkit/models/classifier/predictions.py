"""The command line's use of a classifier: predictions as lines or JSON, reports as tables.

Not handled: training (models.classifier.data).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seqkit.evaluate.classification import Classification, classification
from seqkit.models.classifier.data import check_known, to_part
from seqkit.models.classifier.model import TextClassifier
from seqkit.text.readers.labelled import labelled


@dataclass(frozen=True)
class Prediction:
    """The labels of a text, one for each task, and the probability of each label of each task."""

    text: str
    labels: list[Any]
    probabilities: list[dict[str, float]]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; with one task, without lists."""
        if len(self.labels) == 1:
            return {"text": self.text, "label": self.labels[0], "probabilities": self.probabilities[0]}
        return {"text": self.text, "labels": self.labels, "probabilities": self.probabilities}

    def line(self, proba: bool) -> str:
        """The labels between tabs, each with its tasks' probabilities behind it if asked for."""
        shown = []
        for label, p in zip(self.labels, self.probabilities, strict=True):
            shown += [
                str(label),
                *([" ".join(f"{name}={value:.4f}" for name, value in p.items())] if proba else []),
            ]
        return "\t".join(shown)


def predictions(model: TextClassifier, texts: Sequence[str]) -> list[Prediction]:
    """The predictions for texts, in their order."""
    fitted = model.fitted
    logits = fitted.logits(model.network, fitted.rows.ids(texts))
    best, probabilities, classes = (fitted.best(logits), fitted.probabilities(logits), fitted.targets.classes)
    return [
        Prediction(
            text,
            [names[c] for names, c in zip(classes, best[i], strict=True)],
            [
                dict(zip(map(str, names), p[i].tolist(), strict=True))
                for names, p in zip(classes, probabilities, strict=True)
            ],
        )
        for i, text in enumerate(texts)
    ]


def evaluate(model: TextClassifier, source: str, **reading: Any) -> list[Classification]:
    """Scores of a trained classifier on labelled texts, one report for each task.

    reading: as in text.readers.labelled.labelled.
    """
    rows = labelled(source, **reading)
    targets = model.fitted.targets
    check_known(rows, targets)
    texts, y = to_part(rows)
    found, truth = model.ids(texts, y)
    signature = {"reader": model.own.reader, "source": source, "unknown_words": model.unknown(texts)}
    return [
        classification(found[:, k], truth[:, k], targets.classes[k], signature)
        for k in range(len(targets.classes))
    ]


def tables(report: Classification) -> list[tuple[list[list[Any]], list[str]]]:
    """Rows and heads of two tables: every label, and which label was confused with which."""
    counts = report.confusion.sum(1).tolist()
    rows = [
        [name, *row.tolist(), n] for name, row, n in zip(report.classes, report.by_class, counts, strict=True)
    ]
    taken = [[name, *row] for name, row in zip(report.classes, report.confusion.tolist(), strict=True)]
    return [
        (rows, ["label", "precision", "recall", "F1", "count"]),
        (taken, ["true \\ found", *report.classes]),
    ]
