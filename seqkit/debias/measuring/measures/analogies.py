"""Generated analogies: the pairs of words "a is to x as b is to y" that the vectors themselves put forward.

    score(x, y) = cos(a - b, x - y)  if ‖x - y‖ <= δ, else 0;    unit rows

The best pairs first, each word at most once as x and once as y. Whether a pair is a stereotype is for people
to say.
"""

from typing import Annotated, Any

import numpy as np

from seqkit.core.device import backend, gpu
from seqkit.core.errors import FormatError, OptionError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, BiasScore, KnownPair, Options
from seqkit.debias.measuring.geometry import TINY, unit
from seqkit.debias.measuring.word_lists import WordLists
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.kernels.near_pairs import reference

__all__ = ["analogies"]


def analogies(
    vectors: Vectors,
    pair: KnownPair,
    *,
    topn: int = 100,
    delta: float = 1.0,
    restrict: int = 10_000,
    options: Options = DEFAULT,
) -> BiasScore:
    """extra["pairs"] = [x, y, score] of the best pairs of the first `restrict` words; value: the mean score.

    a and b themselves are left out; nothing else is.
    Raises:  FormatError if no two words are within delta and in the direction of the pair.
    Source:  Bolukbasi et al. 2016, section 4.
    """
    if topn < 1 or not delta > 0 or restrict < 2:
        raise OptionError(
            f"analogies: got topn {topn}, delta {delta}, restrict {restrict}; expected at least 1, above 0, "
            "at least 2."
        )
    lists = WordLists("analogies", vectors, {"a": pair[:1], "b": pair[1:]}, options)
    g = unit("analogies", lists.unit("a") - lists.unit("b"), ["the difference of the pair"])[0]
    lengths = np.linalg.norm(vectors.matrix[:restrict].astype(np.float64), axis=1)
    rows = np.setdiff1d(
        np.flatnonzero(np.isfinite(lengths) & (lengths > 0)), [*lists.rows["a"], *lists.rows["b"]]
    )
    place = gpu(vectors.device)
    x, y, scores = _best(vectors.matrix[rows] / lengths[rows, None], g, delta, 2 * topn * len(rows), place)
    used_x: set[int] = set()
    used_y: set[int] = set()
    found: list[tuple[str, str, float]] = []
    for i, j, score in zip(x.tolist(), y.tolist(), scores.tolist(), strict=True):
        if i not in used_x and j not in used_y and len(found) < topn:
            used_x.add(i)
            used_y.add(j)
            found.append((vectors.vocab.tokens[rows[i]], vectors.vocab.tokens[rows[j]], score))
    if not found:
        raise FormatError(
            f"analogies: no two of {len(rows):,} words lie within {delta:g} along {' - '.join(pair)}. "
            "Raise delta."
        )
    value = float(np.mean([score for *_, score in found]))
    settings = lists.signature(pair=list(pair), topn=topn, delta=delta, restrict=restrict, normalized=True)
    settings["backend"] = backend(place)
    return BiasScore(
        "analogies", value, len(found), 0, settings, neutral=None, lost=lists.lost, extra={"pairs": found}
    )


def _best(
    rows: Annotated[Array, "N D"], g: Annotated[Array, "D"], delta: float, keep: int, place: Any
) -> reference.Pairs:
    """The `keep` best (x, y, score), best first; each chosen pair excludes at most 2 N others."""
    if place is None:
        return reference.best(rows, g, delta, TINY, keep)
    from seqkit.kernels.near_pairs.gpu import best

    return best(rows, g, delta, TINY, keep, place)
