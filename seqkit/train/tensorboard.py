"""The same log for TensorBoard: `tensorboard --logdir FOLDER` shows it during the run.

Not handled: anything but numbers; a log to keep for years (JsonLines is plain text).
"""

import time
from pathlib import Path
from typing import Any

from seqkit.core.errors import OptionError
from seqkit.train.progress import Epoch, History, Progress


class TensorBoard:
    """Writes loss, rate and speed at most every `seconds`, and the losses of each epoch; x = units read."""

    def __init__(self, folder: Path, seconds: float = 10.0) -> None:
        """Raises:  OptionError if tensorboard is not installed."""
        self.folder, self.seconds = folder, seconds
        self.last = time.monotonic()
        self._writer: Any = None  # Any: SummaryWriter, imported only here
        _summary_writer()

    def begin(self, history: History, done: int) -> None:
        """Let the viewer ignore what was written after `done` units."""
        epoch_ended = done == sum(epoch.units for epoch in history)
        # a point at `done` itself may be of an epoch whose end the checkpoint does not hold: then it goes,
        # and a step's with it
        self._writer = _summary_writer()(
            str(self.folder), purge_step=done + 1 if epoch_ended and done else done
        )

    def step(self, progress: Progress) -> None:
        """Write three points if `seconds` have passed since the last ones."""
        if time.monotonic() - self.last >= self.seconds:
            self.last = time.monotonic()
            self._writer.add_scalar("step/loss", progress.loss.mean, progress.done)
            self._writer.add_scalar("step/lr", progress.lr, progress.done)
            self._writer.add_scalar("step/units_per_second", progress.units_per_second, progress.done)
            self._writer.flush()

    def epoch(self, epoch: Epoch, done: int) -> None:
        """Write two points."""
        self._writer.add_scalar("epoch/training", epoch.loss.mean, done)
        if epoch.validation is not None:
            self._writer.add_scalar("epoch/validation", epoch.validation, done)
        self._writer.flush()


def _summary_writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise OptionError(
            "TensorBoard: tensorboard is not installed. Install it (pip install tensorboard), or log to a "
            "JsonLines file."
        ) from error
    return SummaryWriter
