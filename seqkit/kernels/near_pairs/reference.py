"""Pairs of near rows that differ most along a direction: for a CPU, and the specification of near_pairs.gpu.

score(x, y) = ⟨g, x - y⟩ / |x - y|    if least < |x - y| ≤ δ and ⟨g, x - y⟩ > 0;  unit rows
"""

from typing import Annotated

import numpy as np

from seqkit.core.types import Array

ROWS = 512
Pairs = tuple[Annotated[Array, "P"], Annotated[Array, "P"], Annotated[Array, "P"]]  # x, y, score


def best(
    rows: Annotated[Array, "N D"], g: Annotated[Array, "D"], delta: float, least: float, keep: int
) -> Pairs:
    """The `keep` best (x, y, score), best first, ties to the lower x and y."""
    along = rows @ g
    parts: Pairs = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    for start in range(0, len(rows), ROWS):
        distance = np.sqrt(np.maximum(2 - 2 * rows[start : start + ROWS] @ rows.T, 0))
        gain = along[start : start + ROWS, None] - along
        i, j = np.nonzero((distance <= delta) & (distance > least) & (gain > 0))
        near = (i + start, j, gain[i, j] / distance[i, j])
        x, y, score = (np.concatenate(both) for both in zip(parts, near, strict=True))
        if len(x) > keep or start + ROWS >= len(rows):
            order = np.lexsort((y, x, -score))[:keep]
            x, y, score = x[order], y[order], score[order]
        parts = x, y, score
    return parts
