"""Settings of a member: one frozen dataclass whose fields know their unit, range and help.

    @dataclass(frozen=True)
    class Options:
        negatives: int = option(5, low=1, help="noise words for each prediction")

`check(options)` is called in `__post_init__`; `to_json` / `from_json` write and read it beside the arrays.
"""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Iterable
from typing import Any, TypeVar

from seqkit.core.errors import OptionError, did_you_mean

T = TypeVar("T")


def option(  # the return type is the field's own: dataclasses.field is typed the same way
    default: T,
    *,
    help: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    search: str = "",
) -> T:
    """A dataclass field with its help text, unit, inclusive range, and the range to search (as in
    seqkit.tuning.space).
    """
    return dataclasses.field(
        default=default, metadata={"help": help, "unit": unit, "low": low, "high": high, "search": search}
    )


def check(options: Any) -> None:  # Any: any dataclass instance
    """Raise OptionError for the first field of the wrong type or out of range."""
    where = type(options).__qualname__
    hints = typing.get_type_hints(type(options))
    for field in dataclasses.fields(options):
        value, low, high = getattr(options, field.name), field.metadata.get("low"), field.metadata.get("high")
        if not _fits(value, hints[field.name]):
            raise OptionError(f"{where}.{field.name}: {value!r} came, expected {_say(hints[field.name])}.")
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        outside = (low is not None and value < low) or (high is not None and value > high)
        if outside or (isinstance(value, float) and not math.isfinite(value)):
            raise OptionError(f"{where}.{field.name}: {value!r} came, allowed is {limits(low, high)}.")


def limits(low: float | None, high: float | None) -> str:
    """A range in words.

    >>> limits(1, None), limits(0, 0.5)
    ('at least 1', 'at least 0 and at most 0.5')
    """
    least = "any" if low is None else f"at least {low:g}"
    return least if high is None else f"{least} and at most {high:g}"


def to_json(options: Any) -> dict[str, Any]:
    """The settings as plain JSON values (tuples become lists)."""
    return {
        field.name: list(value) if isinstance(value := getattr(options, field.name), tuple) else value
        for field in dataclasses.fields(options)
    }


def from_json(cls: type[T], values: dict[str, Any]) -> T:
    """Build `cls` from JSON values; an unknown name is an error, a missing one takes its default."""
    known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]  # cls is a dataclass
    for name in values:
        if name not in known:
            raise OptionError(
                f"{cls.__qualname__}: unknown setting {name!r}; known: "
                f"{', '.join(known)}.{did_you_mean(name, known)}"
            )
    return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Settings given as "name=value": the value is read as JSON, or taken as it stands.

    >>> parse_settings(["window=3", "loss=full-softmax"])
    {'window': 3, 'loss': 'full-softmax'}
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise OptionError(f"set: {text!r} came, expected name=value, such as noise_exponent=0.5.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _fits(value: object, hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in typing.get_args(hint))
    if origin is typing.Literal:
        return value in typing.get_args(hint)
    kind = origin or hint
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _say(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(hint)))
    return getattr(hint, "__name__", str(hint))
