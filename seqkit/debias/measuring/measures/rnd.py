"""Relative norm distance: whether words lie nearer to one group of words than to another.

RND = Σ_m (‖m - ḡ_A‖ - ‖m - ḡ_B‖),    ḡ the mean of a group's rows
"""

import numpy as np

from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, BiasScore, FirstClass, Neutral, Options, SecondClass
from seqkit.debias.measuring.word_lists import WordLists, by_word, mean_score
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["rnd"]


def rnd(
    vectors: Vectors,
    words: Neutral,
    A: FirstClass,
    B: SecondClass,
    *,
    normalize: bool = True,
    average: bool = False,
    options: Options = DEFAULT,
) -> BiasScore:
    """RND, by_word its parts.  Below 0: nearer to A.

    normalize: unit rows as published; raw ones give another number.
    average: the mean instead of the published sum.
    Source:  Garg, Schiebinger, Jurafsky & Zou 2018.
    """
    lists = WordLists("rnd", vectors, {"words": words, "A": A, "B": B}, options)
    rows = lists.unit if normalize else lists.raw
    a, b = rows("A").mean(0), rows("B").mean(0)

    def nearer(m: Array) -> Array:
        return np.linalg.norm(m - a, axis=1) - np.linalg.norm(m - b, axis=1)

    found = nearer(rows("words"))
    pool = lists.pool(len(found), normalize=normalize)
    null = None if pool is None else nearer(pool)
    settings = {"normalized": normalize, "average": average}
    return mean_score(
        "rnd", lists, by_word(lists.words["words"], found), null, total=not average, settings=settings
    )
