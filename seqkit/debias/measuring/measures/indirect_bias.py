"""Indirect bias: the share of the likeness of two words that comes from the bias subspace.

    β(w, v) = (⟨w, v⟩ - ⟨w⊥, v⊥⟩ / (‖w⊥‖ ‖v⊥‖)) / ⟨w, v⟩,    unit rows, w⊥ = w - w_B

The ratio is unstable where ⟨w, v⟩ is near 0, so the numerators and inner products come with it.
"""

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, Anchor, Basis, BiasScore, Neutral, Options, Words
from seqkit.debias.measuring.geometry import TINY, orthonormal
from seqkit.debias.measuring.word_lists import WordLists, by_word, mean_score
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["indirect_bias"]


def indirect_bias(
    vectors: Vectors, word: Anchor, words: Neutral, basis: Basis, *, options: Options = DEFAULT
) -> BiasScore:
    """by_word = β(word, v) of each v in words; value: the mean; extra: numerator and inner product of each.

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
    extra = {"word": word, "numerator": by_word(names, numerator), "inner": by_word(names, inner)}
    found = by_word(names, numerator / inner)
    return mean_score(
        "indirect-bias", lists, found, None, settings={"k": len(B), "normalized": True}, extra=extra
    )


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
