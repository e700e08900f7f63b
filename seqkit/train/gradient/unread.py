"""Losses of steps that stay on a GPU until several are read together: the host waits for none of them."""

import math

import torch
from torch import Tensor

from seqkit.core.errors import TrainingError
from seqkit.core.score import Loss

EVERY = 32  # steps for one reading
DIVERGED = 1e4  # nats a prediction: as if guessing among e^10,000 classes


def check_step(loss: Loss, step: int, lr: float) -> None:
    """Raise TrainingError for a loss beyond DIVERGED."""
    if DIVERGED * loss.count < loss.total < math.inf:
        raise TrainingError(
            f"gradient: the loss is {loss.mean:.4g} nats a prediction at step {step:,} (lr {lr:g}), so "
            "training diverges. Lower lr or set clip."
        )


class Unread:
    """Loss, count and gradient norm of the latest steps; `full` when they are to be read."""

    def __init__(self, device: torch.device) -> None:
        self._rows = torch.zeros(EVERY, 2, dtype=torch.float64, device=device)
        self._steps: list[tuple[int, int, float]] = []  # count, number and rate of each

    @property
    def full(self) -> bool:
        """Whether there is room for no other step."""
        return len(self._steps) == EVERY

    def put(self, total: Tensor | float, norm: Tensor | float, count: int, step: int, lr: float) -> None:
        """Keep those of a step; norm: 0 where there was no update."""
        row = self._rows[len(self._steps)]
        row[0], row[1] = total, norm
        self._steps.append((count, step, lr))

    def read(self) -> Loss:
        """The loss of all steps kept, which are then forgotten.

        Raises:  TrainingError for the first one that is not finite, or diverged.
        """
        steps, self._steps = self._steps, []
        if not steps:
            return Loss(0.0, 0)
        read = self._rows[: len(steps)].tolist()
        for (count, step, lr), (total, norm) in zip(steps, read, strict=True):
            if not math.isfinite(total) or not math.isfinite(norm):
                raise TrainingError(
                    f"gradient: got a loss of {total} and a gradient norm of {norm} at step {step:,} (lr "
                    f"{lr:g}). It changed nothing, nor did later steps like it. Lower lr or set clip."
                )
            check_step(Loss(total, count), step, lr)
        return Loss(math.fsum(total for total, _ in read), sum(count for count, *_ in steps))
