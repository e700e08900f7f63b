"""Analogies "a is to b as c is to d": four ways to solve them, on the rows of a matrix.

With û = u / |u|, over all words w but a, b and c:

    3cosadd    argmax  cos(w, b̂ - â + ĉ)                               Mikolov et al. 2013, arXiv:1309.4168
    3cosmul    argmax  s(w, b) s(w, c) / (s(w, a) + ε)                 Levy & Goldberg 2014
                       with s = (1 + cos) / 2, ε = 0.001
    3cosavg    argmax  cos(w, ĉ + mean of b̂' - â' over the section's other pairs)     Drozd et al. 2016
    euclidean  argmax  -|w - (b - a + c)|²,  vectors as they are       the course's form

Not handled: files of questions and the share of right answers (testsets.analogies).
"""

from typing import Annotated, Literal

import numpy as np

from seqkit.core.errors import OptionError, did_you_mean
from seqkit.core.types import Array, Floats
from seqkit.embeddings.vectors.neighbours import QUERIES, Space

METHODS = ("3cosadd", "3cosmul", "3cosavg", "euclidean")
EPSILON = 1e-3


def solve(
    space: Space,
    questions: Annotated[Array, "N A"],
    *,
    method: str = "3cosadd",
    topn: int = 1,
    restrict: int | None = None,
) -> tuple[Annotated[Array, "N K"], Annotated[Floats, "N K"]]:
    """Rows and scores of the `topn` best answers to questions of row numbers (a, b, c), those three left out.

    Raises:  OptionError for an unknown method; 3cosavg needs the other pairs: `solve_by_average`.
    """
    if method not in METHODS or method == "3cosavg":
        raise OptionError(
            f"unknown method {method!r}; known: 3cosadd, 3cosmul, euclidean.{did_you_mean(method, METHODS)}"
        )
    if method == "3cosmul":
        return _multiply(space, questions, topn, restrict)
    rows = space.matrix[questions] if method == "euclidean" else _unit(space, questions)
    targets = np.array([-1.0, 1.0, 1.0]) @ rows
    by: Literal["cosine", "euclidean"] = "euclidean" if method == "euclidean" else "cosine"
    return _search(space, targets, questions, topn, restrict, by)


def solve_by_average(
    space: Space, questions: Annotated[Array, "N Q"], restrict: int | None = None
) -> Annotated[Array, "N"]:
    """3cosavg: the best answer (a row) to each question (a, b, c, d), by the offsets of other pairs."""
    pairs = np.unique(np.concatenate([questions[:, :2], questions[:, 2:]]), axis=0)
    unit = _unit(space, pairs)
    offsets = unit[:, 1] - unit[:, 0]
    whole, number = offsets.sum(0), max(len(pairs) - 1, 1)
    place = {tuple(pair): i for i, pair in enumerate(pairs.tolist())}
    own = offsets[[place[tuple(pair)] for pair in questions[:, 2:].tolist()]]
    targets = _unit(space, questions[:, 2]) + (whole - own) / number
    return _search(space, targets, questions[:, :3], 1, restrict)[0][:, 0]


def _unit(space: Space, rows: Array) -> Array:
    lengths = space.norms[rows]
    return space.matrix[rows] / np.where(lengths > 0, lengths, 1)[..., None]


def _search(
    space: Space,
    targets: Array,
    excluded: Array,
    topn: int,
    restrict: int | None,
    by: Literal["cosine", "euclidean"] = "cosine",
) -> tuple[Array, Floats]:
    """The best rows for each target that are not among its excluded ones."""
    ids, scores = space.nearest(targets, topn + excluded.shape[1], by=by, restrict=restrict)
    return _drop(ids, scores, excluded, topn)


def _drop(ids: Array, scores: Floats, excluded: Array, topn: int) -> tuple[Array, Floats]:
    free = (ids[:, :, None] != excluded[:, None, :]).all(2)
    order = np.argsort(~free, axis=1, kind="stable")[:, :topn]
    ids, scores = np.where(free, ids, -1), np.where(free, scores, -np.inf)
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)


def _multiply(space: Space, questions: Array, topn: int, restrict: int | None) -> tuple[Array, Floats]:
    """3cosmul: the similarities of every distinct question word once, then products of their rows."""
    if space.gpu is not None:
        from seqkit.kernels.top_k import gpu as kernel

        found = kernel.multiply(space.rows(restrict), _unit(space, questions), topn + 3, epsilon=EPSILON)
        return _drop(*found, questions, topn)
    words, place = np.unique(questions, return_inverse=True)
    place = place.reshape(questions.shape)
    last = len(space) if restrict is None else restrict
    similar = (1 + _unit(space, words) @ _unit(space, np.arange(last)).T) / 2
    k = min(topn + 3, last)
    ids, scores = np.empty((len(questions), k), np.int64), np.empty((len(questions), k), np.float32)
    for start in range(0, len(questions), QUERIES):
        few = slice(start, start + QUERIES)
        a, b, c = (similar[place[few, i]] for i in range(3))
        value = b * c / (a + np.float32(EPSILON))
        ids[few] = np.argsort(-value, axis=1, kind="stable")[:, :k] if last < 4096 else _largest(value, k)
        scores[few] = np.take_along_axis(value, ids[few], 1)
    return _drop(ids, scores, questions, topn)


def _largest(value: Array, k: int) -> Array:
    top = np.sort(np.argpartition(-value, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(-np.take_along_axis(value, top, 1), axis=1, kind="stable")
    return np.take_along_axis(top, order, 1)
