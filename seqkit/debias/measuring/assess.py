"""Measures by name on word sets: each parameter of a measure is filled by the role that its type states.

The types and roles stand in base. Not handled: SEAT, whose vectors are those of sentences (sentence_tests).
"""

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from seqkit.core.errors import OptionError, SeqkitError
from seqkit.core.score import p_text
from seqkit.debias.measuring.base import BiasScore, Options, Role, calibrated
from seqkit.debias.measuring.inputs import Inputs
from seqkit.debias.measuring.measures import measures
from seqkit.embeddings.vectors.vectors import Vectors

_OF_TWO = (Role.FIRST_CLASS, Role.SECOND_CLASS, Role.PAIRS, Role.PAIR)  # what more classes do not give
# in the order of Inputs.tests
_TEST = (Role.FIRST_TARGETS, Role.SECOND_TARGETS, Role.FIRST_CLASS, Role.SECOND_CLASS)
_GIVEN: dict[Role, Callable[[Inputs], Any]] = {
    Role.FIRST_CLASS: lambda inputs: inputs.classes[0],
    Role.SECOND_CLASS: lambda inputs: inputs.classes[1],
    Role.NEUTRAL: lambda inputs: inputs.neutral,
    Role.NEUTRAL_LISTS: lambda inputs: [inputs.neutral],
    Role.CLASS_WORDS: lambda inputs: [
        word for column in inputs.words.columns for word in inputs.spelt(column)
    ],
    Role.PLEASANT: lambda inputs: inputs.spelt(inputs.words.pick("pleasant")[0]),
    Role.UNPLEASANT: lambda inputs: inputs.spelt(inputs.words.pick("unpleasant")[0]),
    Role.PAIRS: lambda inputs: inputs.pairs,
    Role.PAIR: lambda inputs: inputs.pair,
    Role.ANCHOR: lambda inputs: inputs.anchor_word,
    Role.BASIS: lambda inputs: inputs.direction.basis,
    Role.SET_SHAPE: lambda inputs: (inputs.direction.sets, inputs.words.num_classes),
    Role.ORIGINAL: lambda inputs: inputs.original,
    Role.SPECIFIC: lambda inputs: inputs.specific,
    Role.UNEQUAL: lambda inputs: "mean",
    Role.SIDED: lambda inputs: inputs.sided,
}
_MOST: dict[Role, Callable[[Inputs], int]] = {  # what a default is cut to
    Role.MOST_WORDS: lambda inputs: inputs.most_words,
    Role.MOST_NEIGHBOURS: lambda inputs: inputs.most_neighbours,
}


