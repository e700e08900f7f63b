"""Skip-gram and CBOW whose words are means of rows, in plain numpy. The specification of fasttext.cpu.

A window is one mini-batch of logistic regressions on one vector h, the mean of N rows x: those of the centre
word (skip-gram, which predicts the words around it), or those of all words around it together (CBOW, which
predicts the centre). Each predicted word t has label 1, and K noise words of its own, those that are not t,
have label 0:

    g_o = lr · Σ (label - σ(o·h))    x += Σ_o g_o o  (/ N if divide)    o += g_o h    loss = -Σ log σ(±o·h)

All of g is taken at the values before the window. Skip-gram draws the same noise at SHARED places that follow
one another: it is at hand then, and a window still has noise enough. Source: Bojanowski et al. 2017
(arXiv:1607.04606) eq. 1; fastText for CBOW's one mean and for rows that take the whole gradient.
Not handled: a tree (hierarchical softmax), locked rows.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqkit.kernels.primitives.windows.reference import bits, draw, windows
from seqkit.kernels.primitives.windows.settings import Matrices, Noise, Stretch, Windows


class SubwordRows(NamedTuple):
    """The vector of word w is the mean of the input rows rows[ends[w]:ends[w + 1]]."""

    rows: NDArray[np.int32]  # (P,)
    ends: NDArray[np.int64]  # (V + 1,)
    noise: Noise


SHARED = 16  # places
Plan = tuple[Windows, SubwordRows]  # how windows are made, and what they predict by


def train(text: Stretch, plan: Plan, matrices: Matrices, lr: float) -> tuple[float, int]:
    """Train on a stretch of text, changing the matrices `input` (rows, D) and `output` (V, D).

    Returns:  total loss in nats, number of predictions (one each predicted word).
    """
    (settings, targets), (input, output) = plan, matrices
    negatives, total, count = targets.noise.negatives, 0.0, 0
    for place, word, context in windows(text, settings):
        if not context:
            continue
        sources, predicted = (context, [word]) if settings.cbow else ([word], context)
        rows = np.concatenate([targets.rows[targets.ends[s] : targets.ends[s + 1]] for s in sources])
        first = (place if settings.cbow else place // SHARED * 2 * settings.window) * negatives
        drawn = (bits(settings.seeds[2], first + k) for k in range(len(predicted) * negatives))
        noise = [draw(random, targets.noise.table) for random in drawn]
        noise = [word for k, word in enumerate(noise) if word != predicted[k // negatives]]
        words, labels = [*predicted, *noise], np.array([1.0] * len(predicted) + [0.0] * len(noise))
        h, o = input[rows].mean(0), output[words]
        logits = o @ h
        rates = lr * (
            labels - np.exp(-np.logaddexp(0, -logits))
        )  # σ(s) = e^-log(1 + e^-s), safe at both ends
        dx = rates @ o / (len(rows) if settings.divide else 1)
        np.add.at(input, rows, dx.astype(input.dtype))  # a row may stand twice
        np.add.at(output, words, np.outer(rates, h).astype(output.dtype))
        total += float(np.logaddexp(0, np.where(labels > 0, -logits, logits)).sum())
        count += len(predicted)
    return total, count
