"""Kept tokens, windows and noise draws, in plain Python. The specification of windows.cpu."""

import itertools
from collections.abc import Iterator

import numpy as np

from seqkit.core import rng
from seqkit.core.types import Array
from seqkit.kernels.primitives.windows.settings import Noise, Stretch, Windows

LOW = 0xFFFFFFFF


def bits(seed: np.uint64, place: int) -> int:
    """The 64 random bits at `place` of the stream `seed`."""
    return int(rng.bits(seed, np.array([place], np.uint64))[0])


def is_kept(token: int, place: int, settings: Windows) -> bool:
    """Whether the token at `place` survives subsampling."""
    return bits(settings.seeds[0], place) >> 32 < int(settings.keep[token])


def windows(text: Stretch, settings: Windows) -> Iterator[tuple[int, int, list[int]]]:
    """Yield (place, centre, context words) for each kept token whose place is in [low, high), in order.

    Context words are kept tokens of the same sentence, also outside [low, high), so two stretches equal one.
    """
    ids, starts, low, high = text
    for start, end in itertools.pairwise(starts):
        if end <= low or start >= high:
            continue
        places = [place for place in range(start, end) if is_kept(ids[place], place, settings)]
        for i, place in enumerate(places):
            if low <= place < high:
                drawn = 1 + bits(settings.seeds[1], place) % settings.window
                width = drawn if settings.shrink else settings.window
                around = places[max(0, i - width) : i] + places[i + 1 : i + 1 + width]
                yield place, int(ids[place]), [int(ids[other]) for other in around]


def noise_words(place: int, settings: Windows, noise: Noise) -> list[int]:
    """The noise words for the token at `place`."""
    first = place * noise.negatives
    return [draw(bits(settings.seeds[2], first + k), noise.table) for k in range(noise.negatives)]


def draw(random: int, table: Array) -> int:
    """One draw of the alias method (Walker 1977): the high half picks a column, the low half its word."""
    column = (random >> 32) * len(table) >> 32
    entry = int(table[column])
    return column if random & LOW < entry >> 32 else entry & LOW
