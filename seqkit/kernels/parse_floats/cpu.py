"""Lines "word number … number" to rows of float32, compiled: parse_floats.reference with numba.

A number of at most 19 digits whose value is digits · 10^e, digits < 2⁵³ and |e| ≤ 22, is exact in one float64
operation (Clinger 1990). Lines with any other number are handed to the reference.
"""

from typing import Any

import numpy as np

from seqkit.kernels.parse_floats import reference
from seqkit.kernels.primitives.compiler.cpu import njit

_POWERS = np.array([10.0**e for e in range(23)])
_SPACE, _POINT, _PLUS, _MINUS, _ZERO, _NINE = 32, 46, 43, 45, 48, 57
_HARD = 3  # for the reference to decide


@njit(nogil=True, cache=True)
def _parse(data: Any, starts: Any, ends: Any, out: Any, word_ends: Any, status: Any, powers: Any) -> None:
    dim = out.shape[1]
    for i in range(len(starts)):
        start, end = starts[i], ends[i]
        if end > start and data[end - 1] == _SPACE:
            end -= 1
        p, left = end, dim
        while p > start and left > 0:
            p -= 1
            if data[p] == _SPACE:
                left -= 1
        word_ends[i] = p
        if left > 0:
            status[i], word_ends[i] = 1, start
            continue
        status[i] = 0
        for d in range(dim):
            p += 1
            negative = p < end and data[p] == _MINUS
            if negative or (p < end and data[p] == _PLUS):
                p += 1
            digits, seen, scale, point = np.int64(0), 0, 0, False
            while p < end and data[p] != _SPACE:
                c = data[p]
                if c == _POINT and not point:
                    point = True
                elif _ZERO <= c <= _NINE:
                    if digits < 900719925474099:  # one more digit keeps it below 2^53
                        digits = digits * 10 + (c - _ZERO)
                        scale -= point
                    else:
                        status[i] = _HARD
                    seen += 1
                elif (c == 101 or c == 69) and seen > 0:  # e, E
                    p += 1
                    down = p < end and data[p] == _MINUS
                    if down or (p < end and data[p] == _PLUS):
                        p += 1
                    power, figures = 0, 0
                    while p < end and _ZERO <= data[p] <= _NINE:
                        power, figures = min(power * 10 + (data[p] - _ZERO), 10000), figures + 1
                        p += 1
                    scale += -power if down else power
                    if figures == 0 or (p < end and data[p] != _SPACE):
                        status[i] = _HARD
                    break
                else:
                    status[i] = _HARD
                p += 1
            while p < end and data[p] != _SPACE:
                p += 1
            if seen == 0 or scale < -22 or scale > 22:
                status[i] = _HARD
                continue
            value = digits / powers[-scale] if scale < 0 else digits * powers[scale]
            out[i, d] = np.float32(-value if negative else value)


def parse_rows(data: Any, starts: Any, ends: Any, out: Any) -> tuple[Any, Any]:
    """Parse the last D fields of each line data[starts:ends] into `out`; see the reference."""
    word_ends, status = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int8)
    _parse(data, starts, ends, out, word_ends, status, _POWERS)
    for i in np.flatnonzero(status == _HARD):
        one = slice(i, i + 1)
        low = int(starts[i])
        ends_here, status[one] = reference.parse_rows(
            data[low : ends[i]], starts[one] - low, ends[one] - low, out[one]
        )
        word_ends[one] = ends_here + low
    return word_ends, status
