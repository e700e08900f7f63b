"""Settings, each written once: a frozen dataclass whose fields know their unit, range, choices and help.

    @dataclass(frozen=True)
    class Options:
        negatives: int = option(5, low=1, help="noise words for each prediction")

`check(options)` is called in `__post_init__`; `to_json` / `from_json` write and read it beside the arrays;
`Settings` joins the groups of a model. The command line makes its flags from the same fields (cli.options).
"""

import dataclasses
import math
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from seqkit.core import strict_json
from seqkit.core.errors import OptionError, did_you_mean
from seqkit.core.family import Family

T = TypeVar("T")
MANY = 12  # settings that a message lists


def option(  # the return type is the field's own: dataclasses.field is typed the same way
    default: T,
    *,
    help: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    search: str = "",
    alias: str = "",
    family: Family | None = None,
    more: tuple[str, ...] = (),
    folder: bool = False,
    optional: bool = False,
    needs: tuple[str, tuple[str, ...]] | None = None,
) -> T:
    """A dataclass field with its help text, unit and inclusive range.

    search: the range to search, as in seqkit.tuning.space. alias: another name that is taken for it.
    family: the value is a member's name, or one of `more`; what follows a colon is the member's own matter.
    folder: the folder of a member that was saved is taken too.
    optional: None is taken too, whatever the type says: what suits the task stands in its place later.
    needs: another setting and its values with which this one is read; with others it is refused.
    """
    told = {"help": help, "unit": unit, "low": low, "high": high, "search": search, "alias": alias}
    return field(
        default=default,
        metadata=told
        | {"family": family, "more": more, "folder": folder, "optional": optional, "needs": needs},
    )


def check(options: Any) -> None:  # Any: any dataclass instance
    """Raise OptionError for the first field of the wrong type, out of range, or that is no member's name."""
    where = type(options).__qualname__
    hints = typing.get_type_hints(type(options))
    for each in dataclasses.fields(options):
        value, told = getattr(options, each.name), each.metadata
        if value is None and told.get("optional"):
            continue
        if not _fits(value, hints[each.name]):
            raise OptionError(f"{where}.{each.name}: got {value!r}, expected {_say(hints[each.name])}.")
        named = told.get("family") and isinstance(value, str) and value not in told["more"]
        if named and not (told["folder"] and Path(value).is_dir()):
            told["family"].check(value.partition(":")[0], where=f"{where}.{each.name}: ")
        low, high = told.get("low"), told.get("high")
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, bool) or not isinstance(number, int | float):
                continue
            outside = (low is not None and number < low) or (high is not None and number > high)
            if not math.isfinite(number):
                raise OptionError(f"{where}.{each.name}: got {number!r}, expected a finite number.")
            if outside:
                raise OptionError(f"{where}.{each.name}: got {number!r}, expected {limits(low, high)}.")


def limits(low: float | None, high: float | None) -> str:
    """A range in words.

    >>> limits(1, None), limits(0, 0.5)
    ('at least 1', 'at least 0 and at most 0.5')
    """
    least = "any" if low is None else f"at least {low:g}"
    return least if high is None else f"{least} and at most {high:g}"


def choices(each: "dataclasses.Field[Any]", hint: Any) -> list[str]:
    """The values that a field takes, where they can be named; else none."""
    if each.metadata.get("family"):
        return [*each.metadata["family"].names(), *each.metadata["more"]]
    for part in typing.get_args(hint) if typing.get_origin(hint) in _UNIONS else (hint,):
        if typing.get_origin(part) is typing.Literal:
            return [str(value) for value in typing.get_args(part)]
    return []


def to_json(options: Any) -> dict[str, Any]:
    """The settings as plain JSON values (tuples become lists)."""
    return {
        each.name: list(value) if isinstance(value := getattr(options, each.name), tuple) else value
        for each in dataclasses.fields(options)
    }


def from_json(cls: type[T], values: Mapping[str, Any]) -> T:
    """Build `cls` from JSON values, aliases taken; an unknown name is an error, a missing one its default."""
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]  # cls is a dataclass
    names = _resolved(cls.__qualname__, values, fields)
    return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in names.items()})


