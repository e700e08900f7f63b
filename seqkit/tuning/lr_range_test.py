"""The range test of learning rates: raise the rate a little after every step, and see where the loss falls
and where it breaks.

The smoothed loss is the mean of a step and the five on each side. Suggested is a tenth of the rate at which
it was lowest. Not handled: what weight decay or a schedule would make of that rate.
Source:  Smith 2017, arXiv:1506.01186, section 3.3.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from seqkit.core.errors import OptionError, TrainingError
from seqkit.core.score import Loss
from seqkit.train.probe import EnoughError, Probe
from seqkit.train.progress import Epoch, Progress
from seqkit.tuning.estimator import Estimator, variant

NEAR, BROKEN = (
    5,
    2.0,
)  # steps on each side; the test ends when the mean of the last steps is so many times the lowest one


@dataclass(frozen=True)
class RangeTest:
    """Losses by rate, one a step.  Units: nats a prediction, of each step alone and smoothed.

    broken: the loss ran away or was not finite, at the last rate.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    broken: bool

    @property
    def smoothed(self) -> tuple[float, ...]:
        """Each step's mean with its neighbours."""
        return tuple(fmean(self.losses[max(i - NEAR, 0) : i + NEAR + 1]) for i in range(len(self.losses)))

    @property
    def lowest(self) -> float:
        """The rate at which the smoothed loss was lowest."""
        smoothed = self.smoothed
        return self.rates[smoothed.index(min(smoothed))]

    @property
    def suggested(self) -> float:
        """A tenth of `lowest`."""
        return self.lowest / 10

    @property
    def space(self) -> str:
        """What to search, as tuning.space reads it: from a tenth of the suggested rate to the lowest
        one's.
        """
        return f"lr={self.suggested / 10:.2g}..{self.lowest:.2g}:log"

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        found = {
            "suggested": self.suggested,
            "lowest": self.lowest,
            "space": self.space,
            "broken": self.broken,
        }
        return found | {
            "rates": list(self.rates),
            "losses": list(self.losses),
            "smoothed": list(self.smoothed),
        }


def find_lr(
    model: Estimator, *data: Any, low: float = 1e-6, high: float = 10.0, steps: int = 200, **given: Any
) -> RangeTest:
    """Train a fresh copy of `model` by model.fit(*data, **given) while the rate goes from `low` to `high` in
    `steps` steps.

    Raises:  OptionError for a range that is none, or a text too short to read anything from; TrainingError if
             the loss is not finite from the start.
    """
    if steps < 20:
        raise OptionError(f"steps: got {steps}, expected at least 20.")
    if not 0 < low < high < math.inf:
        raise OptionError(f"low: got {low:g} to {high:g}, expected rates with 0 < low < high.")
    probe = _Watch(1)
    _run(model, data, given, probe, low, {"epochs": 1})
    each = math.ceil(probe.total / probe.done)  # steps an epoch, or nearly so
    epochs = math.ceil(steps / each)
    watch = _Watch(steps)
    rise = {"start": high / low, "share": steps / (each * epochs)}
    broken = _run(
        model, data, given, watch, high, {"epochs": epochs, "schedule": "rising", "schedule_settings": rise}
    )
    if not watch.losses:
        raise TrainingError(
            f"find_lr: the loss is not finite at the first step (lr {low:g}). Lower low, or look at the data."
        )
    return RangeTest(tuple(watch.rates), tuple(watch.losses), broken or watch.broken)


def _run(
    model: Estimator,
    data: Sequence[Any],
    given: dict[str, Any],
    watch: "_Watch",
    lr: float,
    settings: dict[str, Any],
) -> bool:
    """Train until `watch` has enough; return whether the loss stopped being finite before."""
    plain = {"lr": lr, "schedule": "constant", "schedule_settings": {}, "patience": None}
    known = model.get_params()
    fresh = variant(model, {name: v for name, v in (plain | settings).items() if name in known})
    try:
        fresh.fit(*data, logs=[watch], **given)
    except EnoughError:
        return False
    except TrainingError:
        return True
    return False


class _Watch(Probe):
    """A Log that keeps the loss of each step, and ends the run after `steps` or when the loss runs away."""

    def __init__(self, steps: int) -> None:
        self.steps, self.broken, self.done, self.total = steps, False, 0, 0
        self.rates: list[float] = []
        self.losses: list[float] = []
        self._before, self._lowest = Loss(0.0, 0), math.inf

    def step(self, progress: Progress) -> None:
        """The loss is the epoch's so far: what the step added is its own."""
        self.done, self.total = progress.done, progress.total
        own = Loss(progress.loss.total - self._before.total, progress.loss.count - self._before.count)
        self._before = progress.loss
        if own.count:
            self.rates.append(progress.lr)
            self.losses.append(own.mean)
            last = fmean(self.losses[-NEAR:])
            self._lowest = min(self._lowest, last)
            self.broken = last > BROKEN * self._lowest
        if self.broken or len(self.losses) >= self.steps:
            raise EnoughError

    def epoch(self, epoch: Epoch, done: int) -> None:
        """The loss of the next epoch starts at zero."""
        self._before = Loss(0.0, 0)
