"""What word sets and vectors give to the measures: lists, pairs, direction, tested words."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from seqkit.core.errors import OptionError
from seqkit.debias.direction import Direction, find_direction
from seqkit.debias.measuring.base import DEFAULT, Options
from seqkit.debias.measuring.recovery import candidates, most_biased
from seqkit.debias.words.comparisons import comparisons
from seqkit.debias.words.lookup import Case, spellings
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors

TESTED = 2500  # words of each side that the largest recovery test takes, as published


@dataclass(frozen=True)
class Inputs:
    """What measures are given of word sets; words are chosen by the vectors before debiasing.

    neutral_list: name of the list that ought to be neutral.
    anchor: the word that indirect bias compares with.
    chosen: names of association tests (words.comparisons), of which none may be lost; all there are if empty.
    sided: whether their p is two-sided, or one-sided as published.
    """

    original: Vectors
    words: WordSets
    neutral_list: str = "professions"
    anchor: str | None = None
    case: Case = "exact"
    options: Options = DEFAULT
    chosen: tuple[str, ...] = ()
    sided: Literal["two", "one"] = "two"

    @cached_property
    def forms(self) -> dict[str, list[str]]:
        """The spellings in the vocabulary of each word that it has, the one to measure first."""
        every = {word for part in self.words.lists.values() for word in part}
        wanted = {*self.words.protected, *every, *filter(None, [self.anchor])}
        return spellings(self.original.vocab, sorted(wanted), self.case)

    @cached_property
    def spelling(self) -> dict[str, str]:
        """How the vocabulary spells each word that it has."""
        return {word: found[0] for word, found in self.forms.items()}

    @cached_property
    def direction(self) -> Direction:
        """The direction of the concept in the original vectors; for more than two classes, a subspace."""
        self._check_sets("direction")
        kept, _ = self.words.known(
            self.original, case=self.case, limit=self.options.most_lost, need=["definitional"]
        )
        return find_direction(self.original, kept.definitional, dims=self.words.num_classes - 1)

    @cached_property
    def classes(self) -> list[list[str]]:
        """The words of the two classes."""
        columns = self.words.columns
        if len(columns) != 2:
            raise OptionError(
                f"{self.words.name}: got {len(columns)} classes of definitional words, expected two."
            )
        return [self.spelt(column) for column in columns]

    @cached_property
    def pairs(self) -> list[tuple[str, ...]]:
        """The definitional pairs."""
        self._check_sets("pairs")
        return [tuple(self.spelt(row)) for row in self.words.definitional if self.classes]

    @cached_property
    def neutral(self) -> list[str]:
        """The words that ought to be neutral: the list of that name, or all lists if there is none."""
        lists = self.words.lists
        found = lists.get(self.neutral_list) or tuple(
            dict.fromkeys(word for part in lists.values() for word in part)
        )
        if not found:
            raise OptionError(
                f"{self.words.name}: no list {self.neutral_list!r} and no other, expected one of words "
                "that ought to be neutral."
            )
        return self.spelt(found)

    @property
    def anchor_word(self) -> str:
        """The anchor, as the vocabulary spells it."""
        if self.anchor is None:
            raise OptionError(
                "indirect-bias: got no word to compare with. Name one as anchor, such as softball."
            )
        return self.spelling.get(self.anchor, self.anchor)

    @property
    def specific(self) -> list[str]:
        """The words that rightly carry the concept, in every spelling."""
        every = (token for word in self.words.protected for token in self.forms.get(word, [word]))
        return list(dict.fromkeys(every))

    @property
    def pair(self) -> tuple[str, ...]:
        """The first definitional pair that the vectors have."""
        known = (pair for pair in self.pairs if all(word in self.original for word in pair))
        return next(known, self.pairs[0])

    @cached_property
    def tests(self) -> dict[str, tuple[list[str], ...]]:
        """X, Y, A, B of each association test."""
        found = comparisons(self.words, self.chosen)
        return {label: tuple(self.spelt(part) for part in test) for label, test in found.items()}

    @cached_property
    def candidates(self) -> list[str]:
        """The words that the recovery tests may choose."""
        return candidates(self.original, self.specific)

    @cached_property
    def tested(self) -> list[str]:
        """The most biased words, which the recovery tests tell apart."""
        return most_biased(
            "recovery", self.original, self.direction.basis, self.most_words, specific=self.specific
        )[0]

    @cached_property
    def learnable(self) -> Vectors:
        """The original vectors without the tested words, to fit methods to: they never see those words."""
        barred = set(self.tested)
        return self.original.restrict([word for word in self.original if word not in barred])

    @property
    def most_words(self) -> int:
        """The most words of each side that the recovery tests can take."""
        return min(TESTED, len(self.candidates) // 4)

    @property
    def most_neighbours(self) -> int:
        """The most neighbours that the recovery tests can take."""
        return max(1, len(self.candidates) // 10)

    def _check_sets(self, what: str) -> None:
        if not self.words.definitional:
            raise OptionError(
                f"{self.words.name}: no definitional sets, so no {what}. Add some, such as (woman, man)."
            )

    def spelt(self, words: Iterable[str]) -> list[str]:
        """Words as the vocabulary spells them, each once; unknown ones as they are."""
        return list(dict.fromkeys(self.spelling.get(word, word) for word in words))
