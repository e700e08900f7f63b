"""Suspected label errors of training: a linear classifier judges every row by what it learnt from the other
folds.

Not handled: labels with fewer rows than there are folds (left out and counted); tasks that a linear
classifier cannot learn.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.types import Array
from seqkit.diagnosis.confident_learning import LabelErrors, find_label_errors
from seqkit.diagnosis.linear import LinearClassifier, out_of_fold
from seqkit.text import splits


@dataclass(frozen=True)
class Part:
    """One part of the data.  slices: name -> a value a row, to be looked at apart. groups: rows that belong
    together.
    """

    texts: Sequence[str]
    labels: Sequence[str]
    groups: Sequence[str] | None = None
    slices: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """What the judge found, as plain values too, and the judge trained on all rows that it saw."""

    found: LabelErrors
    table: dict[str, Any]
    classes: list[str]
    judge: LinearClassifier

    def wrong(self, texts: Sequence[str], labels: Sequence[str]) -> Annotated[Array, "N"]:
        """The errors of the linear classifier on other rows: the baseline."""
        said = np.array(self.classes)[self.judge.predict_proba(texts).argmax(1)]
        return np.asarray(said != np.array(labels))


def judge_labels(part: Part, *, folds: int = 5, most: int = 20_000, shown: int = 30, seed: int = 1) -> Judged:
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
            f"train: fewer than 2 labels have {folds} rows, one a fold. Bring more rows, or lower folds."
        )
    kept = [i for i in rows.tolist() if labels[i] in known]
    texts, given = [part.texts[i] for i in kept], [labels[i] for i in kept]
    groups = None if part.groups is None else [part.groups[i] for i in kept]
    probs = out_of_fold(texts, given, count=folds, groups=groups, seed=seed)
    found = find_label_errors(probs, np.searchsorted(known, given), seed=seed)
    suspects = [
        {
            "row": kept[i] + 1,
            "text": texts[i],
            "label": given[i],
            "suggested": known[found.suggested[i]],
            "probability": float(probs[i].max()),
        }
        for i in found.suspects[:shown].tolist()
    ]
    table = {
        "share": found.share,
        "interval": found.interval,
        "count": found.count,
        "missing": len(labels) - found.count,
        "suspects": len(found.suspects),
        "classes": known,
        "joint": found.joint.round(1).tolist(),
        "rows": suspects,
    }
    return Judged(found, table, known, LinearClassifier().fit(texts, given))
