"""What to search: ranges and choices of settings, read from text, drawn from a seed, narrowed.

    lr=1e-4..1:log                 lr = 10^r, r uniform in [-4, 0]
    beta1=0.9..0.999:log-below-1   beta1 = 1 - 10^r, r uniform in [-3, -1]
    dropout=0..0.5                 uniform
    hidden_size=32..256:log        a whole number, since the option is an int
    cell=gru,lstm                  one of these
    lr                             the option's own range and scale

Draw number n of a setting is f(seed, n, its name): trials do not depend on which worker makes them, nor on
other settings. Of each 8 draws in a row one lies in each eighth of a range, in random order (McKay et al.
1979): few trials cover it. Not handled: which trials to make (tuning.methods), settings that hold only
together.
"""

import dataclasses
import json
import math
import types
import typing
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seqkit.core import rng, strict_json
from seqkit.core.errors import OptionError, did_you_mean
from seqkit.core.options import limits

STRATA = 8
SCALES = ("linear", "log", "log-below-1")
Wanted = Mapping[
    str, str | Sequence[Any] | None
]  # name -> text as above, values to choose from, or the option's own range


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, evenly on `scale`. The place of a number is 0 at `low` and 1 at `high`.

    >>> Range(1e-4, 1.0, "log").at(0.25)
    0.001
    >>> [Range(1, 3, whole=True).at(place) for place in (0.0, 0.3, 0.4, 1.0)]
    [1, 1, 2, 3]
    """

    low: float
    high: float
    scale: str = "linear"
    whole: bool = False

    def at(self, place: float) -> float:
        """The number at a place."""
        low, high = self._ends()
        value = self._back(low + place * (high - low))
        whole = (
            math.floor(value + 0.5) if self.whole else float(f"{value:.12g}")
        )  # 0.001, not 0.0010000000000000002
        return min(max(whole, self.low), self.high)

    def place(self, value: float) -> float:
        """Where a number lies."""
        low, high = self._ends()
        return (self._forth(value) - low) / (high - low)

    def around(self, values: Sequence[float], margin: float) -> "Range":
        """The part that holds `values`, wider by `margin` of the whole on each side but never beyond it."""
        places = [self.place(value) for value in values]
        low, high = (
            self.at(min(max(place, 0.0), 1.0)) for place in (min(places) - margin, max(places) + margin)
        )
        return replace(self, low=low, high=high)

    def __str__(self) -> str:
        return f"{self.low:.6g}..{self.high:.6g}" + ("" if self.scale == "linear" else f":{self.scale}")

    def _ends(self) -> tuple[float, float]:
        """The ends on the scale; for whole numbers half a step wider, so that all are drawn equally often."""
        half = 0.5 if self.whole else 0.0
        return self._forth(self.low - half), self._forth(self.high + half)

    def _forth(self, value: float) -> float:
        if self.scale == "log-below-1":
            return -math.log10(1 - value)
        return math.log10(value) if self.scale == "log" else value

    def _back(self, value: float) -> float:
        if self.scale == "log-below-1":
            return 1 - math.pow(10, -value)
        return math.pow(10, value) if self.scale == "log" else value


@dataclass(frozen=True)
class Choice:
    """One of `values`."""

    values: tuple[Any, ...]

    def at(self, place: float) -> Any:
        """The value at a place; all have an equal part of [0, 1)."""
        return self.values[min(int(place * len(self.values)), len(self.values) - 1)]

    def around(self, values: Sequence[Any], margin: float) -> "Choice":
        """Those that are among `values`."""
        return Choice(tuple(value for value in self.values if value in values))

    def __str__(self) -> str:
        return ",".join(value if isinstance(value, str) else json.dumps(value) for value in self.values)


@dataclass(frozen=True)
class Space:
    """Settings to search, by name."""

    parts: dict[str, Range | Choice]

    @staticmethod
    def of(wanted: Wanted, groups: Iterable[Any], where: str = "model") -> "Space":
        """The space of `wanted`; its names are fields of `groups`, dataclasses whose fields are options.

        Raises:  OptionError for an unknown name, an empty range, a log range through 0, a range beyond the
                 option's own.
        """
        fields = {f.name: (f, hint) for kind in groups for f, hint in _hints(kind)}
        if not wanted:
            raise OptionError(f"space: got no setting to search. Give one of {where}, such as lr=1e-4..1.")
        for name in wanted:
            if name not in fields:
                raise OptionError(f"space: {where} has no setting {name!r}.{did_you_mean(name, fields)}")
        return Space({name: _part(name, given, *fields[name]) for name, given in wanted.items()})

    def draw(self, seed: int, number: int) -> dict[str, Any]:
        """The settings of draw `number`.

        >>> Space({"lr": Range(1e-4, 1.0, "log")}).draw(seed=1, number=0)
        {'lr': 0.0194792920222}
        """
        return {
            name: part.at(_place(seed, number, zlib.crc32(name.encode())))
            for name, part in self.parts.items()
        }

    def around(self, settings: Sequence[Mapping[str, Any]], margin: float) -> "Space":
        """The smallest box that holds all of `settings`, wider by `margin` of each range on each side."""
        return Space(
            {name: part.around([one[name] for one in settings], margin) for name, part in self.parts.items()}
        )

    def ends(self) -> list[dict[str, Any]]:
        """Every end of a range and every choice, by itself."""
        found = {
            name: p.values if isinstance(p, Choice) else (p.low, p.high) for name, p in self.parts.items()
        }
        return [{name: value} for name, values in found.items() for value in values]

    def to_json(self) -> dict[str, str]:
        """Each setting's range or choices as text."""
        return {name: str(part) for name, part in self.parts.items()}


