"""A panel of weights times many rows, in tiles of up to 4 rows that stay in registers.

A panel holds, for each input number, `width` vectors of 16 columns. Each sum is made k by k by the same
instructions whatever stands in the rows beside it: a row is the same to the last bit alone and among others.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.core.types import intp

from seqkit.kernels.primitives.compiler.cpu import emitted, njit
from seqkit.kernels.primitives.simd.cpu import FLOAT, INT, fma, get, put, splat

UNROLL = 4  # numbers k of a tile's loop that are written out
GROUP = 32  # rows a panel is made for at once
_LANES, _LINE = 16, 64


def make_tile(rows: int, width: int) -> Any:
    """tile(x, stride, weights, blocks, out): out_vr += Σ_k w_vk x_kr for `width` vectors of 16 columns and
    some rows.

    Addresses: x of the first row in block 0, `stride` bytes from block to block; weights (16 · blocks, width,
    16); out of the first row of vector 0, GROUP rows from vector to vector. Each sum goes on k by k from what
    stands in out.
    """

    @emitted(*[intp] * 5)
    def tile(b: Any, x: Any, stride: Any, weights: Any, blocks: Any, out: Any) -> None:

        def number(n: int) -> Any:
            return ir.Constant(INT, n)

        offset = {(r, v): number(_LINE * (GROUP * v + r)) for r in range(rows) for v in range(width)}
        sums = {key: cgutils.alloca_once_value(b, get(b, out, at)) for key, at in offset.items()}
        with cgutils.for_range_slice(b, number(0), b.mul(blocks, number(_LANES)), number(UNROLL), INT) as (
            first,
            _,
        ):
            step = b.mul(b.ashr(first, number(4)), stride)  # to the block, then to the place in it
            here = b.add(x, b.add(step, b.mul(b.and_(first, number(_LANES - 1)), number(4))))
            mine = b.add(weights, b.mul(first, number(width * _LINE)))
            for k in range(UNROLL):
                columns = [get(b, mine, number(_LINE * (k * width + v))) for v in range(width)]
                for r in range(rows):
                    place = b.inttoptr(b.add(here, number(_LINE * r + 4 * k)), FLOAT.as_pointer())
                    value = splat(b, b.load(place))
                    for v in range(width):
                        b.store(fma(b, value, columns[v], b.load(sums[r, v])), sums[r, v])
        for key, at in offset.items():
            put(b, b.load(sums[key]), out, at)

    return tile


def _tiles_of(rows: int) -> Any:
    """tile of these rows, for a width of 4 or 3."""
    four, three = make_tile(rows, 4), make_tile(rows, 3)

    @njit(inline="always")
    def tile(width: Any, x: Any, stride: Any, weights: Any, blocks: Any, out: Any) -> None:
        if width == 4:
            four(x, stride, weights, blocks, out)
        else:
            three(x, stride, weights, blocks, out)

    return tile


_tile4, _tile2, _tile1 = (_tiles_of(rows) for rows in (4, 2, 1))


@njit(nogil=True)
def multiply(rows: Any, width: Any, x: Any, stride: Any, weights: Any, blocks: Any, out: Any) -> None:
    """The tiles of up to GROUP rows."""
    r = 0
    while r < rows:
        there, to = x + _LINE * r, out + _LINE * r
        if rows - r >= 4:
            _tile4(width, there, stride, weights, blocks, to)
            r += 4
        elif rows - r >= 2:
            _tile2(width, there, stride, weights, blocks, to)
            r += 2
        else:
            _tile1(width, there, stride, weights, blocks, to)
            r += 1
