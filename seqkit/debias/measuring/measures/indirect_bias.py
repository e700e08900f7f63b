"""Indirect bias: the share of the likeness of two words that comes from the bias subspace.

    β(w, v) = (⟨w, v⟩ - ⟨w⊥, v⊥⟩ / (‖w⊥‖ ‖v⊥‖)) / ⟨w, v⟩,    unit rows, w⊥ = w - w_B

The ratio is unstable where ⟨w, v⟩ is near 0, so the numerators and inner products come with it. The null band
is that of other subspaces, from random words.
"""

from dataclasses import replace

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import (
    DEFAULT,
    Anchor,
    Basis,
    BiasScore,
    Neutral,
    Options,
    SetShape,
    Words,
)
from seqkit.debias.measuring.directions import random_directions
from seqkit.debias.measuring.geometry import TINY, orthonormal
from seqkit.debias.measuring.resampling import middle
from seqkit.debias.measuring.word_lists import WordLists, by_word, mean_score
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["indirect_bias"]


def indirect_bias(
    vectors: Vectors,
    word: Anchor,
    words: Neutral,
    basis: Basis,
    *,
    shape: SetShape = (10, 2),
    options: Options = DEFAULT,
) -> BiasScore:
    """by_word = β(word, v) of each v in words; value: the mean; extra: numerator and inner product of each.

    shape: how many sets of how many words `basis` is from.
    Raises:  FormatError for a word inside the bias subspace, or at right angles to `word`.
    Source:  Bolukbasi et al. 2016, section 5.3.
    """
    B = orthonormal("indirect_bias", basis, vectors.dim)
    lists = WordLists("indirect_bias", vectors, {"word": [word], "words": words}, options)
    w, v = lists.unit("word"), lists.unit("words")
    names = lists.words["words"]
    inner = v @ w[0]
    rest = _outside(v, B, names) @ _outside(w, B, [word])[0]
    if len(bad := np.flatnonzero(np.abs(inner) < TINY)):
        raise FormatError(
            f"indirect_bias: {word!r} and {names[bad[0]]!r} are at right angles, so β is not defined. Leave "
            "the second out."
        )
    numerator = inner - rest
    pool = lists.pool(len(names))
    null = None
    if pool is not None:
        bases, _ = random_directions(pool, B, shape, options.draws, options.seed)
        null = middle(np.array([((inner - _apart(v, w[0], other)) / inner).mean() for other in bases]))
    extra = {"word": word, "numerator": by_word(names, numerator), "inner": by_word(names, inner)}
    found = by_word(names, numerator / inner)
    settings = {"k": len(B), "random_sets": list(shape), "normalized": True}
    score = mean_score("indirect-bias", lists, found, None, settings=settings, extra=extra)
    return replace(score, band=null)


def _apart(v: Array, w: Array, B: Array) -> Array:
    """Cosine of each v and w without their parts in B; nan where nothing is left."""
    v, w = v - v @ B.T @ B, w - w @ B.T @ B
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine: Array = v @ w / (np.linalg.norm(v, axis=1) * np.linalg.norm(w))
    return cosine


def _outside(rows: Array, B: Array, names: Words) -> Array:
    rest = rows - rows @ B.T @ B
    lengths = np.linalg.norm(rest, axis=1)
    if len(
        bad := np.flatnonzero(lengths < 1e-6)
    ):  # float32 input leaves this much of a row within the subspace
        raise FormatError(
            f"indirect_bias: {names[bad[0]]!r} lies within the bias subspace, so nothing of it is left to "
            "compare."
        )
    return rest / lengths[:, None]
