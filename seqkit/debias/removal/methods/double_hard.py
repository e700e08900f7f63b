"""Double-hard debiasing: take out a principal direction that carries frequency, then debias hard.

Not handled: more than one such direction at a time.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from seqkit.core.errors import OptionError
from seqkit.core.options import option
from seqkit.core.types import Array
from seqkit.debias.direction import find_direction
from seqkit.debias.removal.base import BiasMethod
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.statistics import most_biased, second_moments
from seqkit.debias.removal.steps import Affine, Equalize, Project
from seqkit.debias.words.lookup import places
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

__all__ = ["DoubleHard"]


@dataclass(frozen=True)
class DoubleHard(BiasMethod):
    """x → (I - u uᵀ) x - m of unit x, then hard debiasing; u is the principal direction that hides bias best.

    m is the mean of all unit vectors, u one of their first `candidates` principal directions: the one after
    which k-means agrees least with the classes of the most biased words (chosen by the vectors as they were).
    Source:  Wang et al. 2020, arXiv:2005.00965. As in its code, the vector is projected before the mean is
    subtracted.
    """

    promises = frozenset({"orthogonal", "equidistant", "unit", "blind"})
    candidates: int = option(20, low=1, help="principal directions tried")
    examples: int = option(500, low=2, help="most biased words of each class that k-means sorts")
    seed: int = option(1, low=0, high=2**63 - 1, help="seed of k-means")
    direction: Literal["pca", "mean", "unit-mean", "sums", "pair"] = option(
        "pca", help="how the direction is found"
    )
    dims: int = option(1, low=1, help="directions to take out")
    equalize: bool = option(True, help="also put the words of equalize sets at equal distances")

    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Try each candidate and keep the best.

        Raises:  OptionError if there are more candidates than dimensions allow; what find_direction raises.
        """
        if self.candidates + self.dims >= vectors.dim:
            raise OptionError(
                f"DoubleHard: got {self.candidates} candidates, expected 1 to {vectors.dim - self.dims - 1} "
                f"for vectors of {vectors.dim} numbers."
            )
        kept, lost = self.known(vectors, words)
        protected = np.zeros(len(vectors), bool)
        protected[list(places(vectors.vocab, kept.protected).values())] = True
        mean, moment, _ = second_moments(vectors, protected)
        axes = np.linalg.eigh(moment - np.outer(mean, mean))[1][:, ::-1].T
        rows, classes = most_biased(vectors, kept, self.examples, without=protected)
        few = np.union1d(
            rows, list(places(vectors.vocab, [word for row in kept.definitional for word in row]).values())
        )
        sample = Vectors(
            Vocab(vectors.vocab.words(few.tolist()), np.zeros(len(few), np.int64)), vectors.matrix[few]
        ).on(vectors.device)
        where = np.searchsorted(few, rows)
        tried = [
            self._eraser(sample, kept, np.eye(vectors.dim) - np.outer(u, u), mean)
            for u in axes[: self.candidates]
        ]
        agreed = [alignment(eraser(sample).matrix[where], classes, self.seed) for eraser in tried]
        best = int(np.argmin(agreed))
        found = {"component": best + 1, "alignment": agreed[best], "alignments": agreed}
        report = self.reported(words, lost, frequency=found, direction=dict(tried[best].report))
        equalize = Equalize(tried[best].basis, kept.equalize if self.equalize else ())
        return replace(tried[best], steps=(*tried[best].steps, equalize), report=report)

    def _eraser(self, sample: Vectors, words: WordSets, linear: Array, mean: Array) -> Eraser:
        """The hard debiasing of the moved vectors, its direction found anew."""
        move = Affine(linear, -mean, unit=True)
        moved = Eraser("double-hard", (move, Project(np.zeros((0, sample.dim)))))(sample)
        found = find_direction(moved, words.definitional, method=self.direction, dims=self.dims)
        steps = (move, Project(found.basis, unit=True))
        return Eraser("double-hard", steps, words.protected, found.to_json())


def alignment(rows: Array, classes: Array, seed: int) -> float:
    """Share of rows that k-means puts in their class, one cluster for each class, matched as fits best."""
    from scipy.optimize import linear_sum_assignment
    from sklearn.cluster import KMeans

    number = int(classes.max()) + 1
    clusters = KMeans(number, n_init=10, random_state=seed).fit_predict(rows)
    table = np.zeros((number, number), np.int64)
    np.add.at(table, (clusters, classes), 1)
    return float(table[linear_sum_assignment(-table)].sum() / len(rows))
