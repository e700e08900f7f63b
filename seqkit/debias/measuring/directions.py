"""Random directions: found from random words as the direction of a concept is found from definitional words.

The null of measures that choose words by a direction, or judge by one: the whole is repeated for directions
that mean nothing. In vectors without a concept the direction at hand is one of them, so that at most one in
twenty is called biased; chance alone is no null where words are chosen by the very vectors that are measured.
They are at right angles to the concept: where it is strong, random words differ in it too.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from seqkit.core.types import Array
from seqkit.debias.measuring.resampling import shuffled

MOST = 39  # directions where each costs a classifier: one value in forty lies above all of them by chance
LEAST = 19  # fewer do not make a band: one value in twenty lies above nineteen
_DIRECTIONS = 4  # purpose of draws


def random_directions(
    rows: Annotated[Array, "N D"],
    basis: Annotated[Array, "K D"],
    shape: tuple[int, int],
    draws: int,
    seed: int,
) -> tuple[Annotated[Array, "M K D"], Annotated[Array, "M S"]]:
    """Bases as large as `basis`, each of random sets of words, and the rows of the words it is made of.

    rows: of the words to draw from, unit.   shape: how many sets, of how many words; fewer if rows are few.
    Each is what find_direction finds by "pca" in what these words have outside `basis`.
    """
    size = min(shape[1], len(rows))
    sets = max(1, min(shape[0], len(rows) // (4 * size)))
    drawn = shuffled(len(rows), sets * size, draws, seed, _DIRECTIONS)
    found = np.empty((draws, *basis.shape))
    for other, words in zip(found, drawn, strict=True):
        a = rows[words].reshape(sets, size, -1)
        apart = (a - a.mean(1, keepdims=True)).reshape(sets * size, -1)
        _, _, right = np.linalg.svd(apart - apart @ basis.T @ basis, full_matrices=False)
        other[:] = right[: len(basis)]
    return found, drawn


def around(chance: tuple[float, float] | None, values: Sequence[float]) -> tuple[float, float] | None:
    """The band of guessing, widened to all that random directions gave; None if these are too few."""
    if chance is None or len(values) < LEAST:
        return None
    return min(chance[0], *values), max(chance[1], *values)
