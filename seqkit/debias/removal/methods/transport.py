"""Transport: the words of each class get the same mean and covariance, so no quadratic can tell them apart.

Not handled: equalising; what differs beyond second moments; words that bear the concept without showing it in
the subspace.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.options import option
from seqkit.core.types import Array
from seqkit.debias.direction import find_direction, gather
from seqkit.debias.removal.base import BiasMethod
from seqkit.debias.removal.class_maps import ClassMaps, leading
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.statistics import unit_blocks
from seqkit.debias.removal.steps import Affine, Project
from seqkit.debias.words.lookup import places
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["Transport"]
RIDGE = 3e-4  # of the mean variance, added to every covariance
STEPS = 50  # towards the barycentre, at most


@dataclass(frozen=True)
class Transport(BiasMethod):
    """x ← unit(unit x - m);  y = unit x⊥;  y ← unit(y + w (T_k (y - μ_k) + μ - y)) for neutral words

    T_k = C_k^-½ (C_k^½ S C_k^½)^½ C_k^-½    takes N(μ_k, C_k) to N(μ, S) by the shortest way
    S   = mean of (S^½ C_k S^½)^½, the barycentre of the C_k;  μ the mean of the μ_k

    m is the mean of all unit vectors. A word's class k is the one whose definitional words lead in its part
    in the subspace; μ_k and C_k are of the `pool` words that lead most. Those are moved all the way,
    others by w = (lead / theirs)^sharpness. The vector of a word shows its class, so nothing but the
    vectors is needed.
    Specific words are not moved. All results are unit.
    Source: Gaussian optimal transport, Dowson & Landau 1982; barycentres, Álvarez-Esteban et al. 2016
    (arXiv:1511.05355); for fairness, Gordaliza et al. 2019 (arXiv:1806.03195).
    """

    promises = frozenset({"orthogonal", "unit", "blind"})
    pool: int = option(2500, low=3, help="words of each class that lead most, whose moments are made equal")
    sharpness: float = option(8.0, low=0.0, help="how much less words that lead less are moved")
    vocabulary: int = option(50_000, low=8, help="most frequent words that are searched for them")
    centre: bool = option(True, help="subtract the mean of all unit vectors first")
    direction: Literal["pca", "mean", "unit-mean", "sums", "pair"] = option(
        "pca", help="how the direction is found"
    )
    dims: int = option(1, low=1, help="directions of the concept")

    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Find subspace, classes and maps.

        Raises:  FormatError if a class has too few words; what find_direction raises.
        """
        kept, lost = self.known(vectors, words)
        total = sum(x.sum(0) for _, x in unit_blocks(vectors)) if self.centre else np.zeros(vectors.dim)
        centre = Affine(np.eye(vectors.dim), -total / len(vectors), unit=True)
        move = Eraser("transport", (centre, Project(np.zeros((0, vectors.dim)), unit=True)))
        seeds = move(vectors.restrict(word for row in kept.definitional for word in row))
        found = find_direction(seeds, kept.definitional, method=self.direction, dims=self.dims)
        corners = np.stack([gather(seeds, list(column)).mean(0) for column in kept.columns]) @ found.basis.T
        corners -= corners.mean(0)
        free = np.ones(len(vectors), bool)
        free[list(places(vectors.vocab, kept.protected).values())] = False
        frequent = vectors.vocab.words(np.flatnonzero(free[: self.vocabulary]).tolist())
        x = move(vectors.restrict(frequent)).matrix.astype(np.float64)
        inside = x @ found.basis.T
        which, lead = leading(corners, inside)
        rows = self._pools(which, lead, len(corners))
        y = x - inside @ found.basis
        y /= np.maximum(np.linalg.norm(y, axis=1, keepdims=True), np.finfo(float).tiny)
        means = np.stack([y[r].mean(0) for r in rows])
        maps = transports(np.stack([covariance(y[r]) for r in rows]))
        shifts = means.mean(0) - np.einsum("kij,kj->ki", maps, means)
        least = float(np.mean([lead[r].min() for r in rows]))
        own_maps = ClassMaps(found.basis, corners, maps, shifts, least, self.sharpness)
        report = self.reported(words, lost, direction=found.to_json(), pools=[len(r) for r in rows])
        return Eraser(
            "transport", (centre, Project(found.basis, unit=True), own_maps), kept.protected, report
        )

    def _pools(
        self, which: Annotated[Array, "N"], lead: Annotated[Array, "N"], classes: int
    ) -> list[Annotated[Array, "M"]]:
        """The rows of each class that lead most.  which, lead: the class of each row, and by how much."""
        count = min(self.pool, len(which) // (2 * classes))
        own = [np.flatnonzero(which == k) for k in range(classes)]
        if count < 2 or min(map(len, own)) < 2:
            raise FormatError(
                f"Transport: a class has fewer than 2 words among {len(which):,}. "
                "Use more words or other sets."
            )
        return [r[np.argsort(-lead[r], kind="stable")[:count]] for r in own]


def covariance(y: Annotated[Array, "N D"]) -> Annotated[Array, "D D"]:
    """Of rows, with a ridge."""
    centred = y - y.mean(0)
    c = centred.T @ centred / len(y)
    return np.asarray(c + RIDGE * np.trace(c) / len(c) * np.eye(len(c)))


def transports(covariances: Annotated[Array, "C D D"]) -> Annotated[Array, "C D D"]:
    """T_k of each covariance to the barycentre of all."""
    s = covariances.mean(0)
    for _ in range(STEPS):
        half, back = power(s, 0.5), power(s, -0.5)
        mean = np.mean([power(half @ c @ half, 0.5) for c in covariances], 0)
        s, before = back @ mean @ mean @ back, s
        if np.abs(s - before).max() <= 1e-12 * np.abs(s).max():
            break
    maps = []
    for c in covariances:
        half, back = power(c, 0.5), power(c, -0.5)
        maps.append(back @ power(half @ s @ half, 0.5) @ back)
    return np.stack(maps)


def power(c: Annotated[Array, "D D"], p: float) -> Annotated[Array, "D D"]:
    """A power of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh((c + c.T) / 2)
    return np.asarray((vectors * np.maximum(values, values[-1] * 1e-15) ** p) @ vectors.T)
