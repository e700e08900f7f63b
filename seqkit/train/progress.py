"""The progress of a run, which `fit` passes to `report`, and the history it returns."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from seqkit.core.errors import ModelFileError
from seqkit.core.schema import Count, Size
from seqkit.core.score import Loss


@dataclass(frozen=True)
class Progress:
    """A moment of a run. Units: done and total in units of the batches (tokens), over all epochs."""

    epoch: int  # from 1
    epochs: int
    done: int
    total: int
    loss: Loss  # of this epoch so far
    lr: float
    units_per_second: float
    seconds_left: float
    validation: float | None = None  # of the last epoch that is over

    @staticmethod
    def of(place: "Place", epochs: int, total: int, lr: float, speed: float) -> "Progress":
        """A look at a run at some place in the data.  speed: units a second so far."""
        left = (total - place.units) / speed if speed else math.inf
        last = place.history[-1].validation if place.history else None
        return Progress(place.epoch + 1, epochs, place.units, total, place.loss, lr, speed, left, last)


@dataclass(frozen=True)
class Epoch:
    """The results of one epoch: mean training loss, validation value if asked for, time."""

    number: int
    loss: Loss
    units: int
    seconds: float
    validation: float | None = None


History = list[Epoch]
NOTHING = Loss(0.0, 0)


@dataclass(frozen=True)
class Place:
    """A place in a run: epoch, batches done in it, units done in all, loss of the epoch so far."""

    epoch: int = 0
    batches: int = 0
    units: int = 0
    seconds: float = 0.0
    loss: Loss = NOTHING
    history: History = field(default_factory=list)


class LossJson(TypedDict):
    """A Loss in a file."""

    total: float
    count: Count


class EpochJson(TypedDict):
    """An Epoch in a file."""

    number: Size
    loss: LossJson
    units: Count
    seconds: float
    validation: float | None


class PlaceJson(TypedDict):
    """A Place in a file."""

    epoch: Count
    batches: Count
    units: Count
    seconds: float
    loss: LossJson
    history: list[EpochJson]


def read_history(epochs: Sequence[EpochJson]) -> History:
    """The history that a file holds.  Raises:  ModelFileError unless its epochs are 1, 2, 3, ..."""
    if (numbers := [epoch["number"] for epoch in epochs]) != list(range(1, len(epochs) + 1)):
        raise ModelFileError(f"history: got epochs {numbers}, expected 1 to {len(epochs)}.")
    return [
        Epoch(e["number"], read_loss(e["loss"]), e["units"], e["seconds"], e["validation"]) for e in epochs
    ]


def read_loss(loss: LossJson) -> Loss:
    """The loss that a file holds."""
    return Loss(loss["total"], loss["count"])


@dataclass(frozen=True)
class Higher:
    """A validation whose higher values are better."""

    value: Callable[[], float]

    def __call__(self) -> float:
        """The value."""
        return self.value()


def lowered(history: History, higher_is_better: bool = False) -> list[float]:
    """The validation values, or 1 - value where higher is better, so that the lowest is best."""
    values = [epoch.validation for epoch in history if epoch.validation is not None]
    return [1 - value for value in values] if higher_is_better else values


def best_of(values: Sequence[float]) -> int:
    """Index of the first lowest value; -1 if there is none yet."""
    return values.index(min(values)) if values else -1