@dataclass(frozen=True)
class Assessment:
    """Measures of one set of vectors, and why others could not be taken."""

    scores: list[BiasScore]
    refused: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `claimed` says whether "biased" may be said, null where there is no band."""
        scores = [score.to_json() | {"claimed": claimed(score)} for score in self.scores]
        return {"scores": scores, "refused": self.refused}


def assess(inputs: Inputs, vectors: Vectors | None = None, names: Sequence[str] | None = None) -> Assessment:
    """Take the measures `names`, or all that the word sets suffice for, of `vectors` or the original ones.

    Raises:  OptionError for an unknown measure; SeqkitError if a measure or a test that was asked for by name
             cannot be taken. Of the others, and of the other tests of a measure, the reason is kept.
    """
    vectors = inputs.original if vectors is None else vectors
    scores: list[BiasScore] = []
    refused: dict[str, SeqkitError] = {}
    for name in names or _suitable(inputs):
        taken = len(scores)
        function, failed = measures.load(name), dict[str, SeqkitError]()
        try:
            runs = _arguments(name, function, inputs)
        except SeqkitError as error:
            runs, failed = {}, {name: error}
        for label, arguments in runs.items():
            try:
                scores.append(replace(function(vectors, **arguments), name=label))
            except SeqkitError as error:
                failed[label] = error
        asked_for = names and (inputs.chosen or len(scores) == taken)
        if failed and asked_for:
            raise next(iter(failed.values()))
        refused |= failed
    if not scores:
        first = next(iter(refused.values()))
        raise type(first)(
            f"{inputs.words.name}: no measure could be taken, {len(refused)} were refused. The first: {first}"
        )
    return Assessment(scores, {label: str(error) for label, error in refused.items()})


def _suitable(inputs: Inputs) -> list[str]:
    """The measures of word vectors; those that need an anchor only if there is one."""
    found = {name: parameter_types(measures.load(name)) for name in measures.names()}
    return [
        name
        for name, types in found.items()
        if Vectors in types.values() and (inputs.anchor or Role.ANCHOR not in types.values())
    ]


def parameter_types(function: Callable[..., Any]) -> dict[str, Any]:
    """The role of each parameter, or else its type."""
    hints = typing.get_type_hints(function, include_extras=True)
    types = {}
    for name in inspect.signature(function).parameters:
        roles = [mark for mark in getattr(hints[name], "__metadata__", ()) if isinstance(mark, Role)]
        types[name] = roles[0] if roles else hints[name]
    return types


def _arguments(name: str, function: Callable[..., Any], inputs: Inputs) -> dict[str, dict[str, Any]]:
    """The arguments of each run of a measure: one run, or one for each test if it takes target lists."""
    types, parameters = parameter_types(function), inspect.signature(function).parameters
    compares = Role.FIRST_TARGETS in types.values()
    if not compares and inputs.words.num_classes > 2 and not _takes_more(types):
        raise _of_two(name, inputs)
    filled: dict[str, Any] = {}
    for parameter, kind in types.items():
        if kind is Options:
            filled[parameter] = inputs.options
        elif kind in _MOST:
            filled[parameter] = min(parameters[parameter].default, _MOST[kind](inputs))
        elif kind in _GIVEN and not (compares and kind in _TEST):
            filled[parameter] = _GIVEN[kind](inputs)
    tested = {kind: parameter for parameter, kind in types.items() if compares and kind in _TEST}
    given = {*filled, *tested.values(), *(p for p, kind in types.items() if kind is Vectors)}
    needed = [
        p
        for p, of in parameters.items()
        if of.default is of.empty and of.kind is not of.VAR_KEYWORD and p not in given
    ]
    if needed:
        raise OptionError(f"{name}: word sets have nothing for {', '.join(needed)}. Call it from Python.")
    _leave_anchor_out(filled, types)
    if not compares:
        return {name: filled}
    if inputs.words.num_classes > 2 and not any(len(name.split("/")) == 4 for name in inputs.chosen):
        raise _of_two(name, inputs)
    return {
        f"{name} {label}": filled | {tested[role]: words for role, words in zip(_TEST, test, strict=True)}
        for label, test in inputs.tests.items()
    }


def _takes_more(types: Mapping[str, Any]) -> bool:
    """Whether a measure of these roles can be taken of more than two classes."""
    return not {*_OF_TWO, *_TEST}.intersection(types.values())


def _of_two(name: str, inputs: Inputs) -> OptionError:
    """Why a measure of two classes cannot be taken of more, which can, and the way out."""
    words, every = inputs.words, {name: parameter_types(measures.load(name)) for name in measures.names()}
    names = words.classes or [str(i + 1) for i in range(words.num_classes)]
    able = [other for other, types in every.items() if Vectors in types.values() and _takes_more(types)]
    return OptionError(
        f"{name}: {words.name} has {words.num_classes} classes ({', '.join(names)}), expected two. Choose "
        f"two, such as --classes {','.join(names[:2])} (in Python words.choose), or take measures of more: "
        f"{', '.join(able)}."
    )


def _leave_anchor_out(filled: dict[str, Any], types: Mapping[str, Any]) -> None:
    """The anchor is not compared with itself."""
    anchors = [filled[parameter] for parameter, kind in types.items() if kind is Role.ANCHOR]
    for parameter, kind in types.items():
        if anchors and kind is Role.NEUTRAL:
            filled[parameter] = [word for word in filled[parameter] if word not in anchors]


def claimed(score: BiasScore) -> bool | None:
    """Whether "biased" may be said; None where there is no null band."""
    return None if score.band is None else calibrated(score)


def table(scores: Iterable[BiasScore]) -> list[list[Any]]:
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
            p_text(s.extra),
            said[claimed(s)],
            s.count,
            s.missing,
        ]
        for s in scores
    ]