@dataclass(frozen=True)
class Settings:
    """The settings of a model: groups of options, defaults that differ from theirs, and what is fixed.

    fixed: settings of a group that this model has no choice of; they are neither taken nor shown.
    needs: of settings that groups share, as `option` has it: with which values of another they are read.
    """

    groups: Mapping[str, type]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    needs: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def fields(self) -> "dict[str, dataclasses.Field[Any]]":
        """All that can be set, by name."""
        every = [each for kind in self.groups.values() for each in dataclasses.fields(kind)]
        return {each.name: each for each in every if each.name not in self.fixed}

    def hints(self) -> dict[str, Any]:
        """The types of `fields`."""
        return {n: h for kind in self.groups.values() for n, h in typing.get_type_hints(kind).items()}

    def default(self, name: str) -> Any:
        """What a setting is if it is not given."""
        each = self.fields()[name]
        made = each.default if each.default_factory is dataclasses.MISSING else each.default_factory()
        return self.defaults.get(name, made)

    def make(self, where: str, given: Mapping[str, Any], more: Iterable[str] = ()) -> dict[str, Any]:
        """The options of each group from settings by name.  more: names that `where` takes besides.

        Raises:  OptionError for an unknown name, what a group refuses, or a setting that is not read with the
                 others and yet given.
        """
        known = self.fields()
        named = _resolved(where, given, known.values(), more)
        values = {**self.defaults, **named, **self.fixed}
        made: dict[str, Any] = {}
        for group, kind in self.groups.items():
            own = {each.name for each in dataclasses.fields(kind)}
            made[group] = from_json(kind, {name: values[name] for name in values if name in own})
        chosen = self.values(made)
        for name, (other, wanted) in self.unread(chosen).items():
            got = f"got {chosen[name]!r} with {other} {chosen[other]!r}, which does not read it"
            raise OptionError(
                f"{where}.{name}: {got}. Leave it out, or set {other} to {' or '.join(wanted)}."
            )
        return made

    def needed(self, name: str) -> tuple[str, tuple[str, ...]] | None:
        """The other setting, and its values, with which a setting is read; None where it always is."""
        each = self.fields().get(name)
        return self.needs.get(name) or (each.metadata.get("needs") if each else None)

    def unread(self, values: Mapping[str, Any]) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Settings that are not read and yet not as usual, in order, each with what `needed` says."""
        found = {}
        for name in self.fields():
            needed = self.needed(name)
            if needed is None or name not in values or values[name] == self.default(name):
                continue
            other, wanted = needed
            if values.get(other, self.default(other)) not in wanted:
                found[name] = needed
        return found

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The settings that are read with the others, and those that are as usual."""
        unread = self.unread(values)
        return {name: value for name, value in values.items() if name not in unread}

    def to_json(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """All settings by name as plain JSON values, from the options of each group."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in self.values(made).items()}

    def values(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """All settings by name as they are held, from the options of each group."""
        return {
            each.name: getattr(made[group], each.name)
            for group, kind in self.groups.items()
            for each in dataclasses.fields(kind)
            if each.name not in self.fixed
        }


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Settings given as "name=value": the value is read as JSON, or taken as it stands.

    >>> parse_settings(["window=3", "loss=full-softmax"])
    {'window': 3, 'loss': 'full-softmax'}
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise OptionError(f"set: got {text!r}, expected name=value, such as noise_exponent=0.5.")
        try:
            found[name] = strict_json.parse(value)
        except ValueError:
            found[name] = value
    return found


_UNIONS = (typing.Union, types.UnionType)


def _resolved(
    where: str, given: Mapping[str, Any], fields: "Iterable[dataclasses.Field[Any]]", more: Iterable[str] = ()
) -> dict[str, Any]:
    """Values by the names of fields: an alias is replaced by what it stands for."""
    if not isinstance(given, Mapping):
        raise OptionError(f"{where}: got {given!r}, expected settings by name, such as {{'seed': 1}}.")
    known = {each.name: each.name for each in fields}
    known |= {alias: each.name for each in fields if (alias := each.metadata.get("alias"))}
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            names = dict.fromkeys(known.values())
            listed = f"; known: {', '.join(names)}" if len(names) <= MANY else ""
            raise OptionError(
                f"{where}: unknown setting {name!r}{listed}.{did_you_mean(name, [*known, *more])}"
            )
        if known[name] in found:
            raise OptionError(f"{where}: {name} and {known[name]} are one setting, got both. Leave one out.")
        found[known[name]] = value
    return found


def _fits(value: object, hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if origin in _UNIONS:
        return any(_fits(value, part) for part in typing.get_args(hint))
    if origin is typing.Literal:
        return value in typing.get_args(hint)
    if origin is tuple:
        kind = typing.get_args(hint)[0]
        return isinstance(value, tuple) and all(_fits(item, kind) for item in value)
    kind = origin or hint
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _say(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(hint)))
    if typing.get_origin(hint) is dict:
        return 'settings by name, as {"warmup": 0.1}'
    return getattr(hint, "__name__", str(hint))
