"""Measures by name on word sets: each parameter of a measure is filled by what the word sets have for it.

So a new measure that asks for `words`, `A`, `B`, `basis` … is on the command line and in the report without
another word. Not handled: SEAT, whose vectors are those of sentences (sentences).
"""

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from seqkit.core.errors import OptionError, SeqkitError
from seqkit.debias.direction import Direction, find_direction
from seqkit.debias.measuring.base import DEFAULT, Measured, Options, calibrated, measures
from seqkit.debias.measuring.recovery import candidates, most_biased
from seqkit.debias.words.lookup import Case, forms
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors

# target lists that are compared when the word sets hold both
TESTS = (
    ("career", "family"),
    ("science", "arts"),
    ("mathematics", "arts"),
    ("strength", "weakness"),
    ("intellect", "appearance"),
    ("pleasant", "unpleasant"),
    ("ability", "inability"),
)
TESTED = 2500  # words a side that the largest recovery test takes, as published
_ROLES: dict[str, Callable[["Roles"], Any]] = {  # what a parameter of this name is given
    "A": lambda roles: roles.classes[0],
    "B": lambda roles: roles.classes[1],
    "words": lambda roles: roles.neutral,
    "targets": lambda roles: [word for column in roles.words.columns for word in roles.spelt(column)],
    "attributes": lambda roles: [roles.neutral],
    "good": lambda roles: roles.spelt(roles.words.pick("pleasant")[0]),
    "bad": lambda roles: roles.spelt(roles.words.pick("unpleasant")[0]),
    "pairs": lambda roles: roles.pairs,
    "pair": lambda roles: next(
        (p for p in roles.pairs if all(word in roles.original for word in p)), roles.pairs[0]
    ),
    "word": lambda roles: roles.compared,
    "basis": lambda roles: roles.direction.basis,
    "original": lambda roles: roles.original,
    "specific": lambda roles: roles.spelt(roles.words.protected),
    "unequal": lambda _: "mean",  # words lost from one side; the sizes stand in the signature
    "options": lambda roles: roles.options,
}


