"""Word similarity: do the cosines rank pairs of words as people do? Spearman's ρ on sets of rated pairs."""

import csv
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
    """Read two words and a rating a line, in the forms that sets are published in.

    Fields stand between tabs or spaces, or commas in a .csv. A first line without a number is a header (of
    SimLex-999.txt, WordSim's combined.csv); the rating is the first column of numbers, and others are left.
    Without a header there are three fields. A byte-order mark and lines that begin with # are left out.
    Raises:  FormatError naming the line.
    """
    pairs: list[Pair] = []
    head, at = False, 2  # whether there is a header; the column of the rating
    for number, line in enumerate(table.content(path).split("\n"), 1):
        fields = _fields(line, path)
        if not fields or line.startswith("#"):
            continue
        if not (head or pairs) and len(fields) > 2 and not any(map(_number, fields[2:])):
            head = True
            continue
        if head and not pairs:
            at = next((i for i in range(2, len(fields)) if _number(fields[i])), 2)
        if len(fields) <= at or not _number(fields[at]) or not (head or len(fields) == 3):
            raise FormatError(f"{path}: line {number:,} is {line[:60]!r}, expected two words and a number.")
        one, two, rating = fields[0], fields[1], float(fields[at])
        if not np.isfinite(rating):
            raise FormatError(f"{path}: line {number:,} rates {fields[at]}, expected a finite number.")
        pairs.append((one.lower(), two.lower(), rating) if lower else (one, two, rating))
    if len(pairs) < 2:
        raise FormatError(f"{path}: holds {len(pairs)} pairs, expected at least 2.")
    return pairs


def _fields(line: str, path: Path) -> list[str]:
    if "\t" in line:
        return [field.strip() for field in line.strip("\r\n").split("\t")]
    if path.suffix.lower() == ".csv" and line.strip():
        return [field.strip() for field in next(csv.reader([line.strip("\r\n")]))]
    return line.split()


def _number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


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
