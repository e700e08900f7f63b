"""A stretch of text, windows and noise, as tuples that plain Python and compiled code both read.

A draw for the token at place p depends on the seeds and p alone. Not handled: what else a kernel predicts by
(word2vec.reference, fasttext.reference).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqkit.core.types import Array, Ids

Matrices = tuple[Array, Array]  # input rows, output rows; training changes both


class Stretch(NamedTuple):
    """The tokens at places [low, high) of a text whose sentence s is ids[starts[s]:starts[s + 1]]."""

    ids: Ids
    starts: NDArray[np.int64]
    low: int
    high: int


class Windows(NamedTuple):
    """Which tokens are kept, how wide windows are, and how their words are inputs.

    Kept:    a token is kept if 32 random bits are below keep[id] (2³² keeps always, 0 never). Others leave
             before windows are made, so windows widen.
    Width:   half-width `window`, or uniform on 1..window when `shrink`.
    Inputs:  `cbow` False: each context word predicts the centre. True: their mean does, and each context row
             takes the gradient of the mean: whole (word2vec's way), or divided by their number when `divide`.
    locked:  1 for input rows that stay as they are; length 0: none.
    """

    window: int
    shrink: bool
    cbow: bool
    divide: bool
    seeds: NDArray[np.uint64]  # (3,): keep, width, noise
    keep: NDArray[np.uint64]  # (V,)
    locked: NDArray[np.uint8]  # (V,) or (0,)


class Noise(NamedTuple):
    """Targets of negative sampling: the word (label 1) and `negatives` draws from `table` (label 0)."""

    negatives: int
    table: NDArray[np.uint64]  # (V,): alias table, chance · 2³² in the high half, alias in the low half
