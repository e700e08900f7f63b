"""The row operations in numpy: the specification of simd.cpu."""

from typing import Annotated

import numpy as np

from seqkit.core.types import Array


def dots(x: Annotated[Array, "N D"], y: Annotated[Array, "T D"]) -> Annotated[Array, "T N"]:
    """Inner products of every pair of rows."""
    return y @ x.T


def update(
    x: Annotated[Array, "N D"],
    y: Annotated[Array, "T D"],
    g: Annotated[Array, "T N"],
    dx: Annotated[Array, "N D"],
) -> tuple[Annotated[Array, "T D"], Annotated[Array, "N D"]]:
    """y + g x and dx + gᵀ y."""
    return y + g @ x, dx + g.T @ y


def logistic(
    s: Annotated[Array, "N"], labels: Annotated[Array, "N"], weights: Annotated[Array, "N"], lr: float
) -> tuple[Annotated[Array, "N"], float]:
    """Rates lr · w (y - σ(s)) and the loss -Σ w log σ(±s) in nats."""
    return lr * weights * (labels - 1 / (1 + np.exp(-s))), float(
        weights @ np.logaddexp(0, np.where(labels, -s, s))
    )


def axpy(a: float, x: Annotated[Array, "D"], y: Annotated[Array, "D"]) -> Annotated[Array, "D"]:
    """y + a x."""
    return y + a * x


def shift(
    a: float, x: Annotated[Array, "D"], old: Annotated[Array, "D"], y: Annotated[Array, "D"]
) -> Annotated[Array, "D"]:
    """y + a (x - old)."""
    return y + a * (x - old)


def exponentials(row: Annotated[Array, "D"]) -> tuple[Annotated[Array, "D"], float, float]:
    """e^(row - max), their sum, and max: the numerators of a softmax."""
    shift = float(row.max())
    numerators = np.exp(row - shift)
    return numerators, float(numerators.sum()), shift
