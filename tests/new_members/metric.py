"""Word error rate of whole texts. File: seqkit/evaluate/metrics/word_errors.py.

Not handled: texts that must be cut by other rules than white space.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from seqkit.core.types import Array

__all__ = ["WordErrors"]


class WordErrors:
    """Words to change, add or leave out, in 100 words of the references; 0 is best.

    >>> WordErrors().stats(["a b c"], ["a x c d"]).tolist()
    [[2, 4]]
    """

    of = "texts"
    name = "WER"

    def stats(self, predictions: Sequence[str], references: Sequence[str]) -> Annotated[Array, "N S"]:
        """Rows (errors, words of the reference)."""
        rows = [
            (_distance(text.split(), reference.split()), len(reference.split()))
            for text, reference in zip(predictions, references, strict=True)
        ]
        return np.array(rows, np.int64).reshape(-1, 2)

    def value(self, total: Annotated[Array, "S"]) -> float:
        """100 · errors / words; nan without words."""
        return float(100 * total[0] / total[1]) if total[1] else float("nan")

    def signature(self) -> str:
        """How texts are cut."""
        return "WER|cut:whitespace"


def _distance(a: list[str], b: list[str]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        before, row = row, [i]
        for j, other in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (word != other)))
    return row[-1]
