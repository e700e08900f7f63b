"""The k best of many scores, compiled: top_k.reference with numba, queries shared out among threads."""

from typing import Any

from seqkit.core.types import Array
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.thread_team.cpu import team, together


@njit(nogil=True, cache=True)
def _rows(
    scores: Any, scale: Any, bias: Any, offset: Any, best: Any, ids: Any, first: Any, last: Any
) -> None:
    k = best.shape[1]
    for n in range(first, last):
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


def update(
    scores: Array, scale: Array, bias: Array, offset: int, best: Array, ids: Array, *, threads: int = 1
) -> None:
    """Merge scores · scale + bias, ids from `offset` on, into best (falling) and ids; ties: lower id."""
    cuts = [len(scores) * i // threads for i in range(threads + 1)]
    together(
        team(), threads, lambda me: _rows(scores, scale, bias, offset, best, ids, cuts[me], cuts[me + 1])
    )
