"""Skip-gram and CBOW with the softmax over all words, in plain numpy. The specification of full_softmax.cpu.

The windows whose centre lies in a run of `batch` tokens are one mini-batch. Row b has the input h_b
(skip-gram: the centre's row; CBOW: the mean of its context rows) and n_b target words t (skip-gram: the
context; CBOW: the centre):

    p_b = softmax(O h_b)        loss = Σ_b Σ_t -log p_bt        ∂loss/∂(O h_b) = n_b p_b - Σ_t onehot(t)

and both matrices take one step down their gradient with rate lr. Word t has the output row points[t] of
the settings. Source: Mikolov et al. 2013 (arXiv:1301.3781) and 2013b (arXiv:1310.4546) eq. 2.
"""

from typing import Annotated

import numpy as np

from seqkit.core.types import Array
from seqkit.kernels.primitives.windows.reference import windows
from seqkit.kernels.primitives.windows.settings import Matrices, Stretch, Windows

Plan = tuple[Windows, Array]  # how windows are made; the output row of each word, -1 for none


def gradient(
    h: Annotated[Array, "B D"], output: Annotated[Array, "V D"], targets: list[list[int]]
) -> tuple[Annotated[Array, "B D"], Annotated[Array, "V D"], float]:
    """The gradients of the loss for h and output, and the loss in nats."""
    logits = h @ output.T
    shift = logits.max(1, keepdims=True)
    log_probs = logits - shift - np.log(np.exp(logits - shift).sum(1, keepdims=True))
    wanted = np.zeros_like(logits)
    for b, words in enumerate(targets):
        np.add.at(wanted[b], words, 1)
    error = wanted.sum(1, keepdims=True) * np.exp(log_probs) - wanted
    return error @ output, error.T @ h, float(-(wanted * log_probs).sum())


def train(text: Stretch, plan: Plan, matrices: Matrices, lr: float, *, batch: int = 64) -> tuple[float, int]:
    """Train on a stretch of text, `batch` tokens at once, changing the matrices `input` and `output` (V, D).

    Returns:  total loss in nats, number of predictions (a prediction: one input, one target word).
    """
    (settings, rows), (input, output), total, count = plan, matrices, 0.0, 0
    for low in range(text.low, text.high, batch):
        part = text._replace(low=low, high=min(low + batch, text.high))
        found = [(word, context) for _, word, context in windows(part, settings) if context]
        if not found:
            continue
        inputs = [context if settings.cbow else [word] for word, context in found]
        targets = [[word] if settings.cbow else context for word, context in found]
        h = np.stack([input[words].mean(0) for words in inputs])
        dh, d_output, loss = gradient(h, output, [rows[words].tolist() for words in targets])
        output -= (lr * d_output).astype(output.dtype)
        for words, change in zip(inputs, lr * dh, strict=True):
            for word in words:
                if not len(settings.locked) or not settings.locked[word]:
                    input[word] -= (change / len(words) if settings.divide else change).astype(input.dtype)
        total, count = total + loss, count + sum(map(len, targets))
    return total, count
