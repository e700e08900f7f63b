"""Scores of predicted labels: F1 of spans, over all and by type, and accuracy, with all counts.

Not handled: partial credit for spans that overlap.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.score import Score
from seqkit.core.types import Array
from seqkit.evaluate.metric import measured
from seqkit.evaluate.metrics.accuracy import Accuracy
from seqkit.evaluate.metrics.span_f1 import SpanF1
from seqkit.models.tagger.labels import Labels, Tags
from seqkit.text.bioes import Span, spans


def error(labels: Labels, predicted: Sequence[Sequence[str]], y: Sequence[Tags]) -> float:
    """1 - F1 of spans, or 1 - accuracy: what training lowers. 1 if there is nothing to score."""
    if labels.given is None:
        value = Accuracy().value(_right(predicted, y).sum(0))
    else:
        value = SpanF1().value(SpanF1().stats(*_spans(predicted, y)).sum(0))
    return 1.0 if math.isnan(value) else 1 - value


def check(labels: Labels, y: Sequence[Tags]) -> None:
    """Raise FormatError if labels that should be spans are not."""
    if labels.given is not None:
        for tags in y:
            spans([tag for tag in tags if tag is not None])


def scores(
    labels: Labels, predicted: Sequence[Sequence[str]], y: Sequence[Tags], known: Sequence[Sequence[bool]]
) -> list[Score]:
    """Scores of predictions against y, the main one first: F1 of spans (over all, by type), accuracy.

    missing: words without a label in y; F1 leaves out the sentences that have one. unseen: labels of y that
    are not in the training text, and are always wrong. Intervals are by sentence. known: whether a word has a
    number of its own.
    Raises:  FormatError if no label of y is in the training text.
    """
    true = [tag for tags in y for tag in tags if tag is not None]
    seen = {spelling for name in labels.names for spelling in _spellings(name, labels)}
    unseen = sum(tag not in seen for tag in true)
    if true and unseen == len(true):
        others = ", ".join(sorted(set(true))[:5])
        raise FormatError(
            f"tagger: got labels {others}, expected those of training, {', '.join(labels.names[:5])} … Is it "
            "the right column?"
        )
    missing = sum(tag is None for tags in y for tag in tags)
    common = {"sentences": len(y), "unseen": unseen}
    found = [_score("accuracy", Accuracy(), _right(predicted, y), missing, common)]
    new = [
        [tag if not k else None for tag, k in zip(tags, row, strict=True)]
        for tags, row in zip(y, known, strict=True)
    ]
    found.append(_score("accuracy of unknown words", Accuracy(), _right(predicted, new), missing, common))
    if labels.given is None:
        return found
    sides = _spans(predicted, y)
    lost = sum(len(tags) for tags in y if None in tags)
    kinds = sorted({span.kind for side in sides for row in side for span in row})
    made = [_score("F1", SpanF1(), SpanF1().stats(*sides), lost, common)]
    for kind in kinds if len(kinds) > 1 else []:
        own = [[[span for span in row if span.kind == kind] for row in side] for side in sides]
        made.append(_score(f"F1 {kind}", SpanF1(), SpanF1().stats(*own), lost, common))
    return made + found


def _score(name: str, metric: SpanF1 | Accuracy, stats: Array, missing: int, common: dict[str, int]) -> Score:
    total = stats.sum(0)
    signature: dict[str, Any] = dict(common)
    if isinstance(metric, SpanF1):
        parts = {"precision": metric.precision(total), "recall": metric.recall(total)}
        signature |= {part: None if math.isnan(value) else round(value, 4) for part, value in parts.items()}
    return measured(name, metric, stats, missing, signature, count=int(total[-1]))


def _right(predicted: Sequence[Sequence[str]], y: Sequence[Tags]) -> Annotated[Array, "N S"]:
    """Rows (right, 1) summed by sentence, over the words with a label."""
    rows = [
        [p == t for p, t in zip(*pair, strict=True) if t is not None]
        for pair in zip(predicted, y, strict=True)
    ]
    return np.array([(sum(row), len(row)) for row in rows], np.int64).reshape(-1, 2)


def _spans(
    predicted: Sequence[Sequence[str]], y: Sequence[Tags]
) -> tuple[list[list[Span]], list[list[Span]]]:
    """The spans of predictions and of y, without the sentences where a label is missing."""
    whole = [
        (p, [tag for tag in t if tag is not None]) for p, t in zip(predicted, y, strict=True) if None not in t
    ]
    return [spans(p) for p, _ in whole], [spans(t) for _, t in whole]


def _spellings(name: str, labels: Labels) -> list[str]:
    """The tags that a learnt label may become."""
    return [name] if labels.given is None or name == "O" else [f"{p}{name[1:]}" for p in "BIES"]
