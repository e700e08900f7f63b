"""Single-category WEAT (WEFAT): how much nearer single words are to one list than to another.

g(w) = (mean_a cos(w, a) - mean_b cos(w, b)) / sd_{x in A∪B} cos(w, x)
"""

import numpy as np

from seqkit.core.errors import FormatError, OptionError
from seqkit.core.types import Array
from seqkit.debias.measuring.association import effect
from seqkit.debias.measuring.base import DEFAULT, BiasScore, FirstClass, Neutral, Options, SecondClass
from seqkit.debias.measuring.word_lists import WordLists, by_word, mean_score
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["sc_weat"]


def sc_weat(
    vectors: Vectors,
    words: Neutral,
    A: FirstClass,
    B: SecondClass,
    *,
    ddof: int = 1,
    options: Options = DEFAULT,
) -> BiasScore:
    """SC-WEAT: by_word = g of each word, value = their mean.  g > 0: nearer to A.

    Source:  Caliskan, Bryson & Narayanan 2017, supplement (WEFAT); ddof = 1 as in their d.
    """
    if ddof not in (0, 1):
        raise OptionError(f"sc_weat: got ddof = {ddof}, expected 1 (as published) or 0.")
    lists = WordLists("sc_weat", vectors, {"words": words, "A": A, "B": B}, options)
    a, b = lists.unit("A"), lists.unit("B")

    def g(w: Array) -> Array:
        return effect(w @ a.T, w @ b.T, ddof)

    found = g(lists.unit("words"))
    if len(bad := np.flatnonzero(np.isnan(found))):
        raise FormatError(
            f"sc_weat: {lists.words['words'][bad[0]]!r} has the same cosine to all of A and B, so g is not "
            "defined."
        )
    pool = lists.pool(len(found))
    null = None if pool is None else g(pool)
    settings = {"ddof": ddof, "normalized": True}
    return mean_score("sc-weat", lists, by_word(lists.words["words"], found), null, settings=settings)
