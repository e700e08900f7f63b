"""One metric to optimise, others only to satisfy: the best accuracy of the models that are fast enough.

Not handled: a weighted sum of metrics (one number that means nothing).
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqkit.core.errors import OptionError, did_you_mean

_LIMIT = re.compile(r"\s*([\w-]+)\s*(<=|>=)\s*([-+.\deE]+)\s*")


@dataclass(frozen=True)
class Limit:
    """A satisficing limit: `metric` at most (<=) or at least (>=) `bound`."""

    metric: str
    sign: str
    bound: float

    @staticmethod
    def parse(text: str) -> "Limit":
        """The limit of a text such as "ms<=5".

        Raises:  OptionError if it is none.

        >>> Limit.parse("ms <= 5")
        Limit(metric='ms', sign='<=', bound=5.0)
        """
        found = _LIMIT.fullmatch(text)
        try:
            assert found is not None
            return Limit(found[1], found[2], float(found[3]))
        except (AssertionError, ValueError) as error:
            raise OptionError(
                f"limit: got {text!r}, expected metric<=number or metric>=number, such as ms<=5."
            ) from error

    def met(self, values: Mapping[str, float]) -> bool:
        """Whether the values meet it; nan does not."""
        value = pick(values, self.metric)
        return value <= self.bound if self.sign == "<=" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {self.bound:g}"


@dataclass(frozen=True)
class Selection:
    """The best candidate or None, the limits that others break, and those within all limits, best first."""

    best: str | None
    broken: dict[str, list[str]]
    order: list[str]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return vars(self)


def choose(
    candidates: Mapping[str, Mapping[str, float]],
    *,
    optimise: str = "accuracy",
    limits: Sequence[Limit] = (),
    lower: bool = False,
) -> Selection:
    """The candidate with the largest `optimise` (smallest if `lower`) within all limits; of equals the first.

    Raises:  OptionError for a metric that a candidate lacks.

    >>> models = {"lstm": {"accuracy": 0.95, "ms": 9.0}, "mean": {"accuracy": 0.90, "ms": 0.2}}
    >>> choose(models, limits=[Limit.parse("ms<=5")]).best
    'mean'
    """
    broken = {
        name: [str(limit) for limit in limits if not limit.met(values)] for name, values in candidates.items()
    }
    kept = {name: pick(candidates[name], optimise) for name, missed in broken.items() if not missed}
    known = [name for name, value in kept.items() if not math.isnan(value)]
    order = sorted(known, key=lambda name: kept[name] if lower else -kept[name])
    return Selection(
        order[0] if order else None, {name: missed for name, missed in broken.items() if missed}, order
    )


def pick(values: Mapping[str, float], metric: str) -> float:
    """values[metric].  Raises:  OptionError that names the measured ones."""
    if metric not in values:
        raise OptionError(
            f"metric {metric!r} was not measured; measured: "
            f"{', '.join(values)}.{did_you_mean(metric, values)}"
        )
    return values[metric]
