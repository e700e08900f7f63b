"""Pairs of near rows that differ most along a direction: near_pairs.reference by torch, in float64.

Units:  8 D N bytes for the rows, about 100 a pair of a block (1 GB as it is) and 24 a pair that is kept.
"""

from typing import Any

import numpy as np
import torch

from seqkit.core.device import gpu_memory, upload
from seqkit.core.types import Array
from seqkit.kernels.near_pairs.reference import Pairs

PAIRS = 1 << 23  # looked at together


@gpu_memory("analogies")
def best(rows: Array, g: Array, delta: float, least: float, keep: int, device: Any) -> Pairs:
    """The `keep` best (x, y, score), best first, ties to the lower x and y."""
    every, along = upload(rows.astype(np.float64), device), upload(rows @ g, device)
    size, height = len(rows), max(1, PAIRS // max(1, len(rows)))
    kept = (
        torch.zeros(0, dtype=torch.int64, device=device),
        torch.zeros(0, dtype=torch.float64, device=device),
    )
    for start in range(0, size, height):
        distance = (2 - 2 * every[start : start + height] @ every.T).clamp(min=0).sqrt()
        gain = along[start : start + height, None] - along
        near = ((distance <= delta) & (distance > least) & (gain > 0)).flatten().nonzero()[:, 0]
        found = near + start * size, (gain.flatten()[near] / distance.flatten()[near])
        pairs, scores = (torch.cat(both) for both in zip(kept, found, strict=True))
        if len(pairs) > keep or start + height >= size:
            pairs, order = pairs.sort()
            scores, first = scores[order].sort(dim=0, descending=True, stable=True)
            pairs, scores = pairs[first[:keep]], scores[:keep]
        kept = pairs, scores
    pair, score = (part.cpu().numpy() for part in kept)
    return pair // max(1, size), pair % max(1, size), score
