"""Relational inner product association: the part of a raw vector along the direction of a pair of words.

β(w; x, y) = ⟨w, (x - y) / ‖x - y‖⟩,    w not normalised
"""

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, BiasScore, DefinitionalPairs, Neutral, Options
from seqkit.debias.measuring.geometry import TINY
from seqkit.debias.measuring.word_lists import WordLists, by_word, known_pairs, mean_score
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["ripa"]


def ripa(
    vectors: Vectors, words: Neutral, pairs: DefinitionalPairs, *, options: Options = DEFAULT
) -> BiasScore:
    """RIPA: by_word = β averaged over the pairs, value = their mean, extra["deviation"] = sd over the pairs.

    Above 0: toward the first of each pair. In the unit of the vectors, so it grows with their scale.
    Raises:  FormatError for a pair of equal vectors.
    Source:  Ethayarajh, Duvenaud & Hirst 2019.
    """
    lists = WordLists("ripa", vectors, {"words": words}, options)
    rows, lists.lost["pairs"] = known_pairs("ripa", vectors, pairs, options)
    x, y = (vectors.matrix[side].astype(np.float64) for side in rows.T)
    lengths = np.linalg.norm(x - y, axis=1)
    if len(bad := np.flatnonzero(~(lengths > TINY * np.linalg.norm(x, axis=1)))):
        pair = vectors.vocab.words(rows[bad[0]])
        raise FormatError(
            f"ripa: the vectors of {pair[0]!r} and {pair[1]!r} are equal, so they give no direction. Leave "
            "the pair out."
        )
    directions = (x - y) / lengths[:, None]

    def toward(w: Array) -> Array:
        return (w @ directions.T).mean(1)

    w = lists.raw("words")
    pool = lists.pool(len(w), normalize=False)
    names = lists.words["words"]
    return mean_score(
        "ripa",
        lists,
        by_word(names, toward(w)),
        None if pool is None else toward(pool),
        settings={"normalized": False, "pairs": len(rows)},
        extra={"deviation": by_word(names, (w @ directions.T).std(1))},
    )