def parse_space(texts: Iterable[str]) -> dict[str, str | None]:
    """Name and text of each "name=text"; a name alone stands for the option's own range.

    Raises:  OptionError for a repeated name.

    >>> parse_space(["lr=1e-4..1", "dropout"])
    {'lr': '1e-4..1', 'dropout': None}
    """
    found: dict[str, str | None] = {}
    for whole in texts:
        name, equals, text = whole.partition("=")
        if name in found:
            raise OptionError(f"space: got {name} twice, expected each setting once.")
        found[name] = text if equals else None
    return found


def _place(seed: int, number: int, name: int) -> float:
    """A place in [0, 1), uniform."""
    block, i = divmod(number, STRATA)
    stratum = int(rng.permutation(rng.stream(seed, name, block), STRATA)[i])
    within = (
        float(rng.bits(rng.stream(seed, name, block, 1), np.array([i], np.uint64))[0] >> np.uint64(11))
        * 2.0**-53
    )
    return (stratum + within) / STRATA


def _hints(kind: Any) -> list[tuple[dataclasses.Field[Any], Any]]:
    hints = typing.get_type_hints(kind)
    return [(field, hints[field.name]) for field in dataclasses.fields(kind)]


def _part(name: str, given: Any, field: dataclasses.Field[Any], hint: Any) -> Range | Choice:
    kinds = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    number = next((kind for kind in kinds if kind in (int, float)), None)
    own = str(field.metadata.get("search", ""))
    if given is None:
        given = own or _whole_option(name, field, kinds)
    if not isinstance(given, str):
        return Choice(tuple(given))
    if ".." not in given:
        return Choice(tuple(_value(text, number) for text in given.split(",")))
    if number is None:
        raise OptionError(
            f"space: got the range {name}={given}, but {name} is not a number. Give values like a,b."
        )
    return _range(name, given, number is int, own.partition(":")[2] or "linear", field.metadata)


def _whole_option(name: str, field: dataclasses.Field[Any], kinds: tuple[Any, ...]) -> Any:
    """All values of an option, if they are finitely many."""
    low, high = field.metadata.get("low"), field.metadata.get("high")
    if low is not None and high is not None:
        return f"{low}..{high}"
    if kinds == (bool,):
        return [False, True]
    if typing.get_origin(kinds[0]) is typing.Literal:
        return typing.get_args(kinds[0])
    raise OptionError(f"space: {name} has no range of its own. Give one, as {name}=low..high or {name}=a,b.")


def _range(name: str, text: str, whole: bool, usual: str, metadata: Mapping[str, Any]) -> Range:
    ends, _, scale = text.partition(":")
    scale = scale or usual
    where = f"space: {name}={text}"
    if scale not in SCALES:
        raise OptionError(
            f"{where}: got scale {scale!r}, expected one of {', '.join(SCALES)}.{did_you_mean(scale, SCALES)}"
        )
    try:
        low, high = (_number(end, whole) for end in ends.split("..", 1))
    except ValueError as error:
        raise OptionError(
            f"{where}: expected low..high in {'whole ' if whole else ''}numbers, as 1..4."
        ) from error
    if not low < high:
        raise OptionError(
            f"{where}: the range is empty. Put the smaller end first, or give a single value without dots."
        )
    lowest, highest = metadata.get("low"), metadata.get("high")
    if (lowest is not None and low < lowest) or (highest is not None and high > highest):
        allowed = limits(lowest, highest)
        raise OptionError(f"{where}: the range is too wide, expected {name} {allowed}. Change its ends.")
    if scale == "log" and low <= 0:
        raise OptionError(f"{where}: a log range cannot begin at {low:g}. Begin above 0, or add :linear.")
    if scale == "log-below-1" and high >= 1:
        raise OptionError(
            f"{where}: a range in the log of 1 - {name} cannot reach {high:g}. End below 1, or add :linear."
        )
    return Range(low, high, scale, whole)


def _number(text: str, whole: bool) -> float:
    value = float(text)
    if not math.isfinite(value) or (whole and value != int(value)):
        raise ValueError(text)
    return int(value) if whole else value


def _value(text: str, number: Any) -> Any:
    """The value as JSON, else the text itself; 1e3 is a whole number where the option is an int."""
    try:
        value = strict_json.parse(text)
    except ValueError:
        return text
    return int(value) if number is int and isinstance(value, float) and value.is_integer() else value
