"""Subsampling of frequent words: which share of a word's occurrences is kept."""

from typing import Annotated

import numpy as np

from seqkit.core.types import Array


def keep_thresholds(counts: Annotated[Array, "V"], t: float) -> Annotated[Array, "V"]:
    """The chance of keeping each word, times 2³²: p = √(t / f) + t / f, at most 1; f: share of all counts.

    t = 0 keeps everything; a word of count 0 is never kept.
    Source:  word2vec.c; the paper (arXiv:1310.4546 eq. 5) discards 1 - √(t / f) instead.

    >>> (keep_thresholds(np.array([0, 90, 10]), 0.1) / 2**32).round(3).tolist()
    [0.0, 0.444, 1.0]
    """
    if t == 0:
        return np.where(counts > 0, 1 << 32, 0).astype(np.uint64)
    share = counts / max(counts.sum(), 1)
    with np.errstate(divide="ignore"):
        ratio = t / share
    chance = np.minimum(np.sqrt(ratio) + ratio, 1.0)
    return np.where(counts > 0, np.round(chance * 2.0**32), 0).astype(np.uint64)
