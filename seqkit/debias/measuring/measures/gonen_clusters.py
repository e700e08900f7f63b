"""Gonen's first test: do the most biased words still fall into their two sides when clustered by k-means?

value = max(accuracy, 1 - accuracy) of two clusters against the sides, the mean over seeds
"""

from collections.abc import Sequence

import numpy as np

from seqkit.core import options as settings_of
from seqkit.core.errors import OptionError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, Basis, BiasScore, MostWords, Options, Original, Specific
from seqkit.debias.measuring.recovery import most_biased, rows_of
from seqkit.debias.measuring.resampling import interval, null_band
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["gonen_clusters"]


def gonen_clusters(
    vectors: Vectors,
    basis: Basis,
    *,
    original: Original = None,
    n: MostWords = 500,
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    specific: Specific = (),
    options: Options = DEFAULT,
) -> BiasScore:
    """Clustering accuracy of 2n words; 0.5: the sides are not found, 1: all are. extra: of each seed.

    original: the vectors before debiasing, which choose the words and to which `basis` belongs.
    Source:  Gonen & Goldberg 2019, section 4.
    """
    from sklearn.cluster import KMeans

    if not seeds:
        raise OptionError("gonen_clusters: got no seed, expected at least one.")
    words, labels = most_biased("gonen_clusters", original or vectors, basis, n, specific=specific)
    x = rows_of("gonen_clusters", vectors, words)
    hits = []
    for seed in seeds:
        hit = KMeans(2, n_init=10, random_state=seed).fit_predict(x) == labels
        hits.append(hit if hit.mean() >= 0.5 else ~hit)
    right = np.array(hits, float)  # (seeds, 2n)
    sides = right[0] == labels  # the clusters of the first seed

    def chance(i: Array) -> Array:
        agreed = (sides[i] == labels).mean(-1)
        return np.asarray(np.maximum(agreed, 1 - agreed))

    by_seed = dict(zip(map(str, seeds), right.mean(1).tolist(), strict=True))
    signature = {"n": n, "seeds": list(seeds), "normalized": True, **settings_of.to_json(options)}
    return BiasScore(
        "gonen-clusters",
        float(right.mean()),
        2 * n,
        0,
        signature,
        interval(lambda i: right[:, i].mean((0, 2)), 2 * n, options),
        0.5,
        null_band(chance, 2 * n, 2 * n, options),
        extra={"by_seed": by_seed},
    )
