"""The word embedding association test on arrays of unit rows: what WEAT on words and SEAT on sentences share.

    s(w, A, B) = mean_a cos(w, a) - mean_b cos(w, b)
    S = Σ_X s - Σ_Y s          d = (mean_X s - mean_Y s) / sd_{X∪Y} s
    p = share of the splits of X∪Y into parts of sizes |X|, |Y| whose S is as large

Source: Caliskan, Bryson & Narayanan 2017. Their published d has ddof = 1. Splits are drawn without
replacement, the split at hand among them, so p > 0.
Where |X| and |Y| differ, S is n (mean_X s - mean_Y s) with n = (|X| + |Y|) / 2: the same number at equal
sizes.
"""

import math
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Annotated, Literal, NamedTuple

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.options import check, option
from seqkit.core.types import Array
from seqkit.debias.measuring.base import BiasScore, Options
from seqkit.debias.measuring.geometry import TINY
from seqkit.debias.measuring.resampling import middle, resampled, shuffled

_SPLITS = 3  # purpose of draws


@dataclass(frozen=True)
class AssociationTest:
    """How d and p are computed."""

    sided: Literal["two", "one"] = option("two", help="two asks |S_i| >= |S|; one, as published, S_i >= S")
    ddof: int = option(1, low=0, high=1, help="of the standard deviation in d; 1 as published")
    exact: int = option(10**6, low=0, help="take all splits if there are at most so many")
    samples: int = option(99_999, low=1, help="else draw so many")

    def __post_init__(self) -> None:
        check(self)


class Lists(NamedTuple):
    """Unit rows of two target and two attribute lists."""

    x: Annotated[Array, "X D"]
    y: Annotated[Array, "Y D"]
    a: Annotated[Array, "A D"]
    b: Annotated[Array, "B D"]


def associations(
    w: Annotated[Array, "N D"], a: Annotated[Array, "A D"], b: Annotated[Array, "B D"]
) -> Annotated[Array, "N"]:
    """s of each row: mean cosine to `a` less mean cosine to `b`."""
    return w @ (a.mean(0) - b.mean(0))


def effect(x: Array, y: Array, ddof: int) -> Array:
    """d along the last axis; nan where nothing varies."""
    both = np.concatenate([x, y], -1)
    spread = both.std(-1, ddof=ddof)
    with np.errstate(invalid="ignore", divide="ignore"):
        d: Array = np.where(spread > TINY, (x.mean(-1) - y.mean(-1)) / spread, np.nan)
    return d


def statistic(x: Annotated[Array, "X"], y: Annotated[Array, "Y"]) -> float:
    """S."""
    return float((x.mean() - y.mean()) * (len(x) + len(y)) / 2)


def permutation_of(
    x: Annotated[Array, "X"], y: Annotated[Array, "Y"], test: AssociationTest, *, seed: int = 1
) -> tuple[float, int, bool]:
    """p of associations x and y, the splits it is made of, and whether these are all.

    All C(N, n) splits when they are at most `exact`; else p = (b + 1) / (m + 1) with b of m = `samples`
    random splits.
    """
    s, n, N = np.concatenate([x, y]), len(x), len(x) + len(y)
    total = float(s.sum())
    splits = math.comb(N, n)
    whole = splits <= test.exact
    if whole:
        listed = chain.from_iterable(combinations(range(N), n))
        chosen = np.fromiter(listed, np.int32, splits * n).reshape(splits, n)
    else:
        chosen = shuffled(N, n, test.samples, seed, _SPLITS)
    part = np.concatenate([s[block].sum(1) for block in np.array_split(chosen, len(chosen) // 100_000 + 1)])
    difference = part / n - (total - part) / (N - n)
    at_hand = s[:n].sum() / n - (total - s[:n].sum()) / (N - n)
    if test.sided == "two":
        difference, at_hand = np.abs(difference), abs(at_hand)
    rounding = 1e-12 * np.abs(s).sum()  # sums in another order differ by so much
    as_large = int((difference >= at_hand - rounding).sum())
    return (
        (as_large / splits, splits, True)
        if whole
        else ((as_large + 1) / (test.samples + 1), test.samples, False)
    )


def bootstrap(lists: Lists, ddof: int, options: Options) -> tuple[float, float] | None:
    """Interval of d when the words of all four lists are drawn again, each list by itself."""
    x, y, a, b = lists
    if min(len(x), len(y)) < 2 or not options.resamples:
        return None
    both = np.concatenate([x, y])
    to_a, to_b = both @ a.T, both @ b.T
    rows = np.arange(options.resamples)[:, None]
    means = []
    for purpose, cosines in enumerate((to_a, to_b)):
        drawn = resampled(cosines.shape[1], options, purpose)
        counts = np.zeros((options.resamples, cosines.shape[1]))
        np.add.at(counts, (rows, drawn), 1 / cosines.shape[1])
        means.append(counts @ cosines.T)
    s = means[0] - means[1]  # (resamples, |X| + |Y|)
    drawn_x = np.take_along_axis(s, resampled(len(x), options, 2), 1)
    drawn_y = np.take_along_axis(s, len(x) + resampled(len(y), options, 3), 1)
    return middle(effect(drawn_x, drawn_y, ddof))


def run(
    name: str, lists: Lists, pool: Annotated[Array, "P D"] | None, test: AssociationTest, options: Options
) -> tuple[BiasScore, Annotated[Array, "N"]]:
    """The whole test, without words and signature; and s of the rows of x and y.

    Raises:  FormatError if all associations are equal.
    """
    x, y, a, b = lists
    sx, sy = associations(x, a, b), associations(y, a, b)
    d = float(effect(sx, sy, test.ddof))
    if math.isnan(d):
        raise FormatError(
            f"{name}: all words have the same association with A as with B, so d is not defined. Give "
            "other lists."
        )
    p, splits, whole = permutation_of(sx, sy, test, seed=options.seed)
    bounds = bootstrap(lists, test.ddof, options)
    band = None
    if pool is not None:
        every = np.concatenate([sx, sy, associations(pool, a, b)])
        band = null(every, len(x), len(y), test.ddof, options)
    extra = {"S": statistic(sx, sy), "p": p, "splits": splits, "exact": whole}
    score = BiasScore(name, d, len(x) + len(y), interval=bounds, band=band, extra=extra)
    return score, np.concatenate([sx, sy])


def null(
    s: Annotated[Array, "P"], nx: int, ny: int, ddof: int, options: Options
) -> tuple[float, float] | None:
    """The band of d for random X and Y of these sizes out of words with associations `s`."""
    chosen = s[shuffled(len(s), nx + ny, options.draws, options.seed)]
    return middle(effect(chosen[:, :nx], chosen[:, nx:], ddof))
