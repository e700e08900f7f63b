"""Keep the k best scores while blocks of columns come by. The specification of top_k.cpu."""

from typing import Annotated

import numpy as np

from seqkit.core.types import Array


def update(
    scores: Annotated[Array, "N V"],
    scale: Annotated[Array, "V"],
    bias: Annotated[Array, "V"],
    offset: int,
    best: Annotated[Array, "N K"],
    ids: Annotated[Array, "N K"],
) -> None:
    """Merge scores · scale + bias, ids from `offset` on, into best (falling) and ids; ties: lower id."""
    k = best.shape[1]
    for n in range(len(scores)):
        value = np.concatenate([best[n], scores[n] * scale + bias])
        number = np.concatenate([ids[n], np.arange(offset, offset + scores.shape[1])])
        top = np.argpartition(-value, min(k, len(value)) - 1)[:k]
        top = np.flatnonzero(value >= value[top].min())  # all ties with the last one
        top = top[np.lexsort((number[top], -value[top]))][:k]
        best[n], ids[n] = value[top], number[top]
