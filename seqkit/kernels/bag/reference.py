"""A bag of rows and a softmax on it, as in the textbook. The specification of bag.cpu.

    h = s Σ_j E[r_j]        p = softmax(W h + b) within each head        loss = -Σ_heads c_y log p_y

r_j are the rows of a text (words, n-grams), s its scale (1 / words for the mean, 1 for the sum), c_y the
weight of class y. A head is a run of classes, so that several tasks share one h; label -1 leaves that
head out. In training each r_j is dropped with chance `drop_rows` and each number of h with chance `drop`;
what is left is divided by 1 - chance.

After each text all parameters take a step of AdaGrad with one sum of squares a row: for a row w with the
gradient g, q += mean(g²), w -= lr · g / √q. A row that stands twice in a text takes two steps of the same g.
Source: Iyyer et al. 2015 (deep averaging), Joulin et al. 2017 (arXiv:1607.01759), Duchi et al. 2011
(AdaGrad).
"""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np

from seqkit.core import rng
from seqkit.core.types import Array, Floats, Ids

EPSILON = 1e-10  # added to a sum of squares


@dataclass(frozen=True)
class Bag:
    """The parameters; AdaGrad's sums of each: (N,), (C,), (C,); where each head begins, and C; c."""

    embedding: Annotated[Floats, "N D"]
    weight: Annotated[Floats, "C D"]
    bias: Annotated[Floats, "C"]
    squares: tuple[Floats, ...]
    heads: Annotated[Array, "K"]
    class_weights: Annotated[Floats, "C"]


class Labelled(NamedTuple):
    """Text i is rows[starts[i]:starts[i + 1]]; scales and labels (of each head, or -1) of each text."""

    rows: Annotated[Ids, "T"]
    starts: Annotated[Array, "B"]
    scales: Annotated[Floats, "A"]
    labels: Annotated[Ids, "A K"]


class Drops(NamedTuple):
    """Chances by which rows and numbers of h are left out, and the stream of their draws."""

    rows: float = 0.0
    h: float = 0.0
    seed: int | np.uint64 = 0


NO_DROPS = Drops()


def kept(seed: int | np.uint64, place: int, chance: float) -> bool:
    """Whether what stands at a place of a step stays: draws depend on seed and place alone."""
    draw = int(rng.bits(np.uint64(seed), np.array([place], np.uint64))[0]) >> 40
    return draw * 2.0**-24 >= chance


def train(
    texts: Labelled, bag: Bag, lr: float, drops: Drops = NO_DROPS, locked: Annotated[Array, "L"] | None = None
) -> tuple[float, int]:
    """Train on texts, in order, changing `bag`.

    locked (N,): rows that are not changed.

    Returns:  total loss in nats, weighted; number of labels it is of.
    """
    (rows, starts, scales, labels), squares, (drop_rows, drop, seed) = texts, bag.squares, drops
    total, count, D = 0.0, 0, bag.embedding.shape[1]
    for i, (start, end) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)):
        own = [int(rows[j]) for j in range(start, end) if not drop_rows or kept(seed, j, drop_rows)]
        stay = np.array([not drop or kept(seed, len(rows) + i * D + d, drop) for d in range(D)])
        factor = float(scales[i]) / (1 - drop_rows) * stay / (1 - drop)
        h = factor * bag.embedding[own].sum(0)
        error = np.zeros(len(bag.bias))
        for head, (low, high) in enumerate(zip(bag.heads[:-1].tolist(), bag.heads[1:].tolist(), strict=True)):
            y = int(labels[i, head])
            if y < 0:
                continue
            logits = bag.weight[low:high] @ h + bag.bias[low:high]
            log_p = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
            weight = float(bag.class_weights[low + y])
            error[low:high] = weight * (np.exp(log_p) - np.eye(high - low)[y])
            total, count = total - weight * log_p[y], count + 1
        g = factor * (error @ bag.weight)
        for c in np.flatnonzero(error).tolist():
            _step(bag.weight, squares[1], c, error[c] * h, lr)
            _step(bag.bias[:, None], squares[2], c, error[c : c + 1], lr)
        for row in own:
            if g.any() and (locked is None or not locked[row]):
                _step(bag.embedding, squares[0], row, g, lr)
    return total, count


def _step(matrix: Array, squares: Array, row: int, g: Array, lr: float) -> None:
    squares[row] += (g**2).mean()
    matrix[row] -= lr * g / np.sqrt(squares[row] + EPSILON)
