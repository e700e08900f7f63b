"""GloVe, pair by pair, as the authors' C program has it. The specification of glove.cpu.

    diff = θ_i · e_j + b_i + b'_j - log X_ij        f = min(1, (X_ij / x_max)^α)        cost = Σ ½ f diff²

    g = lr · clip(f diff e_j)    θ_i -= g / √G    G += g²    (G starts at 1; e_j likewise, with the old θ_i)
    g = f diff                       b_i -= g / √G        G += g²           (the bias has no lr since 2019)

That is AdaGrad of rate 1 on lr · gradient for the vectors (G sums the squares of lr · g), of rate 1 on the
gradient for the biases. `plain` takes lr · g / √G, G += g² for all of them. Gradients of vectors are clipped
to ±100. Source: Pennington, Socher & Manning 2014 eq. 8; stanfordnlp/GloVe, src/glove.c (2019 and later).
"""

from typing import Annotated, NamedTuple

import numpy as np

from seqkit.core.types import Array

CLIP = 100.0


class Parameters(NamedTuple):
    """θ and e, each vector with its sums of squares; the biases b and b', each with its sum of squares."""

    words: Array
    contexts: Array
    word_biases: Annotated[Array, "V B"]
    context_biases: Annotated[Array, "V B"]


class Rule(NamedTuple):
    """Factors of a gradient before it is squared and after, for vectors and biases; the weight's x_max, α."""

    scale: float
    step: float
    bias_scale: float
    bias_step: float
    x_max: float
    alpha: float


def rule(adagrad: str, lr: float, x_max: float, alpha: float) -> Rule:
    """The rule of adagrad "c" or "plain"."""
    return Rule(lr, 1.0, 1.0, 1.0, x_max, alpha) if adagrad == "c" else Rule(1.0, lr, 1.0, lr, x_max, alpha)


def weight(log_x: Array, rule: Rule) -> Array:
    """f of counts given by their logarithms."""
    return np.minimum(1.0, np.exp(rule.alpha * (log_x - np.log(rule.x_max))))


def train(
    rows: Annotated[Array, "N"],
    columns: Annotated[Array, "N"],
    logs: Annotated[Array, "N"],
    parameters: Parameters,
    rule: Rule,
) -> float:
    """Visit the pairs (rows, columns) of log counts in order, changing the parameters; return total cost.

    Shapes:  words, contexts (V, 2, D): a vector and its sums of squares; biases (V, 2) likewise.
    """
    (words, contexts, word_biases, context_biases), total = parameters, 0.0
    for i, j, log_x in zip(rows, columns, logs, strict=True):
        theta, e, b, c = words[i], contexts[j], word_biases[i], context_biases[j]
        diff = theta[0] @ e[0] + b[0] + c[0] - log_x
        rate = weight(log_x, rule) * diff
        total += float(0.5 * rate * diff)
        gradients = [
            np.clip(rate * e[0], -CLIP, CLIP) * rule.scale,
            np.clip(rate * theta[0], -CLIP, CLIP) * rule.scale,
        ]
        for row, g in zip((theta, e), gradients, strict=True):
            row[0] -= rule.step * g / np.sqrt(row[1])
            row[1] += g * g
        for bias in (b, c):
            bias[0] -= rule.bias_step * rule.bias_scale * rate / np.sqrt(bias[1])
            bias[1] += (rule.bias_scale * rate) ** 2
    return total
