"""Products of any number of rows, in tiles that stay in registers: 2 × 6, 4, 2 or 1 rows at a time.

Specification: simd.reference, dots and update. Rows are given as addresses of address tables, as in simd.cpu.
"""

from typing import Any

import numpy as np
from numba import njit

from seqkit.kernels.simd.cpu import make_dots, make_update

_dots2 = {n: make_dots(2, n) for n in (1, 2, 4, 6)}
_dots1 = {n: make_dots(1, n) for n in (1, 2, 4, 6)}
_dots26, _dots24, _dots22, _dots21 = _dots2[6], _dots2[4], _dots2[2], _dots2[1]
_dots16, _dots14, _dots12, _dots11 = _dots1[6], _dots1[4], _dots1[2], _dots1[1]
_update6, _update4, _update2, _update1 = (make_update(n) for n in (6, 4, 2, 1))


@njit(inline="always")
def dots(x: Any, y: Any, n_x: Any, n_y: Any, g: Any, stride: Any, size: Any) -> None:
    """g_ji = x_i · y_j."""
    j = 0
    while j < n_y:
        tile = 6 if n_y - j >= 6 else 4 if n_y - j >= 4 else 2 if n_y - j >= 2 else 1
        for i in range(0, n_x, 2):
            xs, ys, out = x + 8 * i, y + 8 * j, g + 4 * (j * stride + i)
            if i + 1 < n_x:
                if tile == 6:
                    _dots26(xs, ys, out, stride, size)
                elif tile == 4:
                    _dots24(xs, ys, out, stride, size)
                elif tile == 2:
                    _dots22(xs, ys, out, stride, size)
                else:
                    _dots21(xs, ys, out, stride, size)
            elif tile == 6:
                _dots16(xs, ys, out, stride, size)
            elif tile == 4:
                _dots14(xs, ys, out, stride, size)
            elif tile == 2:
                _dots12(xs, ys, out, stride, size)
            else:
                _dots11(xs, ys, out, stride, size)
        j += tile


@njit(inline="always")
def update(x: Any, y: Any, n_x: Any, n_y: Any, g: Any, dx: Any, stride: Any, size: Any) -> None:
    """y_j += Σ_i g_ji x_i and dx_i = Σ_j g_ji y_j(old)."""
    j = 0
    while j < n_y:
        ys, rates, first = y + 8 * j, g + 4 * j * stride, np.intp(j == 0)
        if n_y - j >= 6:
            _update6(x, ys, rates, dx, first, n_x, stride, size)
            j += 6
        elif n_y - j >= 4:
            _update4(x, ys, rates, dx, first, n_x, stride, size)
            j += 4
        elif n_y - j >= 2:
            _update2(x, ys, rates, dx, first, n_x, stride, size)
            j += 2
        else:
            _update1(x, ys, rates, dx, first, n_x, stride, size)
            j += 1
