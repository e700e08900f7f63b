"""Counter-based random numbers: draw = f(seed, place), the same in any thread or order and after a restart.

f is the finaliser of SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators")
over seed + place · γ. The functions work on numpy uint64 arrays as they stand, and numba compiles the same
source for the kernels. Not for cryptography.
"""

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint64]

GAMMA = np.uint64(0x9E3779B97F4A7C15)
FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)  # of `mix`
_A, _B = FACTORS
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)


def mix(x: Bits) -> Bits:
    """64 well-mixed bits for 64 bits: a bijection.  x: uint64 of any shape."""
    x = (x ^ (x >> _30)) * _A
    x = (x ^ (x >> _27)) * _B
    return x ^ (x >> _31)


def bits(seed: np.uint64, place: Bits) -> Bits:
    """64 random bits for every place of the stream `seed`."""
    return mix(seed + place * GAMMA)


def stream(seed: int, *path: int) -> np.uint64:
    """The seed of a sub-stream, by a path of numbers: stream(seed, epoch, purpose)."""
    state = np.array([seed & 0xFFFFFFFFFFFFFFFF], np.uint64)
    for step in path:
        state = mix(state * _A + np.uint64(step & 0xFFFFFFFFFFFFFFFF) + GAMMA)
    return np.uint64(mix(state + GAMMA)[0])


def uniform(seed: np.uint64, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """float32 numbers in [0, 1), number i of the stream at place i.

    >>> float(uniform(stream(1), (2, 3)).max()) < 1.0
    True
    """
    place = np.arange(int(np.prod(shape)), dtype=np.uint64)
    top = (bits(seed, place) >> np.uint64(40)).astype(np.float32)  # 24 bits: all a float32 holds
    return (top * np.float32(2.0**-24)).reshape(shape)


def permutation(seed: np.uint64, size: int) -> NDArray[np.int64]:
    """The numbers below `size` in an order drawn by the stream `seed`.

    >>> sorted(permutation(stream(1), 4).tolist())
    [0, 1, 2, 3]
    """
    return np.argsort(bits(seed, np.arange(size, dtype=np.uint64)), kind="stable")
