"""Iterative nullspace projection: take out what a linear classifier sees, until it sees nothing.

Not handled: what a curved classifier sees.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from seqkit.core import rng
from seqkit.core.errors import TrainingError
from seqkit.core.options import option
from seqkit.core.types import Array
from seqkit.debias.removal.base import BiasMethod
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.statistics import classes_of
from seqkit.debias.removal.steps import Project
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["INLP"]
_SPAN = 1e-4  # a direction smaller than this, of unit ones, is rounding of the classifier


@dataclass(frozen=True)
class INLP(BiasMethod):
    """P = I - proj(rowspace of w_1, w_2, …), w_i a linear classifier of the classes, trained on x P.

    P is built anew from all w_i in each round, not multiplied from projections, which would let rounding pile
    up. It ends when the classifier does no better on held-out words than naming the largest class (plus
    `margin`), or after `rounds`. Classes: the most biased words of each column and as many neutral ones, or
    the words of the named `lists`. Every word is projected, specific ones too.

    Source: Ravfogel et al. 2020, arXiv:2004.07667, algorithm 1.
    """

    promises = frozenset({"orthogonal", "idempotent", "blind"})
    rounds: int = option(35, low=1, help="classifiers at most")
    margin: float = option(
        0.02, low=0, high=1, help="accuracy above the largest class's share at which it ends"
    )
    classifier: Literal["logistic", "svm", "ridge"] = option("logistic", help="linear classifier")
    examples: int = option(2500, low=2, help="words of each class")
    lists: tuple[str, ...] = option(
        (), help="named lists of the word sets as classes, instead of the most biased words"
    )
    held_out: float = option(
        0.3, low=0.05, high=0.9, help="share of the words that the classifier is tested on"
    )
    seed: int = option(1, low=0, high=2**63 - 1, help="seed of the split")

    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Train classifiers, one after the other.

        Raises:  TrainingError if all directions would be taken before the classifier is blind.
        """
        kept, lost = self.known(vectors, words, self.lists)
        rows, classes = classes_of(vectors, kept, self.lists, self.examples)
        order = rng.permutation(rng.stream(self.seed, 0), len(rows))
        x, y = vectors.matrix[rows[order]].astype(np.float64), classes[order]
        test = max(1, int(self.held_out * len(y)))
        largest = float(np.bincount(y[:test]).max() / test)
        basis, normals = np.zeros((0, vectors.dim)), np.zeros((0, vectors.dim))
        scores: list[float] = []
        for _ in range(self.rounds):
            seen = x - x @ basis.T @ basis
            fitted = self._classifier().fit(seen[test:], y[test:])
            scores.append(float(fitted.score(seen[:test], y[:test])))
            if scores[-1] <= largest + self.margin:
                break
            normals = np.concatenate([normals, _unit(np.atleast_2d(fitted.coef_))])
            basis = _span(normals)
            if len(basis) >= vectors.dim - 1:
                raise TrainingError(
                    f"INLP: after {len(scores)} rounds {len(basis)} of {vectors.dim} directions are taken, "
                    f"and the classes are still told apart ({scores[-1]:.2f}, largest class {largest:.2f}). "
                    "Set fewer rounds, or a larger margin."
                )
        found = {
            "accuracy": scores,
            "largest_class": largest,
            "train": len(y) - test,
            "test": test,
            "taken": len(basis),
        }
        return Eraser("inlp", (Project(basis),), report=self.reported(words, lost, probe=found))

    def _classifier(self) -> Any:
        from sklearn.linear_model import LogisticRegression, RidgeClassifier
        from sklearn.svm import LinearSVC

        if self.classifier == "logistic":
            return LogisticRegression(max_iter=1000)
        return LinearSVC(dual=False) if self.classifier == "svm" else RidgeClassifier()


def _span(rows: Array) -> Array:
    """An orthonormal basis of the space of the rows."""
    _, sigma, right = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(right[sigma > _SPAN * sigma[0]])


def _unit(rows: Array) -> Array:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray((rows / np.where(length > 0, length, 1))[length[:, 0] > 0])
