"""Places of words on a map of two or three directions: by a projection, or along named axes.

Not handled: drawing (seqkit.report.map), choosing words (seqkit.embeddings.maps.maps).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from seqkit.core import options, rng
from seqkit.core.errors import OptionError, ShapeError, VocabularyError, did_you_mean
from seqkit.core.family import Family
from seqkit.core.score import Score
from seqkit.core.types import Array, Floats
from seqkit.embeddings.maps import axes as named
from seqkit.embeddings.vectors.vectors import Vectors

projections = Family("seqkit.embeddings.maps.projections", "projection")
SAMPLE = 2000  # words that trustworthiness is measured on, at most: it costs their square
NEIGHBOURS = 10


@dataclass(frozen=True)
class Projection:
    """Where each word stands.

    Shapes:  places (N, C) float32; axes: the formula of each direction, if they were named.
    """

    words: list[str]
    places: Annotated[Floats, "N C"]
    method: str
    axes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    trust: Score | None = None


def project(
    vectors: Vectors,
    words: Sequence[str] | None = None,
    *,
    method: str = "tsne",
    dim: int = 2,
    seed: int = 1,
    axes: Sequence[str] = (),
    **settings: Any,
) -> Projection:
    """Put words (all if not given) on a map, by their unit vectors, so that near means a high cosine.

    method: a member of seqkit.embeddings.maps.projections, whose settings may follow; or "axes" with two or
    three formulas.
    trust:  how much of each word's ten nearest on the map are near in truth, 1 all (see `trustworthiness`).
    Raises:  OptionError for an unknown method or setting; VocabularyError for an unknown word or a zero
             vector; ShapeError for too few words, or words that all have one vector.
    """
    if dim not in (2, 3):
        raise OptionError(f"project: got dim {dim}, expected 2 or 3.")
    words = list(vectors.vocab.tokens if words is None else dict.fromkeys(words))
    rows = _unit_rows(vectors, words)
    if method == "axes":
        if len(axes) not in (2, 3) or settings:
            raise OptionError(
                f"project: got {len(axes)} axes and settings {sorted(settings)}, expected 2 or 3 axes alone."
            )
        return Projection(
            words, named.coordinates(vectors, rows, axes).astype(np.float32), method, tuple(axes)
        )
    known = [*projections.names(), "axes"]
    if method not in known:
        raise OptionError(
            f"unknown projection {method!r}; known: {', '.join(known)}.{did_you_mean(method, known)}"
        )
    if axes:
        raise OptionError(
            f"project: got axes {', '.join(axes)} with method {method!r}, which finds its own. "
            "Use method 'axes'."
        )
    if len(rows) < 2 or bool((rows == rows[0]).all()):
        raise ShapeError(
            f"project: got {len(rows)} words with no two vectors that differ, expected at least two that do."
        )
    made = options.from_json(projections.load(method), settings).fitted(len(rows))
    places = np.asarray(made(rows, dim, seed), np.float32)
    if not np.isfinite(places).all():
        raise ShapeError(
            f"project: {method} gave places that are not finite for {len(rows):,} words. Use pca, or "
            "other words."
        )
    used = options.to_json(made) | ({"seed": seed} if made.seeded else {})
    return Projection(words, places, method, (), used, trustworthiness(rows, places, seed=seed))


def trustworthiness(
    rows: Annotated[Array, "N D"], places: Annotated[Array, "N C"], *, seed: int = 1
) -> Score | None:
    """1 - (2 / (n k (2n - 3k - 1))) Σ_i Σ_j∈map(i) max(0, rank(i, j) - k): 1 if the k nearest on the map are
    so in truth.

    Measured on at most 2,000 words drawn by `seed`; None for fewer than 6. Source: Venna & Kaski 2001.
    """
    from sklearn.manifold import trustworthiness as measure

    count = min(len(rows), SAMPLE)
    k = min(NEIGHBOURS, (count - 1) // 2)
    if count < 6:
        return None
    drawn = rng.permutation(rng.stream(seed, 77), len(rows))[:count]
    value = float(measure(rows[drawn], places[drawn], n_neighbors=k))
    return Score("trustworthiness", value, count, len(rows) - count, {"neighbours": k, "seed": seed})


def _unit_rows(vectors: Vectors, words: list[str]) -> Floats:
    found = vectors.rows(words)
    norms = vectors.norms[found]
    if not norms.all():
        zero = words[int(np.argmin(norms))]
        raise VocabularyError(
            f"project: the vector of {zero!r} is zero, so it has no place on a map. Leave that word out."
        )
    return vectors.matrix[found] / norms[:, None]
