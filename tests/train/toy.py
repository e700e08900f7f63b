"""A learner and batches whose every number can be worked out by hand."""

import os
import signal

import numpy as np

from seqkit.core.score import Loss


class Numbers:
    """Seven batches of three numbers, one of them short."""

    size = 20

    def __init__(self, **settings):
        self.signature = {"numbers": 20, **settings}

    def epoch(self, number, skip=0):
        for low in range(3 * skip, self.size, 3):
            batch = np.arange(low, min(low + 3, self.size), dtype=np.float64) + 100 * number
            yield batch, len(batch)


class Mean:
    """Goes towards the mean of each batch; `seen` and `rates` remember what came."""

    def __init__(self):
        self.weight, self.seen, self.rates, self.hook = np.zeros(1), [], [], lambda: None

    def step(self, batch, lr):
        loss = Loss(float(((batch - self.weight) ** 2).sum()), len(batch))
        self.weight += lr * (batch - self.weight).mean()
        self.seen += batch.tolist()
        self.rates.append(lr)
        self.hook()
        return loss

    def state(self):
        return {"weight": self.weight}

    def restore(self, arrays):
        self.weight[:] = arrays["weight"]


def stop_after(learner, steps, number=signal.SIGINT):
    """Send this process a signal in the step after so many."""

    def hook():
        if len(learner.rates) == steps:
            os.kill(os.getpid(), number)

    learner.hook = hook
