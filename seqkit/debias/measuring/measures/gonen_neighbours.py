"""Gonen's third test: do the neighbours of a word still tell which side it was on?

value = Pearson's r over words between the projection before and the share of the k nearest words on the
positive side
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from seqkit.core.errors import FormatError, OptionError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import (
    DEFAULT,
    Basis,
    BiasScore,
    MostNeighbours,
    Neutral,
    Options,
    Original,
    SetShape,
    Specific,
)
from seqkit.debias.measuring.directions import random_directions
from seqkit.debias.measuring.geometry import orthonormal, unit
from seqkit.debias.measuring.recovery import LIMIT, candidates, projections, rows_of
from seqkit.debias.measuring.resampling import interval, middle
from seqkit.debias.measuring.word_lists import WordLists, by_word
from seqkit.embeddings.vectors.neighbours import Space
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["gonen_neighbours"]


def gonen_neighbours(
    vectors: Vectors,
    words: Neutral,
    basis: Basis,
    *,
    original: Original = None,
    k: MostNeighbours = 100,
    shape: SetShape = (10, 2),
    specific: Specific = (),
    limit: int = LIMIT,
    options: Options = DEFAULT,
) -> BiasScore:
    """r of words, such as professions; by_word = share of neighbours on the positive side; 0: no relation.

    The side of a neighbour is the sign of its projection in the original vectors. The null band is that of
    other directions, each from random words as `basis` is from definitional ones: in any vectors a neighbour
    lies on a word's own side, since it is near it in that direction too.
    shape: how many sets of how many words `basis` is from.
    Source:  Gonen & Goldberg 2019, section 4 (bias by neighbours).
    """
    where, before = "gonen_neighbours", original or vectors
    lists = WordLists(where, vectors, {"words": words}, options)
    lists.at_least("words", 3)
    names = lists.words["words"]
    others = candidates(before, specific, limit)
    if not 1 <= k < len(others):
        raise OptionError(
            f"{where}: got k = {k} for {len(others):,} words to search, expected 1 to {len(others) - 1:,}."
        )
    positive = projections(where, before, others, basis) > 0
    rows = rows_of(where, vectors, others).astype(np.float32)
    space = Space(rows, np.ones(len(rows), np.float32), vectors.device)
    near, keep = _nearest(lists, space, others, k)
    share = _shares(positive, near, keep, k)
    side = projections(where, before, names, basis)
    if share.std() == 0 or side.std() == 0:
        raise FormatError(
            f"{where}: all {len(names)} words have the same share of neighbours, so r is not defined. "
            "Change k or words."
        )
    band = None
    if options.draws:
        band = middle(_null(where, before, names, others, near, keep, k, basis, shape, options))
    return BiasScore(
        "gonen-neighbours",
        float(_pearson(side[None], share[None])[0]),
        len(names),
        lists.missing,
        lists.signature(k=k, limit=limit, random_sets=list(shape), normalized=True, backend=space.backend),
        interval(lambda i: _pearson(side[i], share[i]), len(names), options),
        0.0,
        band,
        by_word(names, share),
        lists.lost,
    )


def _nearest(
    lists: WordLists, space: Space, others: Sequence[str], k: int
) -> tuple[Annotated[Array, "N M"], Annotated[Array, "N M"]]:
    """The numbers of the k + 1 nearest of `others` to each word of the list, and which k of them count."""
    ids, _ = space.nearest(lists.unit("words"), k + 1)
    own = np.array(others)[ids] == np.array(lists.words["words"])[:, None]
    return ids, ~own & ((~own).cumsum(1) <= k)  # the word itself is no neighbour


def _shares(positive: Array, near: Array, keep: Array, k: int) -> Annotated[Array, "N"]:
    """Of each word of the list, the share of its neighbours that are positive."""
    return np.asarray((positive[near] & keep).sum(1) / k)


def _null(
    where: str,
    before: Vectors,
    names: Sequence[str],
    others: Sequence[str],
    near: Array,
    keep: Array,
    k: int,
    basis: Array,
    shape: tuple[int, int],
    options: Options,
) -> Annotated[Array, "M"]:
    """r of directions from random words that are not measured; the neighbours stay."""
    measured = set(names)
    x = unit(where, before[list(others)], others)
    free = x[[i for i, word in enumerate(others) if word not in measured][: options.pool]]
    g = orthonormal(where, basis, before.dim)
    bases, _ = random_directions(free, g, shape, options.draws, options.seed)
    w = unit(where, before[list(names)], names)
    return np.array([_pearson(w @ g, _shares(x @ g > 0, near, keep, k)) for g in bases[:, 0]])


def _pearson(x: Array, y: Array) -> Array:
    """r along the last axis; nan where a side is constant."""
    x, y = x - x.mean(-1, keepdims=True), y - y.mean(-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        r: Array = (x * y).sum(-1) / np.sqrt((x * x).sum(-1) * (y * y).sum(-1))
    return r
