"""Suspected wrong labels of training: a linear classifier, trained on the other folds, judges each row.

Not handled: labels with fewer rows than there are folds (left out and counted); tasks that a linear
classifier cannot learn.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.types import Array
from seqkit.diagnosis.labels.confident_learning import LabelErrors, find_label_errors
from seqkit.diagnosis.labels.linear import LinearClassifier, out_of_fold
from seqkit.diagnosis.parts import Part
from seqkit.text import splits


@dataclass(frozen=True)
class JudgedLabels:
    """What was found, also as plain values, and the linear classifier trained on all judged rows."""

    found: LabelErrors
    table: dict[str, Any]
    classes: list[str]
    judge: LinearClassifier

    def wrong(self, texts: Sequence[str], labels: Sequence[str]) -> Annotated[Array, "N"]:
        """The errors of the linear classifier on other rows: the baseline."""
        said = np.array(self.classes)[self.judge.predict_proba(texts).argmax(1)]
        return np.asarray(said != np.array(labels))


def judge_labels(part: Part, *, folds: int = 5, most: int = 20_000, seed: int = 1) -> JudgedLabels:
    """Judge the labels of a part, of at most `most` rows of it.

    Raises:  FormatError if fewer than two labels have a row for every fold.
    """
    rows, labels = np.arange(len(part.labels)), part.labels
    if len(rows) > most:
        rows = splits.folds(labels, -(-len(rows) // most), groups=part.groups, seed=seed)[0]
    counts = Counter(labels[i] for i in rows.tolist())
    known = sorted(label for label, count in counts.items() if count >= folds)
    if len(known) < 2:
        raise FormatError(
            f"train: fewer than 2 labels have {folds} rows, one a fold. Give more rows, or lower folds."
        )
    kept = [i for i in rows.tolist() if labels[i] in known]
    texts, given = [part.texts[i] for i in kept], [labels[i] for i in kept]
    groups = None if part.groups is None else [part.groups[i] for i in kept]
    probs = out_of_fold(texts, given, count=folds, groups=groups, seed=seed)
    found = find_label_errors(probs, np.searchsorted(known, given), seed=seed)
    suspects = [
        {
            "row": kept[i] + 1,
            "where": part.where(kept[i]),
            "text": texts[i],
            "label": given[i],
            "suggested": known[found.suggested[i]],
            "probability": float(probs[i].max()),
        }
        for i in found.suspects.tolist()
    ]
    table = _table(found, len(labels), known) | {"rows": suspects}
    return JudgedLabels(found, table, known, LinearClassifier().fit(texts, given))


def _table(found: LabelErrors, rows: int, classes: list[str]) -> dict[str, Any]:
    return {
        "share": found.share,
        "interval": found.interval,
        "count": found.count,
        "missing": rows - found.count,
        "suspects": len(found.suspects),
        "classes": classes,
        "joint": found.joint.round(1).tolist(),
    }
