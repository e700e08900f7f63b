"""Gonen's first test: do the most biased words still fall into their two sides when clustered by k-means?

value = max(accuracy, 1 - accuracy) of two clusters against the sides, the mean over seeds
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from seqkit.core import options as settings_of
from seqkit.core.errors import OptionError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import (
    DEFAULT,
    Basis,
    BiasScore,
    MostWords,
    Options,
    Original,
    SetShape,
    Specific,
)
from seqkit.debias.measuring.directions import around
from seqkit.debias.measuring.recovery import chosen_at_random, most_biased, rows_of
from seqkit.debias.measuring.resampling import interval, null_band
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["gonen_clusters"]


def gonen_clusters(
    vectors: Vectors,
    basis: Basis,
    *,
    original: Original = None,
    n: MostWords = 500,
    shape: SetShape = (10, 2),
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    specific: Specific = (),
    options: Options = DEFAULT,
) -> BiasScore:
    """Clustering accuracy of 2n words; 0.5: the sides are not found, 1: all are. extra: of each seed.

    original: the vectors before debiasing, which choose the words and to which `basis` belongs.
    shape: how many sets of how many words `basis` is from; the null band is of random ones.
    Source:  Gonen & Goldberg 2019, section 4.
    """
    if not seeds:
        raise OptionError("gonen_clusters: got no seed, expected at least one.")
    words, labels = most_biased("gonen_clusters", original or vectors, basis, n, specific=specific)
    x = rows_of("gonen_clusters", vectors, words)
    right = np.array([_right(x, seed) for seed in seeds], float)  # (seeds, 2n)
    sides = right[0] == labels  # the clusters of the first seed

    def chance(i: Array) -> Array:
        agreed = (sides[i] == labels).mean(-1)
        return np.asarray(np.maximum(agreed, 1 - agreed))

    others = chosen_at_random(
        "gonen_clusters", vectors, original or vectors, basis, n, shape, specific=specific, options=options
    )
    null = [float(_right(rows, seeds[i % len(seeds)]).mean()) for i, rows in enumerate(others)]
    by_seed = dict(zip(map(str, seeds), right.mean(1).tolist(), strict=True))
    signature = {"n": n, "seeds": list(seeds), "random_sets": list(shape), "normalized": True}
    return BiasScore(
        "gonen-clusters",
        float(right.mean()),
        2 * n,
        0,
        signature | settings_of.to_json(options),
        interval(lambda i: right[:, i].mean((0, 2)), 2 * n, options),
        0.5,
        around(null_band(chance, 2 * n, 2 * n, options), null),
        extra={"by_seed": by_seed},
    )


def _right(x: Annotated[Array, "N D"], seed: int) -> Annotated[Array, "N"]:
    """Which words k-means puts on their side; the first half is one side."""
    from sklearn.cluster import KMeans

    hit = KMeans(2, n_init=10, random_state=seed).fit_predict(x) == np.repeat([1, 0], len(x) // 2)
    return np.asarray(hit if hit.mean() >= 0.5 else ~hit)
