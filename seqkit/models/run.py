"""TrainingRun: one training run of any task, from data to model, checkpoint, log, curve and run.json.

A task gives a function `read` that returns Data. Not handled: training itself (the model's `fit`).
"""

import contextlib
import dataclasses
import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import OptionError
from seqkit.report.curves import learning_curve
from seqkit.report.figure import check_picture
from seqkit.train.data import Data
from seqkit.train.log import JsonLines, Log
from seqkit.train.progress import Progress
from seqkit.train.world import World

PACKAGES = ("seqkit", "torch", "numpy", "numba", "tokenizers", "nltk", "scikit-learn")


@dataclass(frozen=True)
class TrainingRun:
    """One model, one folder.  curve: picture of the losses. tensorboard: also log to a folder in it.

    minutes: end in that time, with the schedule fitted to it.
    """

    model: Any  # LanguageModel, TextClassifier, ..., SkipGram, GloVe
    out: Path
    curve: Path | None = None
    tensorboard: bool = False
    minutes: float | None = None

    def train(
        self,
        read: Callable[[Path | None], Data],
        *,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        world: World | None = None,
    ) -> dict[str, Any]:
        """Train, write model and run.json to the folder, and return what run.json holds.

        read: returns the data; it may keep what it makes in the folder it is called with, if any.
        world: the processes of a parallel run, of which the first one writes.
        """
        model, out, first = self.model, self.out, world is None or world.rank == 0
        if self.curve is not None:
            check_picture(self.curve, "curve")  # before the work, not after it
        written, there = model.written or model.kind, files.kind_of(out)
        if first and there not in (None, written):
            raise OptionError(
                f"{out}: holds {there}, expected {written} or a new folder. Choose another one."
            )
        logs = self._logs() if first else ()
        with _whole_or_nothing(out):
            data = read(out if first else None)
            run = {"checkpoint": out / "checkpoint", "resume": resume, "report": report, "logs": logs}
            run |= {} if self.minutes is None else {"minutes": self.minutes}
            run |= {} if world is None else {"world": world}
            with data.placed():
                made = model.fit(*data.args, **data.given, **run)
        result = self._result(data, made)
        if first:
            data.save(model, made, out)
            files.write_json(out / "run.json", result)
            if self.curve is not None:
                history = model.history
                learning_curve(self.curve, [e.loss.mean for e in history], [e.validation for e in history])
        return result

    def _logs(self) -> Sequence[Log]:
        if not self.tensorboard:
            return [JsonLines(self.out / "log.jsonl")]
        from seqkit.train.tensorboard import TensorBoard  # which loads torch

        return [JsonLines(self.out / "log.jsonl"), TensorBoard(self.out / "tensorboard")]

    def _result(self, data: Data, made: Any) -> dict[str, Any]:
        model = self.model
        history = [
            {
                "epoch": e.number,
                "loss": e.loss.mean,
                "predictions": e.loss.count,
                data.unit: e.units,
                "seconds": round(e.seconds, 3),
                "validation": e.validation,
            }
            for e in model.history
        ]
        return {
            "model": type(model).__name__,
            "settings": model.get_params(),
            **data.about,
            **data.after(model, made),
            "history": history,
            **model.hardware(),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        }


def estimate(model: Any, data: Data) -> tuple[dict[str, Any], str]:
    """What a run will need, by a short trial, as JSON values and in words; nothing is written."""
    with data.placed():
        found = model.estimate(*data.args, **data.given)
    return dataclasses.asdict(found), found.text(data.unit)


@contextlib.contextmanager
def _whole_or_nothing(out: Path) -> Iterator[None]:
    """Remove the folder if this run made it and an error occurs before its first checkpoint."""
    made = not out.exists()
    try:
        yield
    except Exception:
        if made and not (out / "checkpoint").exists():
            shutil.rmtree(out, ignore_errors=True)
        raise
