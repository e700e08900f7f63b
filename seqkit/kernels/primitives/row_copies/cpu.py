"""Rows of the arrays of a run over time for compiled code, in float32 or the bits of bfloat16."""

from typing import Any

from seqkit.kernels.primitives.activations.cpu import add, add_low, copy, narrow, widen
from seqkit.kernels.primitives.compiler.cpu import njit


@njit(inline="always")
def _place(x: Any, t: Any, b: Any) -> Any:
    """The address of row (t, b) of a (T, B, N) array."""
    return x.ctypes.data + x.itemsize * x.shape[2] * (t * x.shape[1] + b)


@njit(inline="always")
def sum_rows(gx: Any, product: Any, t: Any, b: Any, out: Any) -> None:
    """out = gx[t, b] + product[b]."""
    there, size = product.ctypes.data + product.itemsize * b * product.shape[1], product.shape[1]
    if gx.itemsize == 2:
        add_low(_place(gx, t, b), there, out.ctypes.data, size)
    else:
        add(_place(gx, t, b), there, out.ctypes.data, size)


@njit(inline="always")
def lower_row(row: Any, low: Any, t: Any, b: Any) -> None:
    """low[t, b] = row in bfloat16, if that is what low holds; else low is the array of row itself."""
    if low.itemsize == 2:
        narrow(row.ctypes.data, _place(low, t, b), len(row))


@njit(inline="always")
def part_row(x: Any, t: Any, b: Any, out: Any) -> None:
    """out = x[t, b] of a (T, B, N) array, or x[b] of a (B, N) one at t = 0."""
    size = len(out)
    place = x.ctypes.data + x.itemsize * size * (t * x.shape[-2] + b)
    if x.itemsize == 2:
        widen(place, out.ctypes.data, size)
    else:
        copy(place, out.ctypes.data, size)


@njit(inline="always")
def store_row(row: Any, out: Any, t: Any, b: Any) -> None:
    """out[t, b] = row."""
    if out.itemsize == 2:
        narrow(row.ctypes.data, _place(out, t, b), len(row))
    else:
        copy(row.ctypes.data, _place(out, t, b), len(row))


@njit(inline="always")
def gate_row(gates: Any, first: Any, row: Any, out: Any) -> None:
    """out = gate ∘ row, the gate being the numbers of `gates` from `first` on."""
    for j in range(len(out)):
        out[j] = gates[first + j] * row[j]


@njit(inline="always")
def collect_row(dy: Any, through: Any, t: Any, b: Any, d: Any, room: Any) -> None:
    """d += dy[t, b] + through[b]; room: a row to work in."""
    size = len(d)
    place = through.ctypes.data + through.itemsize * b * size
    add(d.ctypes.data, _place(dy, t, b), d.ctypes.data, size)
    if through.itemsize == 2:
        widen(place, room.ctypes.data, size)
        add(d.ctypes.data, room.ctypes.data, d.ctypes.data, size)
    else:
        add(d.ctypes.data, place, d.ctypes.data, size)
