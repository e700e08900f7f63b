"""The bootstrap: how far a number would move with another sample of the same size."""

import math
from collections.abc import Callable
from typing import Annotated

import numpy as np

from seqkit.core import rng
from seqkit.core.types import Array

RESAMPLES = 1000


def interval(
    value: Callable[[Annotated[Array, "N"]], float],
    n: int,
    *,
    seed: int = 1,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """The percentile interval of value(indices) over resamples of n items; None below two items.

    Items are drawn with replacement; draws depend on the seed alone.   Source:  Efron 1979.

    >>> interval(lambda i: float(i.mean()), 101, seed=1) is not None
    True
    """
    return None if n < 2 else ends(resampled(value, n, seed=seed, resamples=resamples), level=level)


def mean_of(values: Annotated[Array, "N"]) -> Callable[[Array], float]:
    """The mean of the drawn items, as a statistic for `interval` and `resampled`."""
    return lambda rows: float(values[rows].mean())


def resampled(
    value: Callable[[Annotated[Array, "N"]], float], n: int, *, seed: int = 1, resamples: int = RESAMPLES
) -> Annotated[Array, "K"]:
    """value(indices) of each resample.

    With another seed the resamples are independent, so the difference of two results is that of two samples.
    """
    place = np.arange(n, dtype=np.uint64)
    values = []
    for resample in range(resamples):
        draws = rng.bits(rng.stream(seed, resample), place)
        values.append(value(((draws >> np.uint64(32)) * np.uint64(n) >> np.uint64(32)).astype(np.int64)))
    return np.array(values)


def ends(values: Annotated[Array, "K"], *, level: float = 0.95) -> tuple[float, float] | None:
    """The percentile interval of resampled values without nan; None if all are nan."""
    finite = [v for v in values.tolist() if not math.isnan(v)]
    if not finite:
        return None
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
