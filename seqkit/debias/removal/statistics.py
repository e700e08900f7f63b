"""What the methods learn from all words, in blocks: unit rows, second moments, words by class."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from seqkit.core.device import gpu
from seqkit.core.errors import FormatError, OptionError
from seqkit.core.types import Array
from seqkit.debias.direction import gather
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.kernels.second_moments import reference

ROWS = reference.ROWS
LARGE = 1 << 23  # numbers from which a GPU pays


def unit_blocks(vectors: Vectors) -> Iterator[tuple[int, Annotated[Array, "N D"]]]:
    """All rows as unit float64, in blocks with the number of their first row; a row of zeros stays so.

    Raises:  FormatError naming a word whose vector is nan or inf.
    """
    for start in range(0, len(vectors), ROWS):
        x = vectors.matrix[start : start + ROWS].astype(np.float64)
        length = np.linalg.norm(x, axis=1, keepdims=True)
        if not np.isfinite(length).all():
            row = start + int(np.argmin(np.isfinite(length)))
            raise FormatError(
                f"debias: the vector of {vectors.vocab.tokens[row]!r} holds nan or inf. Correct the vectors."
            )
        yield start, x / np.where(length > 0, length, 1)


def second_moments(
    vectors: Vectors, kept: Annotated[Array, "V"]
) -> tuple[Array, Annotated[Array, "D D"], Annotated[Array, "D D"]]:
    """Of the unit rows: mean (D,), Σ x xᵀ / V of all, and the same over the rows not `kept`.

    Many are summed where the vectors are (Vectors.on).
    Raises:  as unit_blocks.
    """
    place = gpu(vectors.device) if vectors.matrix.size >= LARGE else None
    if place is None:
        mean, every, some = reference.sums(vectors.matrix, ~kept)
    else:
        from seqkit.kernels.second_moments.gpu import sums

        mean, every, some = sums(vectors.matrix, ~kept, place)
    if not np.isfinite(mean).all():
        for _ in unit_blocks(vectors):  # which names the word
            pass
    return mean / len(vectors), every / len(vectors), some / max(1, int((~kept).sum()))


def most_biased(
    vectors: Vectors,
    words: WordSets,
    count: int,
    *,
    without: Annotated[Array, "V"] | None = None,
    neutral: bool = False,
) -> tuple[Annotated[Array, "N"], Annotated[Array, "N"]]:
    """Rows of up to `count` words of each class, and their classes 0 … C-1; neutral words are class C.

    A word's score for a class is the product of its unit vector with the class mean less the mean of all
    classes; it belongs to the class that leads by most, and is neutral if its scores are smallest. `count` is
    cut so that at most half of all words are used. without: rows to leave out.
    Raises:  FormatError if there are too few words.
    """
    sides = np.stack([gather(vectors, list(column)).mean(0) for column in words.columns])
    sides -= sides.mean(0)
    scores = np.concatenate([x @ sides.T for _, x in unit_blocks(vectors)])  # (V, C)
    free = np.ones(len(vectors), bool) if without is None else ~without
    best = scores.argmax(1)
    ordered = np.sort(scores, axis=1)
    lead = ordered[:, -1] - ordered[:, -2]
    groups = len(sides) + neutral
    count = min(count, int(free.sum()) // (2 * groups))
    if count < 2:
        raise FormatError(
            f"debias: got {int(free.sum()):,} words for {groups} classes, expected at least {4 * groups}."
        )
    found = []
    for side in range(len(sides)):
        own = np.flatnonzero(free & (best == side))
        found.append(own[np.argsort(-lead[own], kind="stable")[:count]])
    if neutral:
        rest = free.copy()
        rest[np.concatenate(found)] = False
        rest = np.flatnonzero(rest)
        found.append(rest[np.argsort(np.abs(scores[rest]).max(1), kind="stable")[:count]])
    if min(map(len, found)) < 2:
        raise FormatError(
            f"debias: a class has fewer than 2 words among {len(vectors):,}. Use more words or other sets."
        )
    return np.concatenate(found), np.repeat(np.arange(groups), [len(rows) for rows in found])


def classes_of(vectors: Vectors, words: WordSets, lists: tuple[str, ...], count: int) -> tuple[Array, Array]:
    """Rows and classes for a classifier to learn: the named lists, or the most biased and neutral words."""
    if not lists:
        return most_biased(vectors, words, count, neutral=True)
    if len(lists) < 2:
        raise OptionError(f"lists: got {lists}, expected none or at least two.")
    groups = words.pick(*lists)
    rows = vectors.rows([word for group in groups for word in group])
    return rows, np.repeat(np.arange(len(groups)), [len(group) for group in groups])
