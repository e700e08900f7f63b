"""Draws of words: bootstrap intervals, and null bands of random word sets.

Not handled: resampling of sums (evaluate.bootstrap).
"""

from collections.abc import Callable
from typing import Annotated

import numpy as np

from seqkit.core import rng
from seqkit.core.types import Array
from seqkit.debias.measuring.base import LEVEL, Options

_BOOTSTRAP, _NULL = 1, 2  # purposes of draws


def resampled(n: int, options: Options, *path: int) -> Annotated[Array, "N M"]:
    """Row numbers 0..n-1 drawn with replacement, a row of n for each bootstrap resample."""
    place = np.arange(options.resamples * n, dtype=np.uint64)
    draws = rng.bits(rng.stream(options.seed, _BOOTSTRAP, *path), place) >> np.uint64(32)
    return (draws * np.uint64(n) >> np.uint64(32)).astype(np.int64).reshape(options.resamples, n)


def shuffled(total: int, size: int, draws: int, seed: int, *path: int) -> Annotated[Array, "N M"]:
    """`size` different numbers below `total` in random order, a row for each draw."""
    found = []
    for start in range(0, draws, 256):
        count = min(256, draws - start)
        place = np.arange(start * total, (start + count) * total, dtype=np.uint64)
        keys = rng.bits(rng.stream(seed, _NULL, *path), place).reshape(count, total)
        few = np.argpartition(keys, size - 1, axis=1)[:, :size]
        order = np.argsort(np.take_along_axis(keys, few, 1), axis=1)
        found.append(np.take_along_axis(few, order, 1))
    return np.concatenate(found) if found else np.zeros((0, size), np.int64)


def middle(values: Array) -> tuple[float, float] | None:
    """The middle 95 % of the finite values; None when there is none."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def interval(value: Callable[[Array], Array], n: int, options: Options) -> tuple[float, float] | None:
    """Bootstrap interval of value(indices (resamples, n)) over n words; None for one word or no resamples."""
    return middle(value(resampled(n, options))) if n > 1 and options.resamples else None


def null_band(
    value: Callable[[Array], Array], total: int, size: int, options: Options
) -> tuple[float, float] | None:
    """The band of value(indices (draws, size)) over random sets of `size` out of `total` pool words.

    None without draws.
    """
    return middle(value(shuffled(total, size, options.draws, options.seed)))
