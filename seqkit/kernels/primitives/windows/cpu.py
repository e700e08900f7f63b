"""Kept tokens, windows and noise draws for the compiled kernels: windows.reference with numba."""

from typing import Any

import numpy as np

from seqkit.core import rng
from seqkit.kernels.primitives.compiler.cpu import njit

_GAMMA = rng.GAMMA
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)
_mix = njit(inline="always")(rng.mix)


@njit(inline="always")
def bits(seed: Any, place: Any) -> Any:
    """The 64 random bits at `place` of the stream `seed`."""
    return _mix(seed + np.uint64(place) * _GAMMA)


@njit(inline="always")
def is_kept(token: Any, place: Any, windows: Any) -> Any:
    """Whether the token at `place` survives subsampling."""
    return bits(windows.seeds[0], place) >> _32 < windows.keep[token]


@njit(inline="always")
def half_width(place: Any, windows: Any) -> Any:
    """The half-width of the window around `place`."""
    window = windows.window
    return 1 + np.int64(bits(windows.seeds[1], place) % np.uint64(window)) if windows.shrink else window


@njit(inline="always")
def draw(place: Any, k: Any, windows: Any, noise: Any) -> Any:
    """Noise word number k for the token at `place`."""
    random = bits(windows.seeds[2], np.uint64(place) * np.uint64(noise.negatives) + np.uint64(k))
    column = ((random >> _32) * np.uint64(len(noise.table))) >> _32
    entry = noise.table[column]
    return np.int64(column) if random & _LOW < entry >> _32 else np.int64(entry & _LOW)


@njit(nogil=True, cache=True)
def keep(text: Any, low: Any, high: Any, windows: Any) -> Any:
    """The kept tokens of [low, high), with up to `window` more on each side that their windows can see.

    Returns (first, last, total), where first:last are the kept tokens of [low, high) itself, and an array
    (3, …) int64 of token, place and sentence of each.
    """
    ids, starts, out = text.ids, text.starts, np.empty((3, high - low + 2 * windows.window), np.int64)
    tokens, places, sentences = out
    sentence = np.searchsorted(starts, low, side="right") - 1
    n = 0
    place = low - 1
    while place >= starts[sentence] and n < windows.window:  # the margin before, found backwards
        if is_kept(ids[place], place, windows):
            tokens[n], places[n], sentences[n] = ids[place], place, sentence
            n += 1
        place -= 1
    for i in range(n // 2):
        for row in out:
            row[i], row[n - 1 - i] = row[n - 1 - i], row[i]
    first = n
    for place in range(low, high):
        while place >= starts[sentence + 1]:
            sentence += 1
        if is_kept(ids[place], place, windows):
            tokens[n], places[n], sentences[n] = ids[place], place, sentence
            n += 1
    last = n
    place = high
    while place < starts[sentence + 1] and n < last + windows.window:
        if is_kept(ids[place], place, windows):
            tokens[n], places[n], sentences[n] = ids[place], place, sentence
            n += 1
        place += 1
    return (first, last, n), out


@njit(inline="always")
def span(i: Any, total: Any, sentences: Any, width: Any) -> Any:
    """The kept tokens [left, right) of the window of kept token i: same sentence, `width` to each side."""
    left = i
    while left > 0 and i - left < width and sentences[left - 1] == sentences[i]:
        left -= 1
    right = i + 1
    while right < total and right - i <= width and sentences[right] == sentences[i]:
        right += 1
    return left, right
