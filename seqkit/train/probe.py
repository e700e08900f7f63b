"""Runs that end before they are over, because what was to be seen was seen."""

import time
from dataclasses import dataclass

from seqkit.train.progress import Epoch, History, Progress


class EnoughError(Exception):
    """What was to be seen of a run was seen."""


class Probe:
    """A Log that sees a run; a member raises EnoughError to end it."""

    def begin(self, history: History, done: int) -> None:
        """The run starts or goes on."""

    def step(self, progress: Progress) -> None:
        """A step was made."""

    def epoch(self, epoch: Epoch, done: int) -> None:
        """An epoch ended."""


@dataclass(frozen=True)
class Estimate:
    """What a run needs, by a short trial.

    memory: bytes of weights, gradients and two moments. units: as the batches count them, such as tokens.
    """

    parameters: int
    units: int
    memory: int
    seconds: float
    units_per_second: float

    def text(self, unit: str) -> str:
        """In words.  unit: what is counted in an epoch."""
        return (
            f"{self.parameters:,} parameters, {self.units:,} {unit} to read, "
            f"{self.memory / 2**20:,.0f} MiB of "
            f"weights, gradients and moments, about {self.seconds:,.0f} s at "
            f"{self.units_per_second / 1e3:,.1f}k {unit}/s"
        )


class Timing(Probe):
    """How fast the steps after the first are: some seconds and some steps of them, the rest by forecast."""

    STEPS, SECONDS = 5, 3.0

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.steps = self.first = self.done = self.total = 0
        self.ended = self.started

    def step(self, progress: Progress) -> None:
        """Start the clock at the first step, end the run when there are enough."""
        self.steps, self.ended = self.steps + 1, time.monotonic()
        self.done, self.total = progress.done, progress.total
        if self.steps == 1:
            self.started, self.first = self.ended, progress.done
        elif self.steps > self.STEPS and self.ended - self.started > self.SECONDS:
            raise EnoughError

    @property
    def units_per_second(self) -> float:
        """Of the steps seen."""
        return max(self.done - self.first, 1) / max(self.ended - self.started, 1e-9)

    @property
    def seconds(self) -> float:
        """Of the whole run."""
        return self.total / self.units_per_second
