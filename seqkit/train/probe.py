"""Runs that end before they are over, because what was to be seen was seen."""

import time

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


class Timing(Probe):
    """How fast the steps after the first are: some seconds and some steps of them, the rest by forecast."""

    STEPS, SECONDS = 5, 3.0

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.steps = self.first = self.done = self.total = 0
        self.ended = self.started

    def step(self, progress: Progress) -> None:
        """Start the clock at the first step, end the run when there are enough."""
        self.steps, self.done, self.total, self.ended = (
            self.steps + 1,
            progress.done,
            progress.total,
            time.monotonic(),
        )
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
