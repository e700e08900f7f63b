"""Word similarity: do the cosines rank pairs of words as people do? Spearman's ρ on sets of rated pairs."""

from pathlib import Path

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.score import Score
from seqkit.core.types import Array
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.evaluate.bootstrap import interval
from seqkit.evaluate.metrics.rank_correlation import spearman
from seqkit.text.readers import table

Pair = tuple[str, str, float]


def read_pairs(path: Path, *, lower: bool = True) -> list[Pair]:
    """Read "word word score" lines, fields apart by tabs or spaces (WordSim-353, SimLex-999, RG-65).

    Raises:  FormatError naming the line.
    """
    pairs: list[Pair] = []
    for number, line in enumerate(table.content(path).split("\n"), 1):
        fields = line.split()
        if not fields or line.startswith("#"):
            continue
        try:
            one, two, score = fields
            rating = float(score)
        except ValueError as error:
            raise FormatError(
                f"{path}: line {number:,} is {line[:60]!r}, expected two words and a number."
            ) from error
        if not np.isfinite(rating):
            raise FormatError(f"{path}: line {number:,} rates {score}, expected a finite number.")
        pairs.append((one.lower(), two.lower(), rating) if lower else (one, two, rating))
    if len(pairs) < 2:
        raise FormatError(f"{path}: holds {len(pairs)} pairs, expected at least 2.")
    return pairs


def evaluate(
    vectors: Vectors,
    pairs: list[Pair],
    *,
    name: str = "similarity",
    restrict: int | None = None,
    seed: int = 1,
) -> Score:
    """Spearman's ρ between cosines and ratings; pairs with a word beyond `restrict` words are missing."""
    last = len(vectors) if restrict is None else min(restrict, len(vectors))
    index = vectors.vocab.index
    known = [
        (a, b, rating) for a, b, rating in pairs if index.get(a, last) < last and index.get(b, last) < last
    ]
    cosines = np.array([vectors.similarity(a, b) for a, b, _ in known])
    ratings = np.array([rating for *_, rating in known])

    def value(i: Array) -> float:
        return spearman(cosines[i], ratings[i])

    settings = {"metric": "spearman", "restrict": last, "words": len(vectors), "seed": seed}
    bounds = interval(value, len(known), seed=seed)
    return Score(name, value(np.arange(len(known))), len(known), len(pairs) - len(known), settings, bounds)
