"""One space of vectors turned into another: orthogonal Procrustes from a dictionary, and its precision.

    W* = argmin_W |X W - Y|_F over orthogonal W = U Vᵀ,  U S Vᵀ = svd(Xᵀ Y)  Schönemann 1966; Xing et al. 2015

X, Y: unit rows of the dictionary's words. W turns and mirrors, so that no cosine and no length within a space
changes. Words are found by cosine or by CSLS, which takes from a word that is near to everything (Conneau et
al. 2018):

    csls(x, y) = 2 cos(x, y) - r_Y(x) - r_X(y),  r_Y(x) = mean cosine of x with its k nearest in Y

Words are searched where the vectors are (Vectors.on). Procrustes, one product of the dictionary's rows and
an SVD of (D, D), is the CPU's: the turned vectors are the same bytes for any device.
Not handled: spaces of different size; dictionaries made by the alignment itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError
from seqkit.core.score import Score
from seqkit.core.types import Array, Floats
from seqkit.embeddings.vectors.vectors import Neighbours, Vectors
from seqkit.evaluate.bootstrap import interval, mean_of
from seqkit.text.readers import table

Pairs = list[tuple[str, str]]
QUERIES = 256


@dataclass(frozen=True)
class Alignment:
    """How to turn a source space into a target space.

    Shapes:  rotation (D, D) orthogonal. count, missing: pairs it was learnt from, and those with an unknown
             word.
    """

    rotation: Annotated[Array, "D D"]
    count: int
    missing: int

    def __call__(self, vectors: Vectors) -> Vectors:
        """The source's vectors in the target's space."""
        if vectors.dim != len(self.rotation):
            raise ShapeError(
                f"alignment: got vectors of {vectors.dim} numbers, expected {len(self.rotation)}."
            )
        turned = (vectors.matrix @ self.rotation).astype(np.float32)
        return Vectors(vectors.vocab, turned).on(vectors.device)


def align(source: Vectors, target: Vectors, pairs: Iterable[tuple[str, str]] | None = None) -> Alignment:
    """Learn the alignment from pairs of words (source, target), or from all words that both spell alike.

    Raises:  ShapeError for spaces of different size; VocabularyError if no pair has both words, and vectors
             that are not zero.
    """
    if source.dim != target.dim:
        raise ShapeError(f"align: got vectors of {source.dim} and {target.dim} numbers, expected the same.")
    asked = _alike(source, target) if pairs is None else list(pairs)
    a, b = source.vocab.index, target.vocab.index
    known = np.array([(a[x], b[y]) for x, y in asked if x in a and y in b], np.int64).reshape(-1, 2)
    known = known[(source.norms[known[:, 0]] > 0) & (target.norms[known[:, 1]] > 0)]
    if not len(known):
        raise VocabularyError(
            f"align: none of the {len(asked):,} pairs has both words known. Give a dictionary of their words."
        )
    X, Y = _unit(source, known[:, 0]), _unit(target, known[:, 1])
    U, _, Vt = np.linalg.svd(X.T @ Y)
    return Alignment(U @ Vt, len(known), len(asked) - len(known))


def align_and_measure(
    source: Vectors,
    target: Vectors,
    pairs: Pairs | None = None,
    test: Pairs | None = None,
    *,
    method: Literal["csls", "cosine"] = "csls",
    restrict: int | None = None,
) -> tuple[Alignment, Vectors, list[Score]]:
    """The alignment learnt from `pairs`, the turned source, precision@1, 5 and 10 on `test` or `pairs`."""
    made = align(source, target, pairs)
    turned = made(source)
    asked = test or pairs or _alike(source, target)
    return made, turned, precisions(turned, target, asked, (1, 5, 10), method=method, restrict=restrict)


def read_dictionary(path: Path) -> Pairs:
    """Read "source target" lines, the two words apart by a tab or spaces (MUSE's form).

    Raises:  FormatError naming the line.
    """
    pairs: Pairs = []
    for number, line in enumerate(table.content(path).split("\n"), 1):
        words = line.split("\t") if "\t" in line else line.split()
        words = [word.strip() for word in words]
        if words in ([], [""]):
            continue
        if len(words) != 2 or not all(words):
            raise FormatError(f"{path}: line {number:,} is {line[:60]!r}, expected two words.")
        pairs.append((words[0], words[1]))
    if not pairs:
        raise FormatError(f"{path}: holds no pair of words.")
    return pairs


def retrieve(
    source: Vectors,
    target: Vectors,
    words: Sequence[str],
    k: int = 1,
    *,
    method: Literal["csls", "cosine"] = "csls",
    neighbours: int = 10,
    restrict: int | None = None,
) -> list[Neighbours]:
    """The k best words of `target` for words of an aligned `source`, best first, ties to the earlier word.

    restrict: look only among the first so many words of each space. neighbours: the k of CSLS's means.
    Raises:  VocabularyError for an unknown word; OptionError for another method.
    """
    ids, scores = _retrieve(source, target, source.rows(words), k, method, neighbours, restrict)
    return [
        [(target.vocab.tokens[i], float(s)) for i, s in zip(row, values, strict=True)]
        for row, values in zip(ids.tolist(), scores, strict=True)
    ]


def precision(
    source: Vectors,
    target: Vectors,
    pairs: Iterable[tuple[str, str]],
    k: int = 1,
    *,
    method: Literal["csls", "cosine"] = "csls",
    neighbours: int = 10,
    restrict: int | None = None,
    seed: int = 1,
) -> Score:
    """Precision@k: the share of source words with one of their translations among the k best.

    A word counts once, whatever number of translations it has. Missing: words of which source or every
    translation is unknown, or not among the first `restrict`.
    Raises:  VocabularyError if nothing is left to measure.
    """
    how: dict[str, Any] = {"method": method, "neighbours": neighbours, "restrict": restrict, "seed": seed}
    return precisions(source, target, pairs, (k,), **how)[0]


def precisions(
    source: Vectors,
    target: Vectors,
    pairs: Iterable[tuple[str, str]],
    ks: Sequence[int],
    *,
    method: Literal["csls", "cosine"] = "csls",
    neighbours: int = 10,
    restrict: int | None = None,
    seed: int = 1,
) -> list[Score]:
    """precision@k for several k, by one search."""
    last = [len(space) if restrict is None else min(restrict, len(space)) for space in (source, target)]
    answers: dict[str, set[int]] = {}
    for x, y in pairs:
        row = target.vocab.index.get(y, last[1])
        answers.setdefault(x, set()).update({row} if row < last[1] else ())
    asked = [
        word for word, rows in answers.items() if rows and source.vocab.index.get(word, last[0]) < last[0]
    ]
    if not asked:
        raise VocabularyError(
            f"precision: none of the {len(answers):,} words and its translation is known. Give others."
        )
    ids, _ = _retrieve(source, target, source.rows(asked), max(ks), method, neighbours, restrict)
    settings = {"method": method, "restrict": restrict, "seed": seed} | (
        {"neighbours": neighbours} if method == "csls" else {}
    )
    scores = []
    for k in ks:
        found = zip(asked, ids[:, :k].tolist(), strict=True)
        right = np.array([bool(answers[word] & set(row)) for word, row in found], np.float64)
        bounds = interval(mean_of(right), len(right), seed=seed)
        missing = len(answers) - len(right)
        scores.append(Score(f"precision@{k}", float(right.mean()), len(right), missing, settings, bounds))
    return scores


def _alike(source: Vectors, target: Vectors) -> Pairs:
    """The words that both spell alike."""
    return [(word, word) for word in source.vocab.tokens if word in target]


def _retrieve(
    source: Vectors, target: Vectors, rows: Array, k: int, method: str, neighbours: int, restrict: int | None
) -> tuple[Array, Floats]:
    if method not in ("csls", "cosine"):
        raise OptionError(f"retrieve: got method {method!r}, expected csls or cosine.")
    if k < 1 or neighbours < 1:
        raise OptionError(f"retrieve: got k {k} and neighbours {neighbours}, expected at least 1 of each.")
    if source.dim != target.dim:
        raise ShapeError(
            f"retrieve: got vectors of {source.dim} and {target.dim} numbers, expected the same."
        )
    last = len(target) if restrict is None else min(restrict, len(target))
    if method == "cosine":
        return target.space.nearest(source.matrix[rows], k, restrict=last)
    around = source.space.nearest(target.matrix[:last], neighbours, restrict=restrict)[1].mean(1)  # r_X(y)
    if target.space.gpu is not None:
        return target.space.csls(source.matrix[rows], around, k, neighbours, restrict=last)
    k = min(k, last)
    ids, best = np.empty((len(rows), k), np.int64), np.empty((len(rows), k), np.float32)
    unit = _unit(target, np.arange(last))
    for start in range(0, len(rows), QUERIES):
        few = slice(start, start + QUERIES)
        cosines = _unit(source, rows[few]) @ unit.T
        mean = np.sort(cosines, axis=1)[:, -neighbours:].mean(1, keepdims=True)  # r_Y(x)
        scores = 2 * cosines - mean - around
        ids[few] = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        best[few] = np.take_along_axis(scores, ids[few], 1)
    return ids, best


def _unit(vectors: Vectors, rows: Array) -> Array:
    norms = vectors.norms[rows].astype(np.float64)
    return vectors.matrix[rows] / np.where(norms > 0, norms, 1)[:, None]
