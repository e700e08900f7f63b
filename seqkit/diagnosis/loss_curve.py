"""What the training loss shows of the learning rate: rising, spiking, never better than guessing.

Not handled: proof. If there are signs, train once more at a tenth of the rate (diagnosis.causes.high_rate).
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from seqkit.core.types import Array


def entropy(labels: Annotated[Array, "N"]) -> float:
    """Nats a row: the loss of a model that knows only how frequent each label is.

    >>> entropy(np.array([0, 1, 0, 1])).__round__(4)
    0.6931
    """
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    return float(-(shares * np.log(shares)).sum())


def signs(steps: Sequence[float], epochs: Sequence[float], guessing: float) -> list[str]:
    """Signs of a rate too high in the mean losses of steps and epochs, in nats.  guessing: entropy of labels.

    >>> signs([0.7, 0.5, 0.4, 0.3], [0.6, 0.35], 0.69)
    []
    >>> signs([0.7, 4.0, 5.0, 6.0], [2.3, 5.5], 0.69)
    ['the loss rose from 2.3 to 5.5 nats after epoch 1', 'the loss ended at 5.5 nats, guessing gives 0.69']
    """
    found = []
    best = int(np.argmin(epochs)) if len(epochs) else 0
    if len(epochs) > best + 1 and epochs[-1] > 1.1 * epochs[best] + 0.02 * guessing:
        found.append(f"the loss rose from {epochs[best]:.3g} to {epochs[-1]:.3g} nats after epoch {best + 1}")
    if len(epochs) and epochs[-1] > 0.9 * guessing:
        found.append(f"the loss ended at {epochs[-1]:.3g} nats, guessing gives {guessing:.3g}")
    late = np.asarray(steps[len(steps) // 4 :])
    if len(late) >= 8:
        spikes = int((late > 2 * max(guessing, float(np.median(late)))).sum())
        if spikes:
            found.append(
                f"the loss of {spikes:,} of the last {len(late):,} steps was more than twice that of guessing"
            )
    return found
