"""The k best of many scores, compiled: top_k.reference with numba, one query a thread at a time."""

from typing import Any

from numba import njit, prange


@njit(parallel=True, nogil=True, cache=True)
def update(scores: Any, scale: Any, bias: Any, offset: Any, best: Any, ids: Any) -> None:
    """Merge the candidates scores · scale + bias, numbered from `offset`, into best (falling) and ids; ties: lower id first."""
    k = best.shape[1]
    for n in prange(len(scores)):
        row, top, who = scores[n], best[n], ids[n]
        worst = top[k - 1]
        for v in range(len(row)):
            value = row[v] * scale[v] + bias[v]
            if value > worst or (who[k - 1] < 0 and value == worst):
                place = k - 1
                while place > 0 and (value > top[place - 1] or who[place - 1] < 0):
                    top[place], who[place] = top[place - 1], who[place - 1]
                    place -= 1
                top[place], who[place] = value, offset + v
                worst = top[k - 1]
