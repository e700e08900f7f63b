"""The settings of a pass, as one tuple that plain Python and compiled code both read."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Plan(NamedTuple):
    """How windows and targets are made. A draw for the token at place p depends on the seeds and p alone.

    Windows:  half-width `window`, or uniform on 1..window when `shrink`. A token is kept if 32 random bits
              are below keep[id] (2³² keeps always, 0 never). Removed tokens leave before windows are laid, so
              windows widen.
    Targets:  `tree` False: the word itself (label 1) and `negatives` draws from the alias table `noise`
              (label 0); a draw equal to the word is left out. `tree` True: the inner nodes
              points[ends[w]:ends[w+1]] of the word's Huffman path, with their labels. Full softmax: points[w]
              is the output row of word w, -1 for none. Subwords: points[ends[w]:ends[w+1]] are the input rows
              whose mean is the vector of word w.
    Inputs:   `cbow` False: each context word predicts the centre. True: their mean does, and each context row
              takes the gradient of the mean: whole (word2vec's way), or divided by their number when
              `divide`.
    locked:   1 for input rows that stay as they are; length 0: none.
    """

    window: int
    shrink: bool
    cbow: bool
    divide: bool
    tree: bool
    negatives: int
    seeds: NDArray[np.uint64]  # (3,): keep, window, noise
    keep: NDArray[np.uint64]  # (V,)
    noise: NDArray[np.uint64]  # (V,): chance · 2³² in the high half, alias in the low half
    points: NDArray[np.int32]  # (P,)
    labels: NDArray[np.float32]  # (P,)
    ends: NDArray[np.int64]  # (V + 1,)
    locked: NDArray[np.uint8]  # (V,) or (0,)
