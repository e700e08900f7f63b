"""The log of a run: the Log protocol, and a file with one JSON object a line.

    {"event": "step", "epoch": 1, "done": 5120, "total": 99000, "loss": 5.1, "predictions": 5100, "lr": 0.02,
     "units_per_second": 90000.0}
    {"event": "epoch", "epoch": 1, "done": 33000, "loss": 4.7, "predictions": 32000, "validation": 4.9,
    "seconds": 0.4}

Units: loss in nats a prediction, over the epoch so far; done and total in units of the batches over all
epochs. Not handled: two runs that write one file.
"""

import json
import math
import time
from pathlib import Path
from typing import Any, Literal, Protocol, TypedDict

from seqkit.core import files, schema, strict_json
from seqkit.core.errors import FormatError, ModelFileError, resource_error
from seqkit.core.score import Loss
from seqkit.train.progress import Epoch, History, Progress


class Log(Protocol):
    """Receives the progress of `fit` (in process 0 only)."""

    def begin(self, history: History, done: int) -> None:
        """The run starts or continues after these epochs and `done` units: forget anything later."""

    def step(self, progress: Progress) -> None:
        """A step was made."""

    def epoch(self, epoch: Epoch, done: int) -> None:
        """An epoch was validated, `done` units into the run."""


class _Line(TypedDict):
    """What a resumed run reads of a line."""

    event: Literal["step", "epoch"]
    done: schema.Count


class JsonLines:
    """Writes a line after each epoch and, at most every `seconds`, after a step.

    A resumed run continues from its checkpoint: later lines are dropped, and no epoch appears twice.
    """

    def __init__(self, path: Path, seconds: float = 10.0) -> None:
        self.path, self.seconds = path, seconds
        self.last = time.monotonic()

    def begin(self, history: History, done: int) -> None:
        """Keep the step lines of the first `done` units and write the epochs of `history` between them.

        Raises:  FormatError if the file is not a log; the file is then unchanged.
        """
        lines = [line for line in self._read() if line["event"] == "step" and line["done"] <= done]
        units = 0
        for epoch in history:
            units += epoch.units
            lines.append(_epoch_line(epoch, units))
        lines.sort(key=lambda line: (line["done"], line["event"] == "epoch"))
        with files.write_atomic(self.path) as file:
            file.writelines(_encode(line) for line in lines)

    def step(self, progress: Progress) -> None:
        """Write a line if `seconds` have passed since the last one."""
        if time.monotonic() - self.last >= self.seconds:
            self.last = time.monotonic()
            self._append(
                {
                    "event": "step",
                    "epoch": progress.epoch,
                    "done": progress.done,
                    "total": progress.total,
                    **_loss(progress.loss),
                    "lr": progress.lr,
                    "units_per_second": round(progress.units_per_second, 1),
                }
            )

    def epoch(self, epoch: Epoch, done: int) -> None:
        """Write a line."""
        self._append(_epoch_line(epoch, done))

    def _append(self, line: dict[str, Any]) -> None:
        try:
            with self.path.open("ab") as file:
                file.write(_encode(line))
        except OSError as error:
            raise resource_error(self.path, error) from error

    def _read(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        texts = self.path.read_bytes().split(b"\n")[
            :-1
        ]  # what follows the last newline was cut off by a kill
        lines: list[dict[str, Any]] = []
        for number, text in enumerate(texts, 1):
            try:
                line = schema.check("the line", strict_json.parse(text), _Line)
            except (ValueError, ModelFileError) as error:
                raise FormatError(
                    f"{self.path}: line {number:,} is not from a training log ({error}). Choose another "
                    "file for the log."
                ) from error
            lines.append(dict(line))
        return lines


def _epoch_line(epoch: Epoch, done: int) -> dict[str, Any]:
    return {
        "event": "epoch",
        "epoch": epoch.number,
        "done": done,
        **_loss(epoch.loss),
        "validation": epoch.validation,
        "seconds": round(epoch.seconds, 3),
    }


def _loss(loss: Loss) -> dict[str, Any]:
    return {"loss": loss.mean if math.isfinite(loss.mean) else None, "predictions": loss.count}


def _encode(line: dict[str, Any]) -> bytes:
    return json.dumps(line, allow_nan=False).encode() + b"\n"
