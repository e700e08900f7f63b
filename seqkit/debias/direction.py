"""The direction or subspace of a concept in word vectors, from sets of words that differ in the concept only.

Not handled: removing it (eraser, methods), choosing the words (words).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from seqkit.core.errors import FormatError, OptionError, ShapeError
from seqkit.core.types import Array
from seqkit.debias.words.lookup import Sets, places
from seqkit.embeddings.vectors.vectors import Vectors

Method = Literal["pca", "mean", "unit-mean", "sums", "pair"]
METHODS: tuple[Method, ...] = ("pca", "mean", "unit-mean", "sums", "pair")
FLAT = 1e-6  # a length below this share of the vectors' is rounding: float32 has seven digits


@dataclass(frozen=True)
class Direction:
    """An orthonormal basis of the concept, best first; positive is the side of the first column of the sets.

    Shapes:  basis (K, D) float64.   explained: share of each row in the squared length of all differences.
    sets: sets used.
    """

    basis: Array
    explained: tuple[float, ...]
    method: str
    sets: int

    def project(self, rows: Annotated[Array, "N D"]) -> Annotated[Array, "N K"]:
        """Coordinates of rows (as they are, not made unit) in the basis."""
        if rows.ndim != 2 or rows.shape[1] != self.basis.shape[1]:
            raise ShapeError(f"project: got rows of shape {rows.shape}, expected (N, {self.basis.shape[1]}).")
        return np.asarray(rows, np.float64) @ self.basis.T

    def to_json(self) -> dict[str, Any]:
        """How it was found, for a report."""
        return {"method": self.method, "explained": list(self.explained), "sets": self.sets}


def find_direction(
    vectors: Vectors, sets: Sets, *, method: Method = "pca", dims: int = 1, unit: bool = True
) -> Direction:
    """The `dims` directions in which the words of each set differ most.

    With a_ij the vector of word j of set i and m_i the mean of set i, the right singular vectors of these
    rows:
    pca        (a_ij - m_i) / √n of all sets: the UNCENTRED second moment (Bolukbasi et al. 2016,
               Σ_i Σ_j (·)ᵀ(·) / n). For pairs the rows are ±δ_i/2; a PCA that centres the differences δ_i
               would remove the direction itself
    mean       mean_i (a_ij - m_i): averaged differences, for pairs Σδ_i / |Σδ_i| (the course)
    unit-mean  the same with each set's differences made of length one first: Σ δ_i/|δ_i|
    sums       Σ_i a_ij made unit, less their mean over j: norm(Σa) - norm(Σb)
    pair       a_1j - m_1: the first set alone

    unit: make the word vectors unit first.
    Sets of n words give at most n - 1 directions, pca more with more sets.
    Raises:  OptionError if dims is 0, not below D or more than the words give; FormatError naming a word
             whose vector is zero, nan or inf, or a set without differences; VocabularyError for an unknown
             word.
    """
    _check(vectors, sets, method, dims)
    used = sets[:1] if method == "pair" else sets
    a = gather(vectors, [word for row in used for word in row], unit=unit).reshape(
        len(used), len(used[0]), -1
    )
    apart = a - a.mean(1, keepdims=True)  # (N, C, D)
    spread, size = np.linalg.norm(apart, axis=(1, 2)), np.linalg.norm(a, axis=(1, 2))
    if (flat := spread <= FLAT * size).any():
        raise FormatError(
            f"direction: the words {used[int(np.argmax(flat))]} have the same vector. Leave the set out."
        )
    rows = _rows(apart, a, spread, method)
    _, sigma, right = np.linalg.svd(rows, full_matrices=False)
    if sigma[0] <= FLAT * np.abs(a).max():
        raise FormatError(
            f"direction: the differences of the {len(used)} sets cancel out. Check that their words are in "
            "one order."
        )
    rank = int((sigma > FLAT * sigma[0]).sum())
    if dims > rank:
        raise OptionError(
            f"direction: got dims {dims}, expected at most {rank} from {len(used)} sets of {a.shape[1]} "
            f"words by {method!r}."
        )
    explained = tuple(float(s) for s in (sigma**2 / (sigma**2).sum())[:dims])
    return Direction(_turned(right[:dims], apart), explained, method, len(used))


def _check(vectors: Vectors, sets: Sets, method: Method, dims: int) -> None:
    if method not in METHODS:
        raise OptionError(f"direction: got method {method!r}, expected one of {', '.join(METHODS)}.")
    if not sets or len({len(row) for row in sets}) != 1 or len(sets[0]) < 2:
        raise OptionError(
            f"direction: got {len(sets)} sets, expected one or more, all of one size of two or more words."
        )
    if not 1 <= dims < vectors.dim:
        raise OptionError(
            f"direction: got dims {dims}, expected 1 to {vectors.dim - 1} for vectors of {vectors.dim} "
            "numbers."
        )


def _rows(apart: Array, a: Array, spread: Array, method: Method) -> Array:
    if method == "pca":
        return np.asarray(apart.reshape(-1, apart.shape[2]) / np.sqrt(apart.shape[1]))
    if method == "sums":
        sums = a.sum(0) / np.linalg.norm(a.sum(0), axis=1, keepdims=True)
        return np.asarray(sums - sums.mean(0))
    return np.asarray((apart / spread[:, None, None] if method == "unit-mean" else apart).mean(0))


def _turned(basis: Array, apart: Array) -> Array:
    """The basis with signs such that the first column, or else the largest number, is positive."""
    side = basis @ apart[:, 0].mean(0)
    largest = basis[np.arange(len(basis)), np.abs(basis).argmax(1)]
    tiny = np.abs(side) <= FLAT * np.abs(apart).max()
    return np.asarray(basis * np.where(np.where(tiny, largest, side) < 0, -1.0, 1.0)[:, None])


def gather(
    vectors: Vectors, words: list[str], *, unit: bool = True, where: Mapping[str, int] | None = None
) -> Annotated[Array, "N D"]:
    """The float64 rows of words, made unit if `unit`; `where` holds their ids if they are known.

    Raises:  FormatError naming the first word whose vector is zero, nan or inf; VocabularyError for an
             unknown one.
    """
    where = places(vectors.vocab, words) if where is None else where
    rows = np.array([where[word] if word in where else vectors.vocab.id(word) for word in words], np.int64)
    found = vectors.matrix[rows].astype(np.float64)
    length = np.linalg.norm(found, axis=1)
    if (bad := ~(np.isfinite(length) & (length > 0))).any():
        first = int(np.argmax(bad))
        kind = "zero" if length[first] == 0 else "nan or inf"
        raise FormatError(
            f"debias: the vector of {words[first]!r} is {kind}. Leave the word out of the sets, or "
            "correct the vectors."
        )
    return np.asarray(found / length[:, None]) if unit else found
