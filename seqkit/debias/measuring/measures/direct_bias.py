"""Direct bias: how much of each word lies within the bias subspace.

DirectBias_c = (1 / |N|) Σ_{w in N} ‖w_B‖^c,    w_B the projection of the unit row w

For one direction g, ‖w_B‖^c is |cos(w, g)|^c.
"""

import math

import numpy as np

from seqkit.core.errors import OptionError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, Basis, BiasScore, Neutral, Options
from seqkit.debias.measuring.geometry import orthonormal
from seqkit.debias.measuring.word_lists import WordLists, by_word, mean_score
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["direct_bias"]


def direct_bias(
    vectors: Vectors, words: Neutral, basis: Basis, *, c: float = 1.0, options: Options = DEFAULT
) -> BiasScore:
    """Direct bias of words that ought to be neutral; 0 is none, 1 is all.

    basis: (D,) or orthonormal rows (k, D). The list of words decides the value: name it.
    The null band is that of other words of the vocabulary, which have a direct bias too.
    Source:  Bolukbasi et al. 2016, section 5.2.
    """
    if not (c > 0 and math.isfinite(c)):
        raise OptionError(f"direct_bias: got c = {c}, expected a number above 0; 1 is as published.")
    B = orthonormal("direct_bias", basis, vectors.dim)
    lists = WordLists("direct_bias", vectors, {"words": words}, options)

    def size(w: Array) -> Array:
        return np.linalg.norm(w @ B.T, axis=1) ** c

    found = size(lists.unit("words"))
    pool = lists.pool(len(found))
    null = None if pool is None else size(pool)
    settings = {"c": c, "k": len(B), "normalized": True}
    return mean_score("direct-bias", lists, by_word(lists.words["words"], found), null, settings=settings)
