"""How far a run is: what `fit` hands to `report`, and the history it returns."""

from dataclasses import dataclass

from seqkit.core.score import Loss


@dataclass(frozen=True)
class Progress:
    """One look at a run.  Units: done, total in units of the batches (tokens), over all epochs; lr a step;
    seconds.
    """

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
    """What one epoch gave: its mean training loss, the validation value if asked for, and its time."""

    number: int
    loss: Loss
    units: int
    seconds: float
    validation: float | None = None


History = list[Epoch]
