"""What a pass reads: kept tokens, windows and targets, in plain Python. The specification of windows.cpu."""

import itertools
from collections.abc import Iterator

import numpy as np

from seqkit.core import rng
from seqkit.core.types import Array, Ids
from seqkit.kernels.primitives.windows.plan import Plan

LOW = 0xFFFFFFFF


def bits(seed: np.uint64, place: int) -> int:
    """The 64 random bits at `place` of the stream `seed`."""
    return int(rng.bits(seed, np.array([place], np.uint64))[0])


def is_kept(token: int, place: int, plan: Plan) -> bool:
    """Whether the token at `place` survives subsampling."""
    return bits(plan.seeds[0], place) >> 32 < int(plan.keep[token])


def windows(ids: Ids, starts: Array, low: int, high: int, plan: Plan) -> Iterator[tuple[int, int, list[int]]]:
    """Yield (place, centre, context words) for each kept token whose place is in [low, high), in order.

    Context words are kept tokens of the same sentence, also outside [low, high), so two stretches equal one.
    """
    for start, end in itertools.pairwise(starts):
        if end <= low or start >= high:
            continue
        places = [place for place in range(start, end) if is_kept(ids[place], place, plan)]
        for i, place in enumerate(places):
            if low <= place < high:
                width = 1 + bits(plan.seeds[1], place) % plan.window if plan.shrink else plan.window
                around = places[max(0, i - width) : i] + places[i + 1 : i + 1 + width]
                yield place, int(ids[place]), [int(ids[other]) for other in around]


def targets(place: int, word: int, plan: Plan) -> tuple[list[int], list[float]]:
    """The output rows and labels by which `word` at `place` is predicted."""
    if plan.tree:
        path = slice(int(plan.ends[word]), int(plan.ends[word + 1]))
        return plan.points[path].tolist(), plan.labels[path].tolist()
    drawn = (draw(bits(plan.seeds[2], place * plan.negatives + k), plan.noise) for k in range(plan.negatives))
    noise = [other for other in drawn if other != word]
    return [word, *noise], [1.0] + [0.0] * len(noise)


def draw(random: int, noise: Array) -> int:
    """One draw of the alias method (Walker 1977): the high half picks a column, the low half the word or its
    alias.
    """
    column = (random >> 32) * len(noise) >> 32
    entry = int(noise[column])
    return column if random & LOW < entry >> 32 else entry & LOW
