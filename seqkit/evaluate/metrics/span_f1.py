"""F1 of spans: a span is right if its type, its start and its end are."""

from collections.abc import Collection, Hashable, Sequence
from typing import Annotated

import numpy as np

from seqkit.core.types import Array

__all__ = ["SpanF1"]

Spans = Sequence[Collection[Hashable]]


class SpanF1:
    """F1 = 2 right / (predicted + true): harmonic mean of precision and recall, micro-averaged.

    Not handled: reading spans from tags (text.bioes).

    >>> metric = SpanF1()
    >>> predicted, true = [[("PER", 0, 2)], []], [[("PER", 0, 2)], [("LOC", 1, 2)]]
    >>> round(metric.value(metric.stats(predicted, true).sum(0)), 3)
    0.667
    """

    of = "spans"

    def stats(self, predictions: Spans, references: Spans) -> Annotated[Array, "N S"]:
        """Rows (right, predicted, true), one for each sentence."""
        pairs = [(set(p), set(r)) for p, r in zip(predictions, references, strict=True)]
        return np.array([(len(p & r), len(p), len(r)) for p, r in pairs], np.int64).reshape(-1, 3)

    def value(self, total: Annotated[Array, "S"]) -> float:
        """F1; nan if there is no span at all."""
        right, predicted, true = total.tolist()
        return 2 * right / (predicted + true) if predicted + true else float("nan")

    def precision(self, total: Annotated[Array, "S"]) -> float:
        """right / predicted; nan if none is predicted."""
        return float(total[0] / total[1]) if total[1] else float("nan")

    def recall(self, total: Annotated[Array, "S"]) -> float:
        """right / true; nan if there is none."""
        return float(total[0] / total[2]) if total[2] else float("nan")
