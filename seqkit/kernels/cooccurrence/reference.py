"""Co-occurrence counts, as the definition has it. The specification of cooccurrence.cpu.

    X_ij = Σ w(d) over the places where word j stands d ≤ window words after word i in one sentence
    (one-sided)
    X_ij + X_ji                                                                                 (symmetric)

w(d) is 1/d or 1. Weights come as whole multiples of a unit, 1 / lcm(1..window) for 1/d, so that sums are
exact integers and do not depend on their order. A symmetric matrix is given by its upper half, j ≥ i.
Words of row -1 are skipped: they leave before distances are taken, or (`holes`) keep their place.
"""

import itertools
from typing import Annotated

import numpy as np

from seqkit.core.types import Array, Ids

Counts = dict[tuple[int, int], int]


def count(
    ids: Annotated[Ids, "N"],
    starts: Annotated[Array, "S"],
    rows: Annotated[Array, "V"],
    weights: Annotated[Array, "D"],
    *,
    symmetric: bool = True,
    holes: bool = False,
) -> Counts:
    """Units of every pair (row, column) that occurs.

    rows: row of each id or -1. weights[d]: units at distance d ≥ 1.
    """
    found: Counts = {}
    for begin, end in itertools.pairwise(starts):
        sentence = [int(row) for row in rows[ids[begin:end]] if holes or row >= 0]
        for place, left in enumerate(sentence):
            for d, right in enumerate(sentence[place + 1 : place + len(weights)], 1):
                if left < 0 or right < 0:
                    continue
                pair = (min(left, right), max(left, right)) if symmetric else (left, right)
                times = 2 if symmetric and left == right else 1
                found[pair] = found.get(pair, 0) + times * int(weights[d])
    return found


def unit(window: int) -> int:
    """The number of units in 1: lcm(1..window), or 2³² if window > 22, where 1/d is rounded.

    Units:  the rounding is at most 2⁻³³ a pair.

    >>> unit(10)
    2520
    """
    return int(np.lcm.reduce(np.arange(1, window + 1))) if window <= 22 else 1 << 32
