"""The trainings of a diagnosis: on all rows, at a lower learning rate, on shares; prediction times.

Not handled: what the numbers mean (diagnosis.causes, diagnosis.gaps).
"""

import inspect
import time
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import TrainingError
from seqkit.core.types import Array
from seqkit.train.progress import Epoch, History, Progress

POINTS = 300  # of the curve by step that are kept


class StepLosses:
    """A log of training that keeps the mean loss of every step, in nats."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.epochs: list[int] = []
        self._before: tuple[int, float, int] = (0, 0.0, 0)

    def begin(self, history: History, done: int) -> None:
        """Nothing to do."""

    def step(self, progress: Progress) -> None:
        """Take the step's own loss out of the epoch's so far."""
        epoch, total, count = self._before
        if progress.epoch != epoch:
            total, count = 0.0, 0
        if progress.loss.count > count:
            self.losses.append((progress.loss.total - total) / (progress.loss.count - count))
            self.epochs.append(progress.epoch)
        self._before = (progress.epoch, progress.loss.total, progress.loss.count)

    def epoch(self, epoch: Epoch, done: int) -> None:
        """Nothing to do."""

    def last(self) -> Annotated[Array, "N"]:
        """The losses of the steps of the last epoch."""
        return np.array(
            [loss for loss, epoch in zip(self.losses, self.epochs, strict=True) if epoch == self.epochs[-1]]
        )

    def points(self) -> list[list[float]]:
        """[step, loss], at most POINTS of them, each the mean of the steps up to it."""
        pieces = np.array_split(np.array(self.losses), min(POINTS, len(self.losses)) or 1)
        ends = np.cumsum([len(piece) for piece in pieces])
        return [
            [int(end), float(piece.mean())] for end, piece in zip(ends, pieces, strict=True) if len(piece)
        ]


class Trainings:
    """Fresh copies of `model`, trained on texts and labels of `classes` (sorted).

    best: trained on all rows.   broke: why that training failed, or ""; if it did, best is trained at a
    tenth of the learning rate.
    """

    def __init__(
        self,
        model: Any,
        texts: Sequence[str],
        labels: Sequence[str],
        classes: Sequence[str],
        report: Callable[[str], None],
    ) -> None:
        """Train on all rows.  Raises:  TrainingError if it fails at a tenth of the learning rate as well."""
        self.model, self.texts, self.labels, self.classes, self.report = model, texts, labels, classes, report
        known = model.get_params()
        fitting = getattr(model, "fit_options", None)
        self.lr: float | None = getattr(fitting, "lr", None) or known.get(
            "lr"
        )  # the one in use, where none was set
        self.steps, self.slow_steps, self.broke, self._slower = StepLosses(), StepLosses(), "", None
        report(f"training on {len(texts):,} rows")
        try:
            self.best = self._fit(texts, labels, self.steps)
        except TrainingError as error:
            if self.lr is None:
                raise
            self.broke = str(error)
            self.best = self.slower()

    @property
    def history(self) -> list[float]:
        """The mean training loss of each epoch, in nats; none if training failed or the model keeps none."""
        return [] if self.broke else [epoch.loss.mean for epoch in getattr(self.best, "history", [])]

    def slower(self) -> Any:
        """The model trained at a tenth of the learning rate."""
        if self._slower is None:
            assert self.lr is not None, "only called for a model that has a learning rate"
            self.report(f"training at lr {self.lr / 10:g}")
            self._slower = self._fit(self.texts, self.labels, self.slow_steps, lr=self.lr / 10)
        return self._slower

    def share(self, rows: Annotated[Array, "N"]) -> Callable[[Sequence[str]], Annotated[Array, "N C"]] | None:
        """The probabilities of a model trained on some rows; None if they have one label or it fails."""
        labels = [self.labels[i] for i in rows]
        known = sorted(set(labels))
        if len(known) < 2:
            return None
        self.report(f"training on {len(rows):,} rows")
        try:
            fitted = self._fit([self.texts[i] for i in rows], labels)
        except TrainingError:
            return None
        return lambda texts: self.probabilities(texts, fitted, known)

    def probabilities(
        self, texts: Sequence[str], fitted: Any = None, known: Sequence[str] | None = None
    ) -> Annotated[Array, "N C"]:
        """p of each class by `fitted`, or the best.  known: the classes that it learnt, if they are fewer."""
        found = np.zeros((len(texts), len(self.classes)))
        columns = np.searchsorted(self.classes, list(known or self.classes))
        found[:, columns] = (fitted or self.best).predict_proba(list(texts))
        return found

    def milliseconds(self, texts: Sequence[str], alone: int) -> tuple[float, float]:
        """Time for one text: the median of `alone` texts one by one, and the mean of all texts in a batch."""
        self.best.predict_proba(list(texts[:1]))
        times = []
        for text in texts[:alone]:
            started = time.perf_counter()
            self.best.predict_proba([text])
            times.append(time.perf_counter() - started)
        started = time.perf_counter()
        self.best.predict_proba(list(texts))
        return 1e3 * float(np.median(times)), 1e3 * (time.perf_counter() - started) / len(texts)

    def _fit(
        self, texts: Sequence[str], labels: Sequence[str], steps: StepLosses | None = None, **changes: Any
    ) -> Any:
        fresh = type(self.model)(**(self.model.get_params() | changes))
        fresh.fit(
            list(texts), list(labels), **({"logs": [steps]} if steps and _takes_logs(fresh.fit) else {})
        )
        return fresh


def _takes_logs(fit: Any) -> bool:
    """Whether a function has a parameter `logs`, by itself or in `**run: Unpack[Run]`."""
    parameters = inspect.signature(fit, eval_str=True).parameters.values()
    named = {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
    for more in (p for p in parameters if p.kind is p.VAR_KEYWORD):
        named |= {name for kind in typing.get_args(more.annotation) for name in typing.get_type_hints(kind)}
    return "logs" in named
