"""LEACE: the smallest change of vectors after which no linear classifier can tell the classes; closed form.

Not handled: what a curved classifier sees.
"""

from dataclasses import dataclass

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.options import option
from seqkit.core.types import Array
from seqkit.debias.removal.base import BiasMethod
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.statistics import ROWS, classes_of
from seqkit.debias.removal.steps import Affine, Project
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["LEACE"]
_SPAN = 1e-8  # of the largest eigenvalue or correlation: below it is rounding


@dataclass(frozen=True)
class LEACE(BiasMethod):
    """r(x) = x - W⁺ P W (x - E x),  W = (Σ_xx^{1/2})⁺,  P the projection on the columns of W Σ_xz.

    z is the class as one-hot; Cov(r(x), z) = 0, so the classes have one mean and every linear classifier does
    no better than the constant one on the words it was fitted to. Of all affine maps that do so this one
    changes x least in the mean square.
    Classes: as INLP. Every word is mapped, specific ones too.   Source: Belrose et al. 2023,
    arXiv:2306.03819, theorem 4.3.
    """

    promises = frozenset({"idempotent", "blind"})
    examples: int = option(2500, low=2, help="words of each class")
    lists: tuple[str, ...] = option(
        (), help="named lists of the word sets as classes, instead of the most biased words"
    )

    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Take the moments in one pass and solve.

        Raises:  FormatError if the classes have one mean already, or a vector is nan or inf.
        """
        kept, lost = self.known(vectors, words, self.lists)
        rows, classes = classes_of(vectors, kept, self.lists, self.examples)
        mean, xx, xz = moments(vectors, rows, classes)
        values, axes = np.linalg.eigh(xx)
        there = values > _SPAN * values[-1]
        values, axes = values[there], axes[:, there]
        whiten, back = (axes / np.sqrt(values)) @ axes.T, (axes * np.sqrt(values)) @ axes.T
        left, sigma, _ = np.linalg.svd(whiten @ xz, full_matrices=False)
        if not sigma[0] > _SPAN:
            raise FormatError(
                "LEACE: the classes have the same mean, so there is nothing to erase. Check the lists."
            )
        q = left[:, sigma > _SPAN * sigma[0]]
        erased = back @ q @ q.T @ whiten
        found = {
            "words": len(rows),
            "classes": int(classes.max()) + 1,
            "rank": q.shape[1],
            "correlation": float(sigma[0]),
        }
        return Eraser(
            "leace",
            (Affine(np.eye(vectors.dim) - erased, erased @ mean), Project(np.zeros((0, vectors.dim)))),
            report=self.reported(words, lost, probe=found),
        )


def moments(vectors: Vectors, rows: Array, classes: Array) -> tuple[Array, Array, Array]:
    """Mean (D,), Σ_xx (D, D) and Σ_xz (D, C) of some rows, joined block by block (Chan et al. 1979)."""
    count, mean = 0, np.zeros(vectors.dim)
    share = np.zeros(int(classes.max()) + 1)
    xx, xz = np.zeros((vectors.dim,) * 2), np.zeros((vectors.dim, len(share)))
    for start in range(0, len(rows), ROWS):
        x = vectors.matrix[rows[start : start + ROWS]].astype(np.float64)
        if not np.isfinite(x).all():
            row = int(rows[start + int(np.argmin(np.isfinite(x).all(1)))])
            raise FormatError(
                f"LEACE: the vector of {vectors.vocab.tokens[row]!r} holds nan or inf. Correct the vectors."
            )
        z = np.eye(len(share))[classes[start : start + ROWS]]
        own_x, own_z = x.mean(0), z.mean(0)
        weight = count * len(x) / (count + len(x))
        xx += (x - own_x).T @ (x - own_x) + weight * np.outer(own_x - mean, own_x - mean)
        xz += (x - own_x).T @ (z - own_z) + weight * np.outer(own_x - mean, own_z - share)
        count += len(x)
        mean += (own_x - mean) * len(x) / count
        share += (own_z - share) * len(x) / count
    return mean, xx / count, xz / count
