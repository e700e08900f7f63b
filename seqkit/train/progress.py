"""The progress of a run, which `fit` passes to `report`, and the history it returns."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Epoch:
    """The results of one epoch: mean training loss, validation value if asked for, time."""

    number: int
    loss: Loss
    units: int
    seconds: float
    validation: float | None = None


History = list[Epoch]
