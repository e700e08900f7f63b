"""What the bias measures share: words looked up strictly, resampling, null bands, and when "biased" may be
said.

A member (measures/*.py) is one function of vectors and word lists that returns a Measured. Cosines are taken
of float64 unit rows; words are looked up as they are spelt, case included; every number says which words it
lost.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from seqkit.core import options, rng
from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError, did_you_mean
from seqkit.core.family import Family
from seqkit.core.options import option
from seqkit.core.score import Score
from seqkit.core.types import Array
from seqkit.debias.words.lookup import listed
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

measures = Family("seqkit.debias.measuring.measures", "measure")

Words = Sequence[str]
Pairs = Sequence[tuple[str, str]]
LEVEL = 0.95  # of intervals and null bands
TINY = 1e-9  # a spread or length below this, on the scale of cosines, is rounding
_BOOTSTRAP, _NULL = 1, 2  # purposes of draws


@dataclass(frozen=True)
class Options:
    """Settings of every measure."""

    seed: int = option(1, low=0, help="seed of every draw")
    resamples: int = option(1000, low=0, help="bootstrap resamples of the words for the interval; 0: none")
    draws: int = option(1000, low=0, help="random word sets for the null band; 0: none")
    pool: int = option(
        10_000, low=2, help="the null band draws from this many first words, the measured ones left out"
    )
    most_lost: float = option(
        0.2, low=0.0, high=1.0, help="share of a list that may be unknown; more is refused"
    )

    def __post_init__(self) -> None:
        options.check(self)


@dataclass(frozen=True)
class Measured(Score):
    """A bias score with what is needed to judge it.

    `by_word` holds the number of each word where there is one, `lost` the unknown words of each list, `band`
    the middle 95 % of the same measure on random word sets of the same sizes, `neutral` the value without
    this bias, None where people must judge.
    """

    neutral: float | None = 0.0
    band: tuple[float, float] | None = None
    by_word: dict[str, float] = field(default_factory=dict)
    lost: dict[str, list[str]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


DEFAULT = Options()


def calibrated(measured: Measured) -> bool:
    """Whether "biased" may be said: the value lies beyond the null band, away from `neutral`.

    Also p, where there is one, must be at most 0.05, and the interval must leave `neutral` out. So at most
    one random word set in twenty is called biased.
    Raises:  OptionError if there is no null band.
    """
    if measured.band is None or measured.neutral is None:
        raise OptionError(
            f"calibrated: {measured.name} has no null band. Measure with draws above 0, among more words."
        )
    low, high = measured.band
    beyond = measured.value > max(high, measured.neutral) or measured.value < min(low, measured.neutral)
    inside = (
        measured.interval is not None and measured.interval[0] <= measured.neutral <= measured.interval[1]
    )
    return bool(beyond and not inside and measured.extra.get("p", 0.0) <= 1 - LEVEL)


class Lists:
    """Word lists found in vectors: `rows` (row numbers) and `lost` (unknown words) by list name.

    Raises:  OptionError for a list that is empty, holds a word twice or shares one with another list;
             VocabularyError for a list that lost more than options.most_lost of its words.
    """

    def __init__(self, where: str, vectors: Vectors, lists: Mapping[str, Words], options: Options) -> None:
        self.where, self.vectors, self.options = where, vectors, options
        self.words: dict[str, list[str]] = {}
        self.rows: dict[str, Array] = {}
        self.lost: dict[str, list[str]] = {}
        owner: dict[str, str] = {}
        for name, given in lists.items():
            if isinstance(given, str):
                raise OptionError(f"{where}: list {name} is the string {given!r}, expected a list of words.")
            self._check(name, list(given), owner)
            self._find(name, list(given))

    @property
    def missing(self) -> int:
        """How many words were lost in all."""
        return sum(map(len, self.lost.values()))

    def unit(self, name: str) -> Annotated[Array, "N D"]:
        """Unit rows of a list, float64."""
        return unit(self.where, self.vectors.matrix[self.rows[name]], self.words[name])

    def raw(self, name: str) -> Annotated[Array, "N D"]:
        """Rows of a list as they are, float64; refused like `unit`."""
        self.unit(name)
        return self.vectors.matrix[self.rows[name]].astype(np.float64)

    def pool(self, size: int, *, normalize: bool = True) -> Annotated[Array, "N D"] | None:
        """Rows of the words that random sets of `size` are drawn from; None when no band is asked for or
        words are too few.
        """
        count = min(self.options.pool, len(self.vectors))
        free = np.ones(count, bool)
        for rows in self.rows.values():
            free[rows[rows < count]] = False
        matrix = self.vectors.matrix[:count][free].astype(np.float64)
        lengths = np.linalg.norm(matrix, axis=1)
        good = np.isfinite(lengths) & (lengths > 0)
        if not self.options.draws or good.sum() < 2 * size:
            return None
        found: Array = matrix[good] / lengths[good, None] if normalize else matrix[good]
        return found

    def at_least(self, name: str, least: int) -> None:
        """Raise OptionError if fewer than `least` words of a list are known."""
        if len(self.rows[name]) < least:
            raise OptionError(
                f"{self.where}: list {name} holds {len(self.rows[name])} known words, expected at least "
                f"{least}."
            )

    def signature(self, **settings: Any) -> dict[str, Any]:
        """Settings of a score: the sizes of the lists, the shared options, what the measure adds."""
        sizes = {name: len(rows) for name, rows in self.rows.items()}
        return {"words": sizes, **settings, **options.to_json(self.options), "vocabulary": len(self.vectors)}

    def _check(self, name: str, given: list[str], owner: dict[str, str]) -> None:
        twice = (
            [word for word in dict.fromkeys(given) if given.count(word) > 1]
            if len(set(given)) < len(given)
            else []
        )
        if twice:
            raise OptionError(
                f"{self.where}: list {name} holds {listed(twice, 5)} twice. Leave the second out."
            )
        shared = [word for word in given if word in owner]
        if shared:
            raise OptionError(
                f"{self.where}: {listed(shared, 5)} stand in list {owner[shared[0]]} and in list {name}; "
                "lists must not overlap. "
                "Take them out of one."
            )
        owner.update(dict.fromkeys(given, name))

    def _find(self, name: str, given: list[str]) -> None:
        known = [word for word in given if word in self.vectors]
        lost = [word for word in given if word not in self.vectors]
        if not given:
            raise OptionError(f"{self.where}: list {name} is empty. Add words.")
        refuse_losses(self.where, name, lost, len(given), self.options, self.vectors.vocab)
        self.words[name], self.lost[name] = known, lost
        self.rows[name] = self.vectors.rows(known)


def refuse_losses(where: str, name: str, lost: Words, given: int, options: Options, vocab: Vocab) -> None:
    """Raise VocabularyError, naming the words, if more than options.most_lost of a list are unknown, or all
    are.
    """
    if len(lost) > options.most_lost * given or len(lost) == given:
        near = did_you_mean(lost[0], vocab.index) if len(lost) == 1 else ""
        raise VocabularyError(
            f"{where}: list {name} has lost {len(lost)} of {given} ({listed(lost)} unknown), allowed are "
            f"{options.most_lost:.0%}. Give other words or raise most_lost.{near}"
        )


def known_pairs(
    where: str, vectors: Vectors, pairs: Pairs, options: Options
) -> tuple[Annotated[Array, "N 2"], list[str]]:
    """Row numbers of the pairs whose words are both known, and the other pairs as "a-b".

    Raises:  OptionError for an entry that is not two different words, or no pair; VocabularyError if too many
             are lost.
    """
    for pair in pairs:
        if isinstance(pair, str) or len(pair) != 2 or pair[0] == pair[1]:
            raise OptionError(f"{where}: {pair!r} came as a pair, expected two different words.")
    if not pairs:
        raise OptionError(f"{where}: no pair came, expected at least one.")
    lost = [f"{a}-{b}" for a, b in pairs if a not in vectors or b not in vectors]
    refuse_losses(where, "pairs", lost, len(pairs), options, vectors.vocab)
    rows = [vectors.rows(pair) for pair in pairs if pair[0] in vectors and pair[1] in vectors]
    return np.array(rows), lost


def unit(where: str, rows: Annotated[Array, "N D"], words: Words | None = None) -> Annotated[Array, "N D"]:
    """Rows at length 1, float64.

    Raises:  FormatError naming the first row that is zero or not finite.
    """
    rows = np.asarray(rows, np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if len(bad):
        name = repr(words[bad[0]]) if words is not None else f"row {bad[0]}"
        what = "zero" if lengths[bad[0]] == 0 else "not finite"
        raise FormatError(
            f"{where}: the vector of {name} is {what}, so it has no cosine. Leave it out, or mend the "
            "vectors."
        )
    scaled: Array = rows / lengths[:, None]
    return scaled


def orthonormal(where: str, basis: Array, dim: int) -> Annotated[Array, "K D"]:
    """The bias subspace as float64 rows: a single direction (D,) is scaled to length 1, several must be
    orthonormal.

    Raises:  ShapeError for another size, k >= D or rows that are not orthonormal; FormatError for a zero
             direction.
    """
    rows = np.asarray(basis, np.float64)
    rows = unit(where, rows[None], ["the direction"]) if rows.ndim == 1 else rows
    if rows.ndim != 2 or rows.shape[1] != dim or not 1 <= len(rows) < dim:
        raise ShapeError(
            f"{where}: a basis of shape {np.shape(basis)} came, expected (k, {dim}) with 1 <= k < {dim}."
        )
    if not np.allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-5):
        raise ShapeError(
            f"{where}: the {len(rows)} rows of the basis are not orthonormal. Make them so first."
        )
    return rows


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
        few = np.argpartition(keys, size - 1, axis=1)[:, :size] if size < total else np.argsort(keys, axis=1)
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
    """The band of value(indices (draws, size)) over random sets of `size` out of `total` pool words."""
    return middle(value(shuffled(total, size, options.draws, options.seed)))


def mean_score(
    name: str,
    lists: Lists,
    values: Mapping[str, float],
    null: Array | None,
    *,
    neutral: float = 0.0,
    total: bool = False,
    settings: Mapping[str, Any] = {},
    extra: Mapping[str, Any] = {},
) -> Measured:
    """The Measured of a number a word: their mean (or sum), its bootstrap interval, and the band of means
    over `null`.
    """
    numbers = np.array(list(values.values()))
    size = len(numbers)
    factor = size if total else 1

    def value(i: Array, of: Array) -> Array:
        means: Array = of[i].mean(-1) * factor
        return means

    return Measured(
        name,
        float(numbers.mean() * factor),
        size,
        lists.missing,
        lists.signature(**settings),
        interval(lambda i: value(i, numbers), size, lists.options),
        neutral,
        None if null is None else null_band(lambda i: value(i, null), len(null), size, lists.options),
        dict(values),
        lists.lost,
        dict(extra),
    )


def by_word(words: Iterable[str], numbers: Array) -> dict[str, float]:
    """Word to number, in order."""
    return dict(zip(words, map(float, numbers), strict=True))