@dataclass(frozen=True)
class Assessment:
    """Measures of one set of vectors, and why others could not be taken."""

    scores: list[Measured]
    refused: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `claimed` says whether "biased" may be said, null where there is no band."""
        scores = [score.to_json() | {"claimed": claimed(score)} for score in self.scores]
        return {"scores": scores, "refused": self.refused}


@dataclass(frozen=True)
class Roles:
    """What word sets have for the parameters of the measures; words are chosen by the vectors before
    debiasing.

    neutral_list: name of the list that ought to be neutral.
    anchor: the word that indirect bias compares with.
    """

    original: Vectors
    words: WordSets
    neutral_list: str = "professions"
    anchor: str | None = None
    case: Case = "exact"
    options: Options = DEFAULT

    @cached_property
    def form(self) -> dict[str, str]:
        """How a word is spelt in the vocabulary."""
        every = {word for part in self.words.lists.values() for word in part}
        return forms(
            self.original.vocab, {*self.words.protected, *every, *filter(None, [self.anchor])}, self.case
        )

    @cached_property
    def direction(self) -> Direction:
        """The direction of the concept in the original vectors; for more than two classes, a subspace."""
        if not self.words.definitional:
            raise OptionError(
                f"{self.words.name}: no definitional sets, so no direction. Add some, such as (woman, man)."
            )
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
                f"{self.words.name}: {len(columns)} classes of definitional words, this measure compares two."
            )
        return [self.spelt(column) for column in columns]

    @cached_property
    def pairs(self) -> list[tuple[str, ...]]:
        """The definitional pairs."""
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
                f"{self.words.name}: no list {self.neutral_list!r} or other, so nothing that ought to be "
                "neutral."
            )
        return self.spelt(found)

    @property
    def compared(self) -> str:
        """The anchor, as the vocabulary spells it."""
        if self.anchor is None:
            raise OptionError(
                "indirect-bias: no word to compare with came. Name one as anchor, such as softball."
            )
        return self.form.get(self.anchor, self.anchor)

    @cached_property
    def tests(self) -> dict[str, tuple[list[str], ...]]:
        """X, Y, A, B of each association test."""
        lists = {name: self.spelt(part) for name, part in self.words.lists.items()}
        if self.words.definitional:
            pairs = [pair for pair in TESTS if all(name in lists for name in pair)]
            return {f"{x}/{y}": (lists[x], lists[y], *self.classes) for x, y in pairs}
        names = [name for name in lists if ":" in name]  # published tests: four lists each
        fours = [names[i : i + 4] for i in range(0, len(names) - 3, 4)]
        return {
            f"{four[0]}/{four[1].partition(':')[2]}": tuple(lists[name] for name in four) for four in fours
        }

    @cached_property
    def candidates(self) -> list[str]:
        """Words the recovery tests may choose."""
        return candidates(self.original, _ROLES["specific"](self))

    @cached_property
    def tested(self) -> list[str]:
        """The most biased words, which the recovery tests tell apart."""
        return most_biased(
            "recovery", self.original, self.direction.basis, self.room["n"], specific=_ROLES["specific"](self)
        )[0]

    @cached_property
    def learnable(self) -> Vectors:
        """The original vectors without the tested words, to fit methods to: what is found again was then
        never seen.
        """
        barred = set(self.tested)
        return self.original.restrict([word for word in self.original if word not in barred])

    @property
    def room(self) -> dict[str, int]:
        """The most words a side, and neighbours, that the recovery tests can take."""
        return {"n": min(TESTED, len(self.candidates) // 4), "k": max(1, len(self.candidates) // 10)}

    def spelt(self, words: Iterable[str]) -> list[str]:
        """Words as the vocabulary has them, each once; unknown ones as they are."""
        return list(dict.fromkeys(self.form.get(word, word) for word in words))


def assess(roles: Roles, vectors: Vectors | None = None, names: Sequence[str] | None = None) -> Assessment:
    """Take the measures `names`, or all that the word sets suffice for, of `vectors` or else the original
    ones.

    Raises:  OptionError for an unknown measure; SeqkitError if a measure that was asked for cannot be taken.
             Of those not asked for by name, the reason is kept.
    """
    vectors = roles.original if vectors is None else vectors
    scores: list[Measured] = []
    refused: dict[str, SeqkitError] = {}
    for name in names or [
        n for n in measures.names() if n != "seat" and (roles.anchor or n != "indirect-bias")
    ]:
        function = measures.load(name)
        for label, case in _cases(name, function, roles, refused, strict=bool(names)):
            try:
                scores.append(replace(function(vectors, **case), name=label))
            except SeqkitError as error:
                if names:
                    raise
                refused[label] = error
    if not scores:
        first = next(iter(refused.values()))
        raise type(first)(
            f"{roles.words.name}: no measure could be taken, {len(refused)} were refused. The first: {first}"
        )
    return Assessment(scores, {label: str(error) for label, error in refused.items()})


def _cases(
    name: str, function: Callable[..., Any], roles: Roles, refused: dict[str, SeqkitError], *, strict: bool
) -> list[tuple[str, dict[str, Any]]]:
    """The name and the arguments of each run of a measure: one, or one a test where it takes X and Y."""
    parameters = inspect.signature(function).parameters
    try:
        room = roles.room if "original" in parameters else {}
        filled = {p: min(of.default, room[p]) for p, of in parameters.items() if p in room}
        filled |= {
            p: _ROLES[p](roles) for p in parameters if p in _ROLES and not ("X" in parameters and p in "AB")
        }
        needed = [
            p
            for p, of in parameters.items()
            if of.default is of.empty and p not in [*filled, *"XYAB", "vectors"]
        ]
        if needed or name == "seat":
            raise OptionError(
                f"{name}: word sets have nothing for {', '.join(needed) or 'sentences'}. Call it from Python."
            )
        if "word" in filled:  # the anchor is not compared with itself
            filled["words"] = [word for word in filled["words"] if word != filled["word"]]
        if "X" not in parameters:
            return [(name, filled)]
        if not roles.tests:
            raise OptionError(
                f"{name}: {roles.words.name} has no two lists to compare, such as career and family."
            )
        return [
            (f"{name} {label}", {**filled, **dict(zip("XYAB", test, strict=True))})
            for label, test in roles.tests.items()
        ]
    except SeqkitError as error:
        if strict:
            raise
        refused[name] = error
        return []


def claimed(score: Measured) -> bool | None:
    """Whether "biased" may be said; None where there is no null band."""
    return None if score.band is None else calibrated(score)


def rows(scores: Iterable[Measured]) -> list[list[Any]]:
    """A row of a table for each score: name, value, interval, band, p, claim, count, missing."""

    def ends(pair: tuple[float, float] | None) -> str:
        return "" if pair is None else f"{pair[0]:.4f}–{pair[1]:.4f}"

    said = {True: "yes", False: "not shown", None: ""}
    return [
        [
            s.name,
            s.value,
            ends(s.interval),
            ends(s.band),
            s.extra.get("p", ""),
            said[claimed(s)],
            s.count,
            s.missing,
        ]
        for s in scores
    ]


def describe(words: WordSets, vectors: Vectors | None = None, case: Case = "exact") -> dict[str, Any]:
    """Everything about word sets as plain values, with the words that `vectors` lack."""
    plain = words.to_json()
    sets = {part: plain[part] for part in ("definitional", "equalize") if plain[part]}
    named = {"specific": list(words.specific)} if words.specific else {}
    flat = (
        {part: [word for row in found for word in row] for part, found in sets.items()}
        | named
        | plain["lists"]
    )
    every = {word for part in flat.values() for word in part}
    known = every if vectors is None else set(forms(vectors.vocab, every, case))
    parts = []
    for name, part in flat.items():
        text = ", ".join("–".join(row) for row in sets[name]) if name in sets else ", ".join(part)
        lost = [word for word in dict.fromkeys(part) if word not in known]
        parts.append(
            {
                "list": name,
                "count": len(sets.get(name, part)),
                "missing": len(lost),
                "lost": lost,
                "text": text,
            }
        )
    return {**plain, "sha256": words.checksum, "parts": parts}
