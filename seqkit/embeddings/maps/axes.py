"""Axes that a person names, as formulas over words: "he->she", "good->bad", "king-man+woman".

    formula  =  side  or  side -> side            (→ may stand for ->)
    side     =  word, words joined by + and -     f = Σ ± ŵ,  ŵ = w / |w|
    axis     =  f / |f|,  or for two sides  (ĝ - f̂) / |ĝ - f̂|        coordinate of a word: ŵ · axis

A side that is a word of the vocabulary is that word ("well-known"). Where a side holds spaces, only a + or -
that stands alone joins words; elsewhere each does.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated

import numpy as np

from seqkit.core.errors import OptionError, VocabularyError, did_you_mean
from seqkit.core.types import Array, Floats
from seqkit.embeddings.vectors.vectors import Vectors

Terms = list[tuple[int, str]]


def parse(formula: str, known: Iterable[str] = ()) -> list[Terms]:
    """The one or two sides of a formula, each as (sign, word) terms.

    Raises:  OptionError for what is not a formula.

    >>> parse("king-man+woman")
    [[(1, 'king'), (-1, 'man'), (1, 'woman')]]
    """
    sides = re.split(r"→|->", formula)
    terms = [_terms(side.strip(), known) for side in sides]
    if len(sides) > 2 or not all(terms):
        raise OptionError(f"axis: got {formula!r}, expected a formula such as 'he->she' or 'king-man+woman'.")
    return terms


def axis(vectors: Vectors, formula: str) -> Annotated[Array, "D"]:
    """The unit vector that a formula names.

    Raises:  VocabularyError naming each unknown word; OptionError if the formula is none, or adds up to
             nothing.
    """
    sides = parse(formula, vectors.vocab.index)
    unknown = [word for side in sides for _, word in side if word not in vectors]
    if unknown:
        near = "".join(
            f" {word!r} is unknown.{did_you_mean(word, vectors.vocab.tokens)}"
            for word in dict.fromkeys(unknown)
        )
        raise VocabularyError(f"axis: {formula!r} has words outside the {len(vectors):,} known ones.{near}")
    ends = [
        _unit(sum((sign * _unit(vectors[word], word) for sign, word in side), np.zeros(vectors.dim)), formula)
        for side in sides
    ]
    return ends[0] if len(ends) == 1 else _unit(ends[1] - ends[0], formula)


def coordinates(
    vectors: Vectors, rows: Annotated[Floats, "N D"], formulas: Sequence[str]
) -> Annotated[Array, "N C"]:
    """The place of each unit row along each axis."""
    return rows @ np.stack([axis(vectors, formula) for formula in formulas], axis=1)


def _terms(side: str, known: Iterable[str]) -> Terms:
    """The terms of a side; none if it is not a side."""
    if side in known:
        return [(1, side)]
    parts = side.split() if re.search(r"\s", side) else re.findall(r"[+-]|[^+-]+", side)
    if parts and parts[0] not in ("+", "-"):
        parts = ["+", *parts]
    signs, words = parts[::2], parts[1::2]
    if len(signs) != len(words) or not set(signs) <= {"+", "-"} or set(words) & {"+", "-"}:
        return []
    return [(1 if sign == "+" else -1, word) for sign, word in zip(signs, words, strict=True)]


def _unit(vector: Array, name: str) -> Array:
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if length < 1e-6:
        raise OptionError(f"axis: {name!r} adds up to nothing, so it points nowhere. Name words that differ.")
    return vector / length
