"""The parts of reference.choose for one row as loops, in plain Python that cpu.py compiles and puts together.

None calls another, since only what cpu.py compiles can be called from compiled code.
"""

from typing import Any, NamedTuple

import numpy as np

_LOW = -700.0  # logits that much below the largest count as impossible
_LOG2E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 6.93147180369123816490e-01, 1.90821492927058770002e-10
_C = tuple(
    1.0 / float(np.prod(np.arange(1, n + 1, dtype=np.float64))) for n in range(14)
)  # e^r for |r| < 0.35: below 1e-17
_C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10, _C11, _C12, _C13 = _C[2:]
_BIAS, _FRACTION = np.int64(1023), np.int64(52)  # of a float64
ONE = _BIAS << _FRACTION  # the bits of 1.0
BUCKET, BUCKETS = np.int64(48), 512  # 16 buckets for each power of two, down to 2^-32


class Room(NamedTuple):
    """What one thread works in: V numbers each, if nothing else is said."""

    row: Any  # float32, the logits
    z: Any  # float64
    w: Any  # float64
    scale: Any  # float64
    heap: Any  # int64
    keys: Any  # int64
    kept: Any  # float64
    mass: Any  # float64, of BUCKETS
    count: Any  # int64, of BUCKETS


def exponentials(z: Any, top: float, w: Any, scale: Any) -> None:
    """w = e^(z - top), 0 below e^-700."""
    power = scale.view(np.int64)
    for v in range(len(z)):
        x = max(z[v] - top, _LOW)
        k = np.floor(x * _LOG2E + 0.5)
        r = (x - k * _LN2_HIGH) - k * _LN2_LOW
        p = _C13 * r + _C12
        p = ((((p * r + _C11) * r + _C10) * r + _C9) * r + _C8) * r + _C7
        p = (((((p * r + _C6) * r + _C5) * r + _C4) * r + _C3) * r + _C2) * r + 1.0
        w[v] = p * r + 1.0 if x > _LOW else 0.0
        power[v] = (np.int64(k) + _BIAS) << _FRACTION
    for v in range(len(z)):
        w[v] *= scale[v]


def sift(z: Any, heap: Any, size: int, i: int) -> None:
    """Move entry i down a heap whose top is the likeliest token; of equals the smaller id is above."""
    item = heap[i]
    while 2 * i + 1 < size:
        child = 2 * i + 1
        if child + 1 < size:
            a, b = heap[child + 1], heap[child]
            if z[a] > z[b] or (z[a] == z[b] and a < b):
                child += 1
        other = heap[child]
        if z[item] > z[other] or (z[item] == z[other] and item < other):
            break
        heap[i] = other
        i = child
    heap[i] = item


def scaled(logits: Any, rules: Any, index: int, banned: Any, seen: Any, z: Any) -> Any:
    """z = logits as float64, penalised, banned, by temperature; whether they are what logits may be."""
    heat = rules.temperature if rules.temperature > 0 else 1.0
    whole: Any = True
    for v in range(len(z)):
        x = np.float64(logits[v])
        whole &= x < np.inf  # false for nan
        z[v] = x / heat
    if rules.penalty != 1:
        for v in range(len(z)):
            if seen[v]:
                x = np.float64(logits[v])
                z[v] = (x / rules.penalty if x > 0 else x * rules.penalty) / heat
    for i in range(len(banned)):
        z[banned[i]] = -np.inf
    if rules.eos >= 0 and index < rules.min_length:
        z[rules.eos] = -np.inf
    return whole


def ban_repeats(z: Any, history: Any, n: int, before: Any) -> None:
    """Ban tokens that would repeat an n-gram of the history, unless none is left; before: V numbers."""
    left = False
    for v in range(len(z)):
        before[v] = z[v]
    tail = len(history) - n + 1  # where the last n - 1 tokens begin
    for start in range(tail):
        same = True
        for i in range(n - 1):
            same &= history[start + i] == history[tail + i]
        if same:
            z[history[start + n - 1]] = -np.inf
    for v in range(len(z)):
        left |= z[v] > -np.inf
    if not left:
        for v in range(len(z)):
            z[v] = before[v]
