"""The parts of a search: trials, open jobs, and the methods that choose them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from seqkit.core.family import Family
from seqkit.tuning.space import Space

TRIALS = 20  # of a search, if nobody says how many
State = Literal["open", "done", "dropped", "failed"]
searches = Family("seqkit.tuning.methods", "search method")


@dataclass(frozen=True)
class Trial:
    """One setting of the model and its results. Units: values, one an epoch, lower is better.

    open: begun, and not over. dropped: others of as many epochs were better. failed: `error` says why.
    """

    number: int
    settings: dict[str, Any]
    state: State = "open"
    values: tuple[float, ...] = ()
    units: int = 0
    seconds: float = 0.0
    error: str = ""

    @property
    def value(self) -> float:
        """The best epoch's; inf if there is none, or the trial failed."""
        return self.after(len(self.values))

    def after(self, epochs: int) -> float:
        """The best value of so many epochs; inf if the trial failed."""
        return math.inf if self.state == "failed" else min(self.values[:epochs], default=math.inf)

    def reached(self, epochs: int) -> bool:
        """Whether so many epochs are over, or the trial has ended."""
        return len(self.values) >= epochs or self.state in ("done", "failed")

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "trial": self.number,
            "state": self.state,
            "value": self.value if math.isfinite(self.value) else None,
            "settings": self.settings,
            "epochs": len(self.values),
            "values": list(self.values),
            "units": self.units,
            "seconds": round(self.seconds, 3),
            "error": self.error,
        }


@dataclass(frozen=True)
class Job:
    """Train trial `number` until `epochs` are over."""

    number: int
    settings: dict[str, Any]
    epochs: int


class Method(Protocol):
    """A search over a space, without memory: a resumed search and any number of workers make the same trials.

    A member is a frozen dataclass (its fields are its options), made with the size of the search; `grows`
    says whether the trials stay the same when more are asked for.
    """

    grows: bool

    def usual(self, space: Space) -> int:
        """How many trials are made if nobody says."""

    def check(self, space: Space, trials: int, epochs: int) -> None:
        """Raise OptionError for a search that the method cannot make."""

    def jobs(self, space: Space, trials: int, epochs: int, seed: int, known: Sequence[Trial]) -> list[Job]:
        """What can be trained now, first things first; nothing when the search is over.

        known: all trials begun, in order. New ones follow without a gap. All jobs may be trained at once; a
        worker waits when others have them all.
        """

    def dropped(self, trials: int, epochs: int, known: Sequence[Trial]) -> list[int]:
        """The trials that will not be continued."""
