"""The training loop: epochs over batches, schedule, validation, early stop, checkpoints, logs, interruption.

Not handled: what a step does (the learner's matter) and where batches come from.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from seqkit.core.errors import ModelFileError, NoPredictionError, OptionError, TrainingError
from seqkit.core.interrupt import polite_interrupts
from seqkit.core.score import Loss
from seqkit.core.types import Arrays
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.learner import Batches, Engine, Learner
from seqkit.train.log import Log
from seqkit.train.probe import EnoughError
from seqkit.train.progress import NOTHING, Epoch, Higher, History, Place, Progress, best_of, lowered
from seqkit.train.schedule import Schedule
from seqkit.train.world import World

B = TypeVar("B")


def fit(
    learner: Learner[B],
    batches: Batches[B],
    *,
    epochs: int,
    schedule: Schedule,
    validate: Callable[[], float] | None = None,
    patience: int | None = None,
    keep_best: bool = False,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
    report: Callable[[Progress], None] | None = None,
    logs: Sequence[Log] = (),
    minutes: float | None = None,
) -> History:
    """Train `learner` for `epochs` passes over `batches`; return the results of each epoch.

    The rate of a step is schedule(units done / units in all, values of `validate`, one an ended epoch).
    Schedule, patience and keep_best look at those values, or at 1 - value where `validate` is a Higher.
    patience:   end after so many epochs in a row that did not improve on the best.
    keep_best:  put the state of the best epoch back at the end; until then it lies in the checkpoint's folder
                `best`, or in memory if there is no checkpoint.
    resume:     continue from the checkpoint, if there is one, and end in the same bytes as if never stopped.
    report:     called after every step. logs: called after every step and epoch; an exception in one ends the
                run, after an epoch with its checkpoint written.
    minutes:    end in that time, resumed runs together; the schedule follows units or time, the further one.
    Raises:  TrainingError when the loss is not finite or an epoch made no prediction; KeyboardInterrupt after
             SIGINT, SIGTERM or SIGHUP at any moment, with the step finished and the checkpoint written.
    """
    ends = (patience, keep_best, minutes)
    run = _Run(learner, batches, epochs, schedule, validate, *ends, checkpoint, report, logs)
    if resume:
        run.resume()
    with polite_interrupts(EnoughError) as asked_to_stop:
        run.begin(asked_to_stop)
        while not run.over():
            for batch, units in batches.epoch(run.place.epoch, skip=run.place.batches):
                if run.step(batch, units):
                    if run.asked():
                        raise KeyboardInterrupt
                    run.time_is_over = True
                    break
            if run.end_epoch():
                raise KeyboardInterrupt
        run.put_back_best()
    return run.place.history


@dataclass
class _Run:
    """The moving parts of one call of `fit`."""

    learner: Learner[Any]
    batches: Batches[Any]
    epochs: int
    schedule: Schedule
    validate: Callable[[], float] | None
    patience: int | None
    keep_best: bool
    minutes: float | None
    checkpoint: Checkpoint | None
    report: Callable[[Progress], None] | None
    logs: Sequence[Log]
    place: Place = field(default_factory=Place)
    saved: bool = False  # whether the checkpoint is of this run
    time_is_over: bool = False

    def __post_init__(self) -> None:
        self.engine = self.learner if isinstance(self.learner, Engine) else None
        self._check()
        own = self.engine.signature if self.engine else {}
        ends = {"patience": self.patience, "keep_best": self.keep_best, "minutes": self.minutes}
        self.signature = self.batches.signature | {"epochs": self.epochs} | own
        self.signature |= {name: value for name, value in ends.items() if value}
        self.total = self.batches.size * self.epochs  # units over all epochs
        self.seconds = None if self.minutes is None else 60 * self.minutes  # for all of it

    def resume(self) -> None:
        """Continue from the checkpoint, if there is one."""
        if self.checkpoint and self.checkpoint.exists():
            arrays, self.place = self.checkpoint.load(self.signature, self.batches.size)
            self.learner.restore(arrays)
            self.saved = True

    def begin(self, asked_to_stop: Callable[[], bool]) -> None:
        self.world = self.engine.world if self.engine else World()
        self.asked_to_stop = asked_to_stop
        self.world.wishes = lambda: (asked_to_stop() or self._late(), self._due())
        self.best: Arrays | None = None
        self.started = self.last_save = time.monotonic()
        self.started_units, self.seconds_before = self.place.units, self.place.seconds
        self.time_is_over = self._late()
        if self.world.rank != 0:
            self.report, self.logs = None, ()
        for log in self.logs:
            log.begin(self.place.history, self.place.units)
        if self.keep_best and self.saved and self.place.batches == 0:
            # the run may have been killed before it wrote the copy in `best`
            self._keep(self.learner.state())

    def over(self) -> bool:
        values = self._values()
        stuck = self.patience is not None and len(values) - 1 - best_of(values) >= self.patience
        return self.place.epoch >= self.epochs or stuck or self.time_is_over

    def asked(self) -> bool:
        """Whether stopping was asked for, in all processes alike."""
        return self.world.add(Loss(float(self.asked_to_stop()), 0)).total > 0

    def step(self, batch: Any, units: int) -> bool:
        """Make one step; return whether to stop: it was asked for, or the time is over."""
        before = self.place
        lr = self.schedule(self._progress(), self._values())
        with self._naming_the_checkpoint():
            loss = self.learner.step(batch, lr)
        if not math.isfinite(loss.total):
            raise TrainingError(
                f"fit: the loss became {loss.total} at step {before.batches + 1:,} of epoch "
                f"{before.epoch + 1}, after {before.units:,} units (lr {lr:g}, mean loss before "
                f"{before.loss.mean:.4g}). Lower lr or set clip. {self._rescue()}"
            )
        self.place = replace(
            before,
            batches=before.batches + 1,
            units=before.units + units,
            loss=before.loss + loss,
            seconds=self._seconds(),
        )
        self._tell(lr)
        stop, save = self.world.granted()
        if stop or save:
            self._settle()
            self._save(self.learner.state())
        return stop

    def end_epoch(self) -> bool:
        """Validate, save and log; return whether to stop: it may have been requested meanwhile."""
        if self.engine:
            with self._naming_the_checkpoint():
                self.engine.finish()
        place = self._settle()
        if place.loss.count == 0:
            raise NoPredictionError(
                f"fit: epoch {place.epoch + 1} read {place.units:,} units and made no prediction, so "
                "nothing was learnt. The text may be too short, or its words too rare or all subsampled "
                "away; lower min_count or raise subsample."
            )
        units = place.units - sum(epoch.units for epoch in place.history)
        seconds = place.seconds - sum(epoch.seconds for epoch in place.history)
        ended = Epoch(place.epoch + 1, place.loss, units, seconds, self._validate())
        self.place = replace(
            place, epoch=place.epoch + 1, batches=0, loss=NOTHING, history=[*place.history, ended]
        )
        if self.engine and ended.validation is not None:
            self.engine.observe(self._values())
        arrays = self.learner.state()
        self._save(arrays)
        self._keep(arrays)
        for log in self.logs:
            log.epoch(ended, place.units)
        return self.asked()

    def _settle(self) -> Place:
        """Add the loss of the steps that did not tell it yet."""
        if self.engine:
            with self._naming_the_checkpoint():
                self.place = replace(self.place, loss=self.place.loss + self.engine.settle())
        return self.place

    def put_back_best(self) -> None:
        """Restore the best epoch's state, if asked to."""
        if not self.keep_best:
            return
        if self.checkpoint and self.place.history:
            self.world.wait()
            self.best, place = self.checkpoint.best.load(self.signature)
            wanted = best_of(self._values()) + 1
            if place.epoch != wanted:
                raise ModelFileError(
                    f"{self.checkpoint.best.folder}: got epoch {place.epoch}, expected the best one, "
                    f"{wanted}. Train again."
                )
        if self.best is not None:
            self.learner.restore(self.best)

    def _validate(self) -> float | None:
        if not self.validate:
            return None
        with self.engine.averaged() if self.engine else contextlib.nullcontext():
            value = self.world.same(self.validate())
        if not math.isfinite(value):
            raise TrainingError(
                f"fit: validate: got {value} after epoch {self.place.epoch + 1}, expected a finite number."
            )
        return value

    def _values(self) -> list[float]:
        return lowered(self.place.history, isinstance(self.validate, Higher))

    def _tell(self, lr: float) -> None:
        if not self.report and not self.logs:
            return
        units, seconds = self.place.units - self.started_units, time.monotonic() - self.started
        progress = Progress.of(self.place, self.epochs, self.total, lr, units / max(seconds, 1e-9))
        if self.report:
            self.report(progress)
        for log in self.logs:
            log.step(progress)

    def _progress(self) -> float:
        """How far the run is, from 0 to 1."""
        progress = self.place.units / self.total
        if self.seconds is not None:
            progress = self.world.same(max(progress, min(self._seconds() / self.seconds, 1.0)))
        return progress

    def _late(self) -> bool:
        return self.seconds is not None and self._seconds() >= self.seconds

    def _due(self) -> bool:
        return self.checkpoint is not None and time.monotonic() - self.last_save >= self.checkpoint.seconds

    def _save(self, arrays: Arrays) -> None:
        if self.checkpoint:
            if self.world.rank == 0:
                self.checkpoint.save(arrays, self.place, self.signature)
            self.last_save, self.saved = time.monotonic(), True

    def _keep(self, arrays: Arrays) -> None:
        """Keep the state, if asked to, when the epoch just ended is the best."""
        values = self._values()
        if not self.keep_best or not values or best_of(values) != len(values) - 1:
            return
        if not self.checkpoint:
            self.best = {name: array.copy() for name, array in arrays.items()}
        elif self.world.rank == 0:
            self.checkpoint.best.save(arrays, self.place, self.signature)

    @contextlib.contextmanager
    def _naming_the_checkpoint(self) -> Iterator[None]:
        try:
            yield
        except TrainingError as error:
            raise TrainingError(f"{error} {self._rescue()}") from error

    def _rescue(self) -> str:
        if self.checkpoint and self.saved:
            return f"The checkpoint in {self.checkpoint.folder} is from before it."
        return "No checkpoint had been written."

    def _seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.started

    def _check(self) -> None:
        if self.minutes is not None and not self.minutes > 0:
            raise OptionError(f"fit: got minutes {self.minutes}, expected more than 0, or None for no limit.")
        if self.patience is not None and self.patience < 1:
            raise OptionError(
                f"fit: got patience {self.patience}, expected at least 1, or None to run all epochs."
            )
        watching = {
            "patience": self.patience is not None,
            "keep_best": self.keep_best,
            "the schedule": getattr(self.schedule, "watches", False),
            "asgd": self.engine is not None and self.engine.signature.get("optimizer") == "asgd",
        }
        if self.validate is None and any(watching.values()):
            first = next(name for name, there in watching.items() if there)
            raise OptionError(
                f"fit: got no validation values, but {first} needs them. Give validate= (a model's valid=, "
                "--valid on a shell)."
            )
