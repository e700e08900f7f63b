"""Embedding coherence test: whether two groups rank words in the same order.

ECT = Spearman's ρ between cos(w, ḡ_A) and cos(w, ḡ_B) over words w,    ḡ the mean of a group's unit rows
"""

from typing import Annotated

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, BiasScore, FirstClass, Neutral, Options, SecondClass
from seqkit.debias.measuring.geometry import unit
from seqkit.debias.measuring.resampling import interval, null_band
from seqkit.debias.measuring.word_lists import WordLists, by_word
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["ect"]


def ect(
    vectors: Vectors, words: Neutral, A: FirstClass, B: SecondClass, *, options: Options = DEFAULT
) -> BiasScore:
    """ECT; 1: unbiased. by_word = cos(w, ḡ_A) - cos(w, ḡ_B).

    Source:  Dev & Phillips 2019.
    """
    lists = WordLists("ect", vectors, {"words": words, "A": A, "B": B}, options)
    lists.at_least("words", 3)
    means = unit(
        "ect",
        np.stack([lists.unit("A").mean(0), lists.unit("B").mean(0)]),
        ["the mean of A", "the mean of B"],
    )
    cosines = lists.unit("words") @ means.T  # (N, 2)
    value = float(_spearman(cosines[None])[0])
    if np.isnan(value):
        raise FormatError(
            "ect: all words have the same cosine with a group, so there is no order to compare. Give "
            "other words."
        )
    pool = lists.pool(len(cosines))
    other = None if pool is None else np.concatenate([cosines, pool @ means.T])
    return BiasScore(
        "ect",
        value,
        len(cosines),
        lists.missing,
        lists.signature(normalized=True),
        interval(lambda i: _spearman(cosines[i]), len(cosines), options),
        1.0,
        None
        if other is None
        else null_band(lambda i: _spearman(other[i]), len(other), len(cosines), options),
        by_word(lists.words["words"], cosines[:, 0] - cosines[:, 1]),
        lists.lost,
    )


def _spearman(cosines: Annotated[Array, "M N 2"]) -> Annotated[Array, "M"]:
    """ρ of the two columns of each sample; nan where a column is constant."""
    from scipy.stats import rankdata

    ranks = rankdata(cosines, axis=1) - (cosines.shape[1] + 1) / 2
    x, y = ranks[..., 0], ranks[..., 1]
    with np.errstate(invalid="ignore"):
        rho: Array = (x * y).sum(1) / np.sqrt((x * x).sum(1) * (y * y).sum(1))
    return rho
