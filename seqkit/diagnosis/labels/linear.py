"""A linear classifier on words and pairs of neighbouring words: the baseline, and the judge of labels.

Not handled: saving (it trains in a second).
"""

from collections.abc import Sequence
from typing import Annotated, Any, Self

import numpy as np

from seqkit.core.errors import OptionError
from seqkit.core.types import Array
from seqkit.text.splits import folds


class LinearClassifier:
    """softmax(W x + b), x: tf-idf of words and pairs, 1 + log tf; minimises |W|²/2 + strength · loss.

    >>> fitted = LinearClassifier().fit(["a good film", "a bad film"] * 4, ["1", "0"] * 4)
    >>> fitted.predict_proba(["good"]).argmax().item()
    1
    """

    def __init__(self, strength: float = 10.0) -> None:
        self.strength = strength
        self._pipeline: Any = None

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Self:
        """Learn; the same data give the same weights."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]", sublinear_tf=True)
        self._pipeline = make_pipeline(words, LogisticRegression(C=self.strength, max_iter=300)).fit(
            list(texts), list(labels)
        )
        return self

    def predict_proba(self, texts: Sequence[str]) -> Annotated[Array, "N C"]:
        """A probability for each of the sorted labels."""
        if self._pipeline is None:
            raise OptionError("LinearClassifier: it is not trained. Call fit.")
        return self._pipeline.predict_proba(list(texts))


def out_of_fold(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    count: int = 5,
    groups: Sequence[str] | None = None,
    seed: int = 1,
) -> Annotated[Array, "N C"]:
    """Probabilities of every row by a linear classifier that was trained on the other folds.

    A label that is missing in the other folds gets 0; the only label in them gets 1.
    """
    classes = sorted(set(labels))
    found = np.zeros((len(texts), len(classes)))
    for rows in folds(labels, count, groups=groups, seed=seed):
        rest = np.setdiff1d(np.arange(len(texts)), rows)
        known = sorted({labels[i] for i in rest})
        columns = np.searchsorted(classes, known)
        if len(known) < 2:
            found[np.ix_(rows, columns)] = 1.0
            continue
        model = LinearClassifier().fit([texts[i] for i in rest], [labels[i] for i in rest])
        found[np.ix_(rows, columns)] = model.predict_proba([texts[i] for i in rows])
    return found
