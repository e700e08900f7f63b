"""Products of any number of rows, in tiles that stay in registers: 2 × 6, 4, 2 or 1 rows at a time.

Specification: simd.reference, dots and update. Rows are given as addresses of address tables, as in simd.cpu.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.core.types import intp

from seqkit.kernels.primitives.compiler.cpu import emitted, njit
from seqkit.kernels.primitives.simd.cpu import FLOAT, INT, add_up, along, const, entry, fma, get, put, splat


def make_dots(n_x: int, n_y: int) -> Any:
    """dots(x, y, out, stride, size): out[j * stride + i] = x_i · y_j for n_x × n_y rows.

    x, y: addresses of int64 arrays of row addresses; size: floats a row.
    """

    @emitted(intp, intp, intp, intp, intp)
    def dots(b: Any, x: Any, y: Any, out: Any, stride: Any, size: Any) -> None:
        xs = [entry(b, x, ir.Constant(INT, i)) for i in range(n_x)]
        ys = [entry(b, y, ir.Constant(INT, j)) for j in range(n_y)]
        sums = [[cgutils.alloca_once_value(b, const(0.0)) for _ in ys] for _ in xs]
        with along(b, size) as at:
            rows = [get(b, row, at) for row in xs]
            for j, row in enumerate(ys):
                column = get(b, row, at)
                for i in range(n_x):
                    b.store(fma(b, rows[i], column, b.load(sums[i][j])), sums[i][j])
        target = b.inttoptr(out, FLOAT.as_pointer())
        for j in range(n_y):
            for i in range(n_x):
                place = b.add(b.mul(stride, ir.Constant(INT, j)), ir.Constant(INT, i))
                b.store(add_up(b, b.load(sums[i][j])), b.gep(target, [place]))

    return dots


def make_update(n_y: int) -> Any:
    """update(x, y, g, dx, first, count, stride, size): y_j += Σ_i g_ji x_i, dx_i += Σ_j g_ji y_j(old).

    i < count. g: (n_y, stride) rates; dx: address of count rows in a row, read as 0 if first is 1.
    """

    @emitted(*[intp] * 8)
    def update(
        b: Any, x: Any, y: Any, g: Any, dx: Any, first: Any, count: Any, stride: Any, size: Any
    ) -> None:
        fresh = b.icmp_signed("==", first, ir.Constant(INT, 1))
        zero, one = ir.Constant(INT, 0), ir.Constant(INT, 1)
        ys = [entry(b, y, ir.Constant(INT, j)) for j in range(n_y)]
        rates = b.inttoptr(g, FLOAT.as_pointer())
        offsets = [b.mul(stride, ir.Constant(INT, j)) for j in range(n_y)]
        bytes_a_row = b.mul(size, ir.Constant(INT, 4))
        with along(b, size) as at:
            old = [get(b, row, at) for row in ys]
            new = [cgutils.alloca_once_value(b, value) for value in old]
            with cgutils.for_range_slice(b, zero, count, one, INT) as (i, _):
                row, mine = get(b, entry(b, x, i), at), b.add(dx, b.mul(i, bytes_a_row))
                total = b.select(fresh, const(0.0), get(b, mine, at))
                for j in range(n_y):
                    rate = splat(b, b.load(b.gep(rates, [b.add(offsets[j], i)])))
                    total = fma(b, rate, old[j], total)
                    b.store(fma(b, rate, row, b.load(new[j])), new[j])
                put(b, total, mine, at)
            for j in range(n_y):
                put(b, b.load(new[j]), ys[j], at)

    return update


def _dots_of(n_x: int) -> Any:
    """dots of n_x rows with 6, 4, 2 or 1, as `tile` says."""
    six, four, two, one = (make_dots(n_x, n_y) for n_y in (6, 4, 2, 1))

    @njit(inline="always")
    def dots(tile: Any, x: Any, y: Any, out: Any, stride: Any, size: Any) -> None:
        if tile == 6:
            six(x, y, out, stride, size)
        elif tile == 4:
            four(x, y, out, stride, size)
        elif tile == 2:
            two(x, y, out, stride, size)
        else:
            one(x, y, out, stride, size)

    return dots


_dots_of_two, _dots_of_one = _dots_of(2), _dots_of(1)
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
                _dots_of_two(tile, xs, ys, out, stride, size)
            else:
                _dots_of_one(tile, xs, ys, out, stride, size)
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
