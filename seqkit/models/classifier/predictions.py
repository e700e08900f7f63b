"""The command line's use of a classifier: predictions as lines or JSON, reports as tables.

Not handled: training (models.classifier.data).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqkit.core.score import Score
from seqkit.core.types import Array, Ids
from seqkit.evaluate.classification import Classification, SetsOfLabels, classification, sets_of_labels
from seqkit.models.classifier.data import check_known, to_part
from seqkit.models.classifier.model import TextClassifier
from seqkit.text.readers.labelled import labelled


@dataclass(frozen=True)
class Prediction:
    """The labels of a text, one for each task, and the probability of each label of each task; none if blank.

    any_number: the labels are a set, likeliest first, and the probabilities are one table of all labels.
    """

    text: str
    labels: list[Any]
    probabilities: list[dict[str, float]]
    any_number: bool = False

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; with one task, without lists."""
        if self.any_number:
            return {"text": self.text, "labels": self.labels, "probabilities": self.probabilities[0]}
        if not self.probabilities:
            return {"text": self.text, "label": None, "probabilities": {}}
        if len(self.labels) == 1:
            return {"text": self.text, "label": self.labels[0], "probabilities": self.probabilities[0]}
        return {"text": self.text, "labels": self.labels, "probabilities": self.probabilities}

    def line(self, proba: bool) -> str:
        """The labels between tabs, each with its task's probabilities behind it if asked for."""
        chances = [" ".join(f"{name}={value:.4f}" for name, value in p.items()) for p in self.probabilities]
        if self.any_number:
            return "\t".join([*self.labels, *(chances if proba else [])])
        pairs = zip(self.labels, chances, strict=True)
        return "\t".join(cell for label, p in pairs for cell in [str(label), *([p] if proba else [])])


def predictions(model: TextClassifier, texts: Sequence[str], *, threshold: float = 0.5) -> list[Prediction]:
    """The predictions for texts, in their order.  threshold: as in TextClassifier.predict.

    A blank text has no label. Warns of texts that are mostly unknown words.
    """
    if len(said := [text for text in texts if text.strip()]) < len(texts):
        found = iter(predictions(model, said, threshold=threshold))
        return [next(found) if text.strip() else Prediction(text, [], []) for text in texts]
    fitted, targets = model.fitted, model.fitted.targets
    ids = fitted.rows.ids(texts)
    fitted.rows.codec.warn_of_unknown("predict", ids)
    logits = fitted.logits(model.network, ids)
    best = fitted.best(logits, threshold)
    if targets.names is not None:
        rows = zip(texts, best, fitted.chances(logits), strict=True)
        return [_of_set(*row, targets.names) for row in rows]
    probabilities = fitted.probabilities(logits)
    return [
        Prediction(
            text,
            [names[c] for names, c in zip(targets.classes, best[i], strict=True)],
            [
                dict(zip(map(str, names), p[i].tolist(), strict=True))
                for names, p in zip(targets.classes, probabilities, strict=True)
            ],
        )
        for i, text in enumerate(texts)
    ]


def _of_set(text: str, best: Ids, chances: Array, names: Sequence[str]) -> Prediction:
    order = [k for k in np.argsort(-chances, kind="stable").tolist() if best[k]]
    every = dict(zip(names, chances.tolist(), strict=True))
    return Prediction(text, [names[k] for k in order], [every], any_number=True)


def evaluate(
    model: TextClassifier, source: str, *, threshold: float = 0.5, **reading: Any
) -> list[Classification | SetsOfLabels]:
    """Scores of a trained classifier on labelled texts, one report for each task, or one of sets of labels.

    reading: as in text.readers.labelled.labelled.
    """
    rows = labelled(source, **reading)
    targets = model.fitted.targets
    check_known(rows, targets)
    texts, y = to_part(rows)
    found, truth = model.ids(texts, y, threshold=threshold)
    signature = {"reader": model.own.reader, "source": source, "unknown_words": model.unknown(texts)}
    if targets.names is not None:
        return [sets_of_labels(found, truth, targets.names, signature | {"threshold": threshold})]
    return [
        classification(found[:, k], truth[:, k], targets.classes[k], signature)
        for k in range(len(targets.classes))
    ]


def scores(report: Classification | SetsOfLabels) -> list[Score]:
    """The numbers that a report begins with."""
    if isinstance(report, SetsOfLabels):
        return [report.micro_f1, report.macro_f1, report.accuracy]
    return [report.accuracy, report.f1]


def tables(report: Classification | SetsOfLabels) -> list[tuple[list[list[Any]], list[str]]]:
    """Rows and heads of tables: every label; where each text has one, which was confused with which."""
    head = ["label", "precision", "recall", "F1", "count"]
    if isinstance(report, SetsOfLabels):
        named = zip(report.names, report.by_label.tolist(), report.counts.tolist(), strict=True)
        return [([[name, *row, n] for name, row, n in named], head)]
    counts = report.confusion.sum(1).tolist()
    rows = [
        [name, *row.tolist(), n] for name, row, n in zip(report.classes, report.by_class, counts, strict=True)
    ]
    taken = [[name, *row] for name, row in zip(report.classes, report.confusion.tolist(), strict=True)]
    return [
        (rows, head),
        (taken, ["true \\ found", *report.classes]),
    ]
