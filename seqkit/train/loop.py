"""The one training loop: epochs over batches, schedule, validation, checkpoints, progress, interruption.

Not handled: what a step does (the learner's matter) and where batches come from.
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from seqkit.core.errors import TrainingError
from seqkit.core.score import Loss
from seqkit.train.checkpoint import Checkpoint, Place
from seqkit.train.interrupt import polite_interrupts
from seqkit.train.learner import Batches, Learner
from seqkit.train.progress import Epoch, History, Progress
from seqkit.train.schedule import Schedule

B = TypeVar("B")


def fit(
    learner: Learner[B],
    batches: Batches[B],
    *,
    epochs: int,
    schedule: Schedule,
    validate: Callable[[], float] | None = None,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
    report: Callable[[Progress], None] | None = None,
) -> History:
    """Train `learner` for `epochs` passes over `batches`; return what each epoch gave.

    The rate of a step is schedule(units done / units in all). `validate` is called after each epoch and its value kept.
    With `resume` the run goes on from the checkpoint, if there is one, and ends in the same bytes as if never stopped.
    Raises:  TrainingError when the loss is not finite or an epoch made no prediction; KeyboardInterrupt after SIGINT or
             SIGTERM, with the step finished and the checkpoint written.
    """
    place, signature = Place(), batches.signature | {"epochs": epochs}
    if checkpoint and resume and checkpoint.exists():
        arrays, place = checkpoint.load(signature)
        learner.restore(arrays)
    run = _Run(learner, batches, epochs, checkpoint, report, place, signature)
    with polite_interrupts() as asked_to_stop:
        for epoch in range(place.epoch, epochs):
            for batch, units in batches.epoch(epoch, skip=run.place.batches):
                run.step(batch, units, schedule)
                if asked_to_stop():
                    run.save()
                    raise KeyboardInterrupt
            run.end_epoch(validate)
    return run.place.history


class _Run:
    """The moving parts of one call of `fit`."""

    def __init__(
        self, learner: Learner[Any], batches: Batches[Any], epochs: int, checkpoint: Checkpoint | None,
        report: Callable[[Progress], None] | None, place: Place, signature: dict[str, Any],
    ) -> None:  # fmt: skip
        self.learner, self.epochs, self.checkpoint, self.report = learner, epochs, checkpoint, report
        self.place, self.signature, self.total = place, signature, batches.size * epochs
        self.started = self.saved = time.monotonic()
        self.started_units, self.seconds_before = place.units, place.seconds

    def step(self, batch: Any, units: int, schedule: Schedule) -> None:
        lr = schedule(self.place.units / self.total)
        loss = self.learner.step(batch, lr)
        if not math.isfinite(loss.total):
            raise TrainingError(
                f"fit: loss became {loss.total} in epoch {self.place.epoch + 1} after {self.place.units:,} units "
                f"(lr {lr:g}, mean loss before {self.place.loss.mean:.4g}). Lower lr; a checkpoint before it is whole."
            )
        done = self.place.units + units
        self.place = replace(
            self.place, batches=self.place.batches + 1, units=done, loss=self.place.loss + loss, seconds=self._seconds()
        )
        if self.report:
            speed = (done - self.started_units) / max(time.monotonic() - self.started, 1e-9)
            left = (self.total - done) / speed if speed else math.inf
            self.report(Progress(self.place.epoch + 1, self.epochs, done, self.total, self.place.loss, lr, speed, left))
        if self.checkpoint and time.monotonic() - self.saved >= self.checkpoint.seconds:
            self.save()

    def end_epoch(self, validate: Callable[[], float] | None) -> None:
        place = self.place
        if place.loss.count == 0:
            raise TrainingError(
                f"fit: epoch {place.epoch + 1} read {place.units:,} units and made no prediction, so nothing was learnt. "
                "The text may be too short, or its words too rare or all subsampled away; lower min_count or raise subsample."
            )
        units = place.units - sum(epoch.units for epoch in place.history)
        seconds = place.seconds - sum(epoch.seconds for epoch in place.history)
        validation = validate() if validate else None
        if validation is not None and not math.isfinite(validation):
            raise TrainingError(f"fit: validate gave {validation} after epoch {place.epoch + 1}, expected a finite number.")
        ended = Epoch(place.epoch + 1, place.loss, units, seconds, validation)
        self.place = replace(place, epoch=place.epoch + 1, batches=0, loss=Loss(0.0, 0), history=[*place.history, ended])
        self.save()

    def save(self) -> None:
        if self.checkpoint:
            self.checkpoint.save(self.learner.state(), self.place, self.signature)
            self.saved = time.monotonic()

    def _seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.started
