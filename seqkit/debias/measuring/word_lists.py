"""Word lists looked up in vectors, strictly and as they are spelt; the mean of one number for each word."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import numpy as np

from seqkit.core import options
from seqkit.core.errors import OptionError, VocabularyError, did_you_mean
from seqkit.core.types import Array
from seqkit.debias.measuring.base import BiasScore, Options, Pairs, Words
from seqkit.debias.measuring.geometry import unit
from seqkit.debias.measuring.resampling import interval, null_band
from seqkit.debias.words.lookup import listed
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


class WordLists:
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
        """Rows of words that random sets of `size` are drawn from, beside the measured ones.

        None without draws or enough words.
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
        return matrix[good] / lengths[good, None] if normalize else matrix[good]

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
        if twice := [word for word, count in Counter(given).items() if count > 1]:
            raise OptionError(
                f"{self.where}: list {name} holds {listed(twice, 5)} twice. Leave the second out."
            )
        if shared := [word for word in given if word in owner]:
            raise OptionError(
                f"{self.where}: {listed(shared, 5)} is in list {owner[shared[0]]} and in list {name}; lists "
                "must not overlap. Remove it from one of them."
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
    """Raise VocabularyError if all words of a list, or more than options.most_lost of them, are unknown."""
    if len(lost) > options.most_lost * given or len(lost) == given:
        near = did_you_mean(lost[0], vocab.index) if len(lost) == 1 else ""
        raise VocabularyError(
            f"{where}: list {name} has lost {len(lost)} of {given} ({listed(lost)} unknown), expected at "
            f"most {options.most_lost:.0%}. Give other words or raise most_lost.{near}"
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
            raise OptionError(f"{where}: got the pair {pair!r}, expected two different words.")
    if not pairs:
        raise OptionError(f"{where}: got no pair, expected at least one.")
    lost = [f"{a}-{b}" for a, b in pairs if a not in vectors or b not in vectors]
    refuse_losses(where, "pairs", lost, len(pairs), options, vectors.vocab)
    rows = [vectors.rows(pair) for pair in pairs if pair[0] in vectors and pair[1] in vectors]
    return np.array(rows), lost


def mean_score(
    name: str,
    lists: WordLists,
    values: Mapping[str, float],
    null: Array | None,
    *,
    neutral: float = 0.0,
    total: bool = False,
    settings: Mapping[str, Any] = {},
    extra: Mapping[str, Any] = {},
) -> BiasScore:
    """The mean (or total) of one number for each word, with its bootstrap interval.

    null: the numbers of pool words, for the band; None: no band. The band is of random words of these and the
    measured ones, so that without a bias the measured words are one draw of many, whatever the size of the
    pool.
    """
    numbers = np.array(list(values.values()))
    every = None if null is None else np.concatenate([numbers, null])
    size = len(numbers)
    factor = size if total else 1

    def value(i: Array, of: Array) -> Array:
        return of[i].mean(-1) * factor

    return BiasScore(
        name,
        float(numbers.mean() * factor),
        size,
        lists.missing,
        lists.signature(**settings),
        interval(lambda i: value(i, numbers), size, lists.options),
        neutral,
        None if every is None else null_band(lambda i: value(i, every), len(every), size, lists.options),
        dict(values),
        lists.lost,
        dict(extra),
    )


def by_word(words: Iterable[str], numbers: Array) -> dict[str, float]:
    """The number of each word, in order."""
    return dict(zip(words, map(float, numbers), strict=True))
