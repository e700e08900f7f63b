"""Skip-gram and CBOW with binary predictions, in plain numpy. The specification of word2vec.cpu.

A window is one mini-batch of logistic regressions. Its inputs X (N, D) are the rows of the context words
(skip-gram) or their one mean (CBOW); its targets Y (T, D), with labels, are the centre word and K noise words
(negative sampling), or the inner nodes on the centre word's Huffman path (hierarchical softmax):

    G = lr · (labels - σ(X Yᵀ))        X += G Y        Y += Gᵀ X        loss = -Σ log σ(±x·y)

All of G is taken at the values before the window. Source: Mikolov et al. 2013 (arXiv:1310.4546) eq. 4 and 3;
sharing one set of noise words in a window: Ji et al. 2016 (arXiv:1604.04661).
"""

from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqkit.core.types import Array
from seqkit.kernels.primitives.windows.reference import noise_words, windows
from seqkit.kernels.primitives.windows.settings import Matrices, Noise, Stretch, Windows


class Paths(NamedTuple):
    """The Huffman path of word w: inner nodes points[ends[w]:ends[w + 1]] and their labels (1 or 0)."""

    points: NDArray[np.int32]  # (P,)
    labels: NDArray[np.float32]  # (P,)
    ends: NDArray[np.int64]  # (V + 1,)


Plan = tuple[Windows, Noise | Paths]  # how windows are made, and what they predict


def step(
    x: Annotated[Array, "N D"], y: Annotated[Array, "T D"], labels: Annotated[Array, "T"], lr: float
) -> tuple[Annotated[Array, "N D"], Annotated[Array, "T D"], float]:
    """The changes ΔX, ΔY of one window and its loss in nats."""
    logits = x @ y.T
    rates = lr * (labels - np.exp(-np.logaddexp(0, -logits)))  # σ(s) = e^-log(1 + e^-s), safe at both ends
    loss = np.logaddexp(0, np.where(labels > 0, -logits, logits)).sum()
    return rates @ y, rates.T @ x, float(loss)


def targets_of(
    word: int, place: int, settings: Windows, targets: Noise | Paths
) -> tuple[list[int], list[float]]:
    """The output rows and labels by which `word` at `place` is predicted; noise equal to it is left out."""
    if isinstance(targets, Paths):
        path = slice(int(targets.ends[word]), int(targets.ends[word + 1]))
        return targets.points[path].tolist(), targets.labels[path].tolist()
    noise = [other for other in noise_words(place, settings, targets) if other != word]
    return [word, *noise], [1.0] + [0.0] * len(noise)


def train(text: Stretch, plan: Plan, matrices: Matrices, lr: float) -> tuple[float, int]:
    """Train on a stretch of text, changing the matrices `input` (V, D) and `output` (rows, D).

    Returns:  total loss in nats, number of predictions (a prediction: one input row, one centre word).
    """
    (settings, targets), (input, output), total, count = plan, matrices, 0.0, 0
    for place, word, context in windows(text, settings):
        if not context:
            continue
        rows, labels = targets_of(word, place, settings, targets)
        x = input[context].mean(0, keepdims=True) if settings.cbow else input[context]
        dx, dy, loss = step(x, output[rows], np.asarray(labels, output.dtype), lr)
        if settings.cbow:
            dx = np.repeat(dx / len(context) if settings.divide else dx, len(context), axis=0)
        if len(settings.locked):
            dx = dx * (1 - settings.locked[context])[:, None]
        np.add.at(input, context, dx.astype(input.dtype))  # a word may stand twice in a window
        np.add.at(output, rows, dy.astype(output.dtype))
        total, count = total + loss, count + len(x)
    return total, count
