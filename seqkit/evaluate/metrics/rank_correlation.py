"""Spearman's rank correlation: a function of whole samples, since it is no sum over items."""

from typing import Annotated

import numpy as np

from seqkit.core.types import Array

__all__ = ["spearman"]


def spearman(x: Annotated[Array, "N"], y: Annotated[Array, "N"]) -> float:
    """ρ: Pearson's correlation of the ranks, ties sharing their mean rank; nan if either side is constant.

    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0]))
    0.5
    """
    from scipy.stats import rankdata

    a, b = rankdata(x) - (len(x) + 1) / 2, rankdata(y) - (len(y) + 1) / 2
    spread = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / spread) if spread else float("nan")
