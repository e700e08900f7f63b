"""What JSON from a file must hold, said by types: a TypedDict for each manifest, looked at when it is opened.

A boolean is no number, an int of 64 bits is a float too, nan and inf are neither. `Annotated[int, 1]`: at
least 1.
Not handled: values made into objects, and the settings of options (options.from_json).
"""

import math
import reprlib
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from seqkit.core.errors import ModelFileError, SeqkitError

T = TypeVar("T")
Count = Annotated[int, 0]
Size = Annotated[int, 1]
Share = Annotated[float, 0, 1]
DAMAGED = "The file was damaged or edited; restore it from a copy."
_NAMES = {int: "a whole number", float: "a finite number", str: "a text", bool: "true or false"}
_LARGEST = sys.float_info.max
_UNIONS = (typing.Union, types.UnionType)


def check(
    where: str,
    value: object,
    kind: type[T],
    error: type[SeqkitError] = ModelFileError,
    hint: str = DAMAGED,
) -> T:
    """`value` as it is, if it is what `kind` says.

    Raises:  `error`, naming the place within it.

    >>> check("a.json", {"meta": [3, True]}, dict[str, list[int]])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    seqkit.core.errors.ModelFileError: a.json: got True as meta.1, expected a whole number. ...
    """
    for place, got, expected in _faults(value, kind, ""):
        at = f" as {place}" if place else ""
        raise error(f"{where}: got {got}{at}, expected {expected}. {hint}")
    return typing.cast(T, value)


def known(value: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """The parts of a checked value that a TypedDict names: what else a file says is no argument."""
    return {name: part for name, part in value.items() if name in _hints(kind)}


def _faults(value: Any, hint: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """Place, value and expectation of all that does not fit."""
    low, high = -math.inf, math.inf
    if typing.get_origin(hint) is Annotated:
        hint, low, high = (*typing.get_args(hint), math.inf)[:3]
    if typing.get_origin(hint) in _UNIONS:
        if all(any(True for _ in _faults(value, part, place)) for part in typing.get_args(hint)):
            yield place, reprlib.repr(value), say(hint)
    elif not _is(value, hint) or (low != -math.inf and not low <= value <= high):
        least = (
            "" if low == -math.inf else f" of at least {low}" if high == math.inf else f" of {low} to {high}"
        )
        yield place, reprlib.repr(value), say(hint) + least
    elif typing.is_typeddict(hint):
        hints = _hints(hint)
        for name in sorted(hint.__required_keys__ - value.keys()):
            yield _joined(place, name), "nothing", say(hints[name])
        for name in hints.keys() & value.keys():
            yield from _faults(value[name], hints[name], _joined(place, name))
    elif typing.get_origin(hint) in (list, dict):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        kind = typing.get_args(hint)[-1]
        for name, item in items if kind is not Any else ():
            yield from _faults(item, kind, _joined(place, name))


def _is(value: Any, hint: Any) -> bool:
    """Whether the value itself, without its parts, is of that type."""
    if hint is Any:
        return True
    if typing.get_origin(hint) is typing.Literal:
        return any(value == each and type(value) is type(each) for each in typing.get_args(hint))
    if hint is float:
        return type(value) in (int, float) and abs(value) <= _LARGEST
    if hint is int:
        return type(value) is int and abs(value) <= 1 << 64
    if hint is type(None):
        return value is None
    return type(value) is (dict if typing.is_typeddict(hint) else typing.get_origin(hint) or hint)


def say(hint: Any) -> str:
    """A type in words."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return say(parts[0])
    if origin in _UNIONS:
        return " or ".join(map(say, parts))
    if origin is typing.Literal:
        return "one of " + ", ".join(map(str, parts))
    if hint is type(None):
        return "null"
    if typing.is_typeddict(hint) or dict in (hint, origin):
        return "names with values"
    return "a list" if list in (hint, origin) else _NAMES.get(hint, "a value")


@lru_cache
def _hints(hint: Any) -> dict[str, Any]:
    return {
        name: typing.get_args(kind)[0] if typing.get_origin(kind) is typing.NotRequired else kind
        for name, kind in typing.get_type_hints(hint, include_extras=True).items()
    }


def _joined(place: str, name: object) -> str:
    return f"{place}.{name}" if place else str(name)
