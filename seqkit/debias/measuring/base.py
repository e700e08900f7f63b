"""What a bias measure is: one function of vectors and word lists that returns a BiasScore.

A new measure is one file in measures/. It gives each parameter one of the types below, which says what the
parameter gets from word sets: so `seqkit bias measure` and the report can run it. A parameter of another type
needs a default. Not handled: filling the parameters (inputs, assess).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Annotated, Any, Literal

from seqkit.core.errors import OptionError
from seqkit.core.score import Score
from seqkit.core.types import Array
from seqkit.debias.measuring.options import Options as Options  # noqa: PLC0414  # exported
from seqkit.embeddings.vectors.vectors import Vectors

Words = Sequence[str]
Pairs = Sequence[tuple[str, str]]
LEVEL = 0.95  # of intervals and null bands


class Role(Enum):
    """What word sets give to a parameter."""

    FIRST_TARGETS = auto()
    SECOND_TARGETS = auto()
    FIRST_CLASS = auto()
    SECOND_CLASS = auto()
    NEUTRAL = auto()
    NEUTRAL_LISTS = auto()
    CLASS_WORDS = auto()
    PLEASANT = auto()
    UNPLEASANT = auto()
    PAIRS = auto()
    PAIR = auto()
    ANCHOR = auto()
    BASIS = auto()
    SET_SHAPE = auto()
    SIDED = auto()
    ORIGINAL = auto()
    SPECIFIC = auto()
    UNEQUAL = auto()
    MOST_WORDS = auto()
    MOST_NEIGHBOURS = auto()


# two lists to compare, such as career and family; a measure that takes them runs once for each two lists
FirstTargets = Annotated[Words, Role.FIRST_TARGETS]
SecondTargets = Annotated[Words, Role.SECOND_TARGETS]
# the definitional words of each class, such as women and men; for published tests, their attribute lists
FirstClass = Annotated[Words, Role.FIRST_CLASS]
SecondClass = Annotated[Words, Role.SECOND_CLASS]
Neutral = Annotated[Words, Role.NEUTRAL]  # words that ought to be neutral, such as professions
NeutralLists = Annotated[Sequence[Words], Role.NEUTRAL_LISTS]  # the same as a list of lists
ClassWords = Annotated[Words, Role.CLASS_WORDS]  # the definitional words of all classes in one list
Pleasant = Annotated[Words, Role.PLEASANT]  # the list of that name
Unpleasant = Annotated[Words, Role.UNPLEASANT]
DefinitionalPairs = Annotated[Pairs, Role.PAIRS]
KnownPair = Annotated[tuple[str, str], Role.PAIR]  # the first definitional pair that the vectors have
Anchor = Annotated[str, Role.ANCHOR]  # the word of --anchor; it is left out of Neutral
Basis = Annotated[Array, Role.BASIS]  # the direction or subspace in the original vectors, (K, D)
SetShape = Annotated[tuple[int, int], Role.SET_SHAPE]  # how many sets the basis is from, of how many words
Original = Annotated[Vectors | None, Role.ORIGINAL]  # the vectors before debiasing
Specific = Annotated[Iterable[str], Role.SPECIFIC]  # words that rightly carry the concept
Unequal = Annotated[Literal["error", "mean"], Role.UNEQUAL]  # "mean", since a list may have lost words
Sided = Annotated[Literal["two", "one"], Role.SIDED]  # of p
MostWords = Annotated[int, Role.MOST_WORDS]  # words of each side; the default, or fewer if there are too few
MostNeighbours = Annotated[int, Role.MOST_NEIGHBOURS]  # the same of neighbours
# `options: Options` is filled too; the first parameter, `vectors: Vectors`, is what is measured


@dataclass(frozen=True)
class BiasScore(Score):
    """A measured bias with what is needed to judge it.

    neutral: the value without this bias; None where people must judge.
    band: the middle 95 % of the same measure on random word sets of the same sizes (the null band); where a
    direction chooses the words or is what is judged, on directions of random word sets.
    by_word: the number of each word, where there is one.   lost: the unknown words of each list.
    """

    neutral: float | None = 0.0
    band: tuple[float, float] | None = None
    by_word: dict[str, float] = field(default_factory=dict)
    lost: dict[str, list[str]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


DEFAULT = Options()


def calibrated(score: BiasScore) -> bool:
    """Whether "biased" may be said: the value lies beyond the null band, away from `neutral`.

    Also p, where there is one, must be at most 0.05, and the interval must leave `neutral` out. So at most
    one random word set in twenty is called biased.
    Raises:  OptionError if there is no null band.
    """
    if score.band is None or score.neutral is None:
        raise OptionError(
            f"calibrated: {score.name} has no null band. Measure with draws above 0, among more words."
        )
    low, high = score.band
    beyond = score.value > max(high, score.neutral) or score.value < min(low, score.neutral)
    inside = score.interval is not None and score.interval[0] <= score.neutral <= score.interval[1]
    return bool(beyond and not inside and score.extra.get("p", 0.0) <= 1 - LEVEL)
