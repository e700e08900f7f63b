"""Mean average cosine: how far target words are from lists of attribute words, on average.

    MAC = mean over t in T and lists A_j of  mean_{a in A_j} (1 - cos(t, a))

Named a similarity by its authors, but a distance: 1 is unbiased.
"""

import numpy as np

from seqkit.core.errors import OptionError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, BiasScore, ClassWords, NeutralLists, Options
from seqkit.debias.measuring.word_lists import WordLists, by_word, mean_score
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["mac"]


def mac(
    vectors: Vectors, targets: ClassWords, attributes: NeutralLists, *, options: Options = DEFAULT
) -> BiasScore:
    """MAC, by_word the mean of each target word.  1: unbiased.

    Source:  Manzini, Lim, Tsvetkov & Black 2019.
    """
    if not attributes:
        raise OptionError("mac: got no attribute list, expected at least one.")
    named = {f"A{j + 1}": part for j, part in enumerate(attributes)}
    lists = WordLists("mac", vectors, {"targets": targets, **named}, options)
    parts = [lists.unit(name) for name in named]

    def distance(t: Array) -> Array:
        return np.mean([(1 - t @ a.T).mean(1) for a in parts], axis=0)

    found = distance(lists.unit("targets"))
    pool = lists.pool(len(found))
    null = None if pool is None else distance(pool)
    return mean_score(
        "mac", lists, by_word(lists.words["targets"], found), null, neutral=1.0, settings={"normalized": True}
    )
