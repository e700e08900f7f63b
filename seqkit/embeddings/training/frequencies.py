"""What word frequencies decide in word2vec: which occurrences are kept, which noise words are drawn."""

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


def alias_table(weights: Annotated[Array, "V"]) -> Annotated[Array, "V"]:
    """Pack Walker's alias table: column c gives word c with chance high(c) / 2³², else the word low(c).

    Returns:  (V,) uint64, chance · 2³² in the high half, alias in the low half; a word of weight 0 is never
              drawn.
    Source:  Walker 1977; Vose 1991 for the construction in one pass. Exact to 2⁻³² a column.

    >>> alias_table(np.array([1.0, 0.0])) & np.uint64(0xFFFFFFFF)
    array([0, 0], dtype=uint64)
    """
    share = np.asarray(weights, np.float64) / np.sum(weights, dtype=np.float64) * len(weights)
    chance, alias = np.ones(len(share)), np.arange(len(share), dtype=np.uint64)
    left = share.tolist()
    small, large = [i for i, s in enumerate(left) if s < 1], [i for i, s in enumerate(left) if s >= 1]
    while small and large:
        poor, rich = small.pop(), large[-1]
        chance[poor], alias[poor] = left[poor], rich
        left[rich] -= 1 - left[poor]
        if left[rich] < 1:
            small.append(large.pop())
    for column in small:  # 1 but for rounding; a true 0 would need a rich one left, and there is none
        if weights[column] == 0:
            chance[column], alias[column] = 0.0, int(np.argmax(weights))
    high = np.minimum(np.floor(chance * 2.0**32), 2.0**32 - 1).astype(np.uint64)
    high[alias == np.arange(len(share), dtype=np.uint64)] = 0  # a whole column is its own alias
    return (high << np.uint64(32)) | alias
