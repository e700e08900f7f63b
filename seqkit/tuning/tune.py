"""tune: try settings of a model, by a search that can be killed, resumed and shared by workers; keep the best
model.

Not handled: what is searched (tuning.space), in which order (tuning.methods), where trials lie
(tuning.store). The value of a trial is its best validation, so the best of many is a little too good: measure
it once more on text of its own.
"""

import copy
import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqkit.core import files, options
from seqkit.core.device import device_name
from seqkit.core.errors import OptionError, ResourceError, TrainingError
from seqkit.core.fingerprint import fingerprint
from seqkit.core.interrupt import Stopped, polite_interrupts
from seqkit.report.search_plot import Dot, search_plot
from seqkit.train.data import save_model
from seqkit.train.probe import EnoughError, Probe
from seqkit.train.progress import Epoch, History, Progress, lowered
from seqkit.tuning.estimator import Estimator, variant
from seqkit.tuning.space import Space, Wanted
from seqkit.tuning.store import Trials, read_trials
from seqkit.tuning.trial import Job, Method, Trial, searches

VERSION = 2  # of what a search is known by
Report = Callable[[Trial, list[Trial]], None]  # the trial at hand, and all


@dataclass(frozen=True)
class Found:
    """What a search gave: its trials in order, the space as text, and the folder that holds the best one's
    model.
    """

    trials: tuple[Trial, ...]
    space: dict[str, str]
    folder: Path

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> "Found":
        """The search in a folder as it stands, also while workers are at it.

        Raises:  FormatError if there is none.
        """
        trials, signature = read_trials(Path(folder))
        return Found(tuple(trials), signature["space"], Path(folder))

    @property
    def best(self) -> Trial:
        """The trial with the lowest value of those that went all the way, the first of equals.

        Raises:  TrainingError if there is none.
        """
        done = [t for t in self.trials if t.state == "done"]
        if not done:
            errors = [t.error for t in self.trials if t.error]
            said = f" The first: {errors[0]}" if errors else ""
            raise TrainingError(
                f"tune: none of {len(self.trials)} trials went all the way, {len(errors)} failed.{said}"
            )
        return min(done, key=lambda t: (t.value, t.number))

    @property
    def units(self) -> int:
        """What all trials cost, in units of the data trained on."""
        return sum(t.units for t in self.trials)

    def plot(self, path: str | os.PathLike[str]) -> None:
        """Draw the trials over each setting, and the best so far over the cost, to an .svg or .png."""
        scales = {
            name: text.partition(":")[2] or ("linear" if ".." in text else "choice")
            for name, text in self.space.items()
        }
        search_plot(Path(path), [Dot(t.settings, t.values, t.state) for t in self.trials], scales)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values; best is null where no trial went all the way."""
        states = [t.state for t in self.trials]
        return {
            "best": self.best.to_json() if "done" in states else None,
            "space": self.space,
            "units": self.units,
            "failed": states.count("failed"),
            "folder": str(self.folder),
            "trials": [t.to_json() for t in self.trials],
        }


def tune(
    model: Estimator,
    space: Wanted,
    *data: Any,
    valid: Any,
    out: str | os.PathLike[str],
    trials: int | None = None,
    method: str = "random",
    method_settings: Mapping[str, Any] | None = None,
    seed: int = 1,
    report: Report | None = None,
    save: Callable[[Any, Any, Path], None] = save_model,
    **given: Any,
) -> Found:
    """Train `model` with settings drawn from `space`, each by model.fit(*data, valid=valid, **given); keep
    the best in `out`.

    space:   as in tuning.space, {"lr": "1e-4..1", "cell": ["gru", "lstm"]}; what is not in it stays as the
             model has it.
    out:     folder of the search. The same call goes on with what is there, and joins workers that are at it;
             once it is over, the best model can be loaded from it.
    trials:  how many settings to try; if not given 20, or all of a grid.
    method:  random, coarse-to-fine, halving or grid; its fields are method_settings. seed: of the draws.
    report:  called after every job. save: how the best is written, save(model, what its fit gave, out).
    Raises:  OptionError for a space, a method or a folder that does not fit; BackendError for a device that
             is not there, before anything is written; TrainingError if every trial failed;
             Stopped after SIGINT, SIGTERM or SIGHUP, with the trial at hand in its checkpoint.
    """
    if valid is None:
        raise OptionError(
            "valid: got nothing, but trials are compared by it. Give data that are not trained on."
        )
    way: Method = options.from_json(searches.load(method), dict(method_settings or {}))
    where = Space.of(space, model.settings.groups.values(), type(model).__name__)
    trials = way.usual(where) if trials is None else trials
    _check(model, where, way, trials)
    settings = {n: list(v) if isinstance(v, tuple) else v for n, v in model.get_params().items()}
    fixed = {n: v for n, v in settings.items() if n not in (*where.parts, "device", "threads")}
    signature = {
        "version": VERSION,
        "model": type(model).__name__,
        "space": where.to_json(),
        "method": method,
        "method settings": options.to_json(way),
        "seed of the draws": seed,
        **({} if way.grows else {"trials": trials}),
        **fixed,
        "data": fingerprint(data, given),
        "validation data": fingerprint(valid),
    }
    work = _Work(model, where, way, trials, seed, Trials(Path(out), where, signature), report, save)
    work.run(lambda one, **run: one.fit(*data, valid=valid, **given, **run))
    found = Found(tuple(work.trials.all()), where.to_json(), Path(out))
    with work.trials.lock:
        files.write_json(Path(out) / "search.json", found.to_json())
        work.trials.clean()
    _ = found.best  # or the one error for all
    return found


def _check(model: Estimator, space: Space, method: Method, trials: int) -> None:
    """Refuse now what a trial, the method or the device would refuse later."""
    for end in space.ends():
        needed = model.settings.needed(*end)
        variant(model, end) if needed and needed[0] in space.parts else copy.copy(model).set_params(**end)
    if trials < 1:
        raise OptionError(f"trials: got {trials}, expected at least 1.")
    method.check(space, trials, model.fit_options.epochs)
    device_name(model.device)


@dataclass
class _Work:
    """One worker of a search."""

    model: Estimator
    space: Space
    method: Method
    size: int
    seed: int
    trials: Trials
    report: Report | None
    save: Callable[[Any, Any, Path], None]

    def run(self, fit: Callable[..., Any]) -> None:
        """Do jobs until there are no more, or the process is asked to stop."""
        try:
            with polite_interrupts() as asked_to_stop:
                while not asked_to_stop() and self.next(fit):
                    pass
        except KeyboardInterrupt as stop:
            raise Stopped(f"{self.trials.folder} holds the search, {self.reached()}", again="") from stop

    def reached(self) -> str:
        """How far the search is, in words."""
        known = self.trials.all()
        begun = [f"trial {t.number + 1} after epoch {len(t.values)}" for t in known if t.state == "open"]
        return ", ".join([f"{len(known) - len(begun)} of its trials over", *begun])

    def next(self, fit: Callable[..., Any]) -> bool:
        """Do the next job, or wait a little for those that others do; return whether there was one."""
        epochs = self.model.fit_options.epochs
        with ExitStack() as stack:
            with self.trials.lock:
                known = self.trials.all()
                for number in self.method.dropped(self.size, epochs, known):
                    self.trials.end(known[number], "dropped")
                jobs = self.method.jobs(self.space, self.size, epochs, self.seed, known)
                if not jobs:
                    return False
                job = stack.enter_context(self.trials.claim(jobs, known))
            if job:
                self._train(
                    job,
                    known[job.number] if job.number < len(known) else Trial(job.number, job.settings),
                    fit,
                )
        if not job:
            time.sleep(0.1)
        elif self.report:
            known = self.trials.all()
            self.report(known[job.number], known)
        return True

    def _train(self, job: Job, before: Trial, fit: Callable[..., Any]) -> None:
        last = job.epochs >= self.model.fit_options.epochs
        watch = _Watch(self.trials, before, math.inf if last else job.epochs, self.model.higher_is_better)
        model, made, error = variant(self.model, job.settings), None, ""
        try:
            made = fit(model, checkpoint=self.trials.checkpoint(job.number), resume=True, logs=[watch])
        except EnoughError:
            return
        except (TrainingError, ResourceError) as problem:
            if isinstance(
                problem.__cause__, OSError
            ):  # the disk is full: the next trial would fare no better
                raise
            error = str(problem)
        finally:
            self.trials.spend(job.number, watch.units, before.seconds + time.monotonic() - watch.started)
        with self.trials.lock:
            known = self.trials.all()
            trial = known[job.number]
            if error:
                self.trials.end(trial, "failed", error)
                return
            if trial.value < min((t.value for t in known if t.state == "done"), default=math.inf):
                self.save(model, made, self.trials.folder)
            self.trials.end(trial, "done")


class _Watch(Probe):
    """The Log of a trial: writes its values down, and ends the run when the job's epochs are over."""

    def __init__(self, trials: Trials, trial: Trial, epochs: float, higher_is_better: bool) -> None:
        self.trials, self.trial, self.epochs = trials, trial, epochs
        self.higher_is_better = higher_is_better
        self.units, self.started = trial.units, time.monotonic()

    def begin(self, history: History, done: int) -> None:
        """The checkpoint may know more epochs than were written down before a kill."""
        self.units = max(self.units, done)
        for epoch in history[len(self.trial.values) :]:
            self.epoch(epoch, done)
        if len(history) >= self.epochs:
            raise EnoughError

    def step(self, progress: Progress) -> None:
        """Count what was trained on."""
        self.units = max(self.units, progress.done)

    def epoch(self, epoch: Epoch, done: int) -> None:
        """Write the value down."""
        for value in lowered([epoch], self.higher_is_better):
            self.trials.add_value(self.trial.number, epoch.number, value)
        if epoch.number >= self.epochs:
            raise EnoughError
