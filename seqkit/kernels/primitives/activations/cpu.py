"""activations.reference on rows given by address, in vectors of 16; absolute error below 2e-7."""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.core.types import float32, intp

from seqkit.kernels.primitives.compiler.cpu import emitted
from seqkit.kernels.primitives.simd.cpu import FLOAT, INT, LANES, const, cut, exp, splat

_WORD, _HALF = ir.IntType(32), ir.IntType(16)
_WORDS, _MASK = ir.VectorType(_WORD, LANES), ir.VectorType(ir.IntType(1), LANES)
_BYTES = {FLOAT: 4, _HALF: 2}
_NAME = {FLOAT: "f32", _HALF: "i16"}


def _words(value: int) -> ir.Constant:
    return ir.Constant(_WORDS, [ir.Constant(_WORD, value)] * LANES)


def _sigmoid(b: Any, x: Any) -> Any:
    """1 / (1 + e^-x)."""
    x = cut(b, cut(b, x, "<", -80.0), ">", 80.0)
    return b.fdiv(const(1.0), b.fadd(const(1.0), exp(b, b.fneg(x))))


def _tanh(b: Any, x: Any) -> Any:
    """1 - 2 / (1 + e^2x)."""
    x = cut(b, cut(b, x, "<", -20.0), ">", 20.0)
    return b.fsub(const(1.0), b.fdiv(const(2.0), b.fadd(const(1.0), exp(b, b.fadd(x, x)))))


def _widen(b: Any, x: Any) -> Any:
    return b.bitcast(b.shl(b.zext(x, _WORDS), _words(16)), ir.VectorType(FLOAT, LANES))


def _narrow(b: Any, x: Any) -> Any:
    whole = b.bitcast(x, _WORDS)
    odd = b.and_(b.lshr(whole, _words(16)), _words(1))
    return b.trunc(b.lshr(b.add(b.add(whole, _words(0x7FFF)), odd), _words(16)), ir.VectorType(_HALF, LANES))


def _pointer(b: Any, kind: Any, row: Any, i: Any) -> Any:
    address = b.add(row, b.mul(i, ir.Constant(INT, _BYTES[kind])))
    return b.inttoptr(address, ir.VectorType(kind, LANES).as_pointer())


def _get(b: Any, kind: Any, place: Any, live: Any) -> Any:
    if live is None:
        value = b.load(place)
        value.align = _BYTES[kind]
        return value
    vector = ir.VectorType(kind, LANES)
    signature = ir.FunctionType(vector, [vector.as_pointer(), _WORD, _MASK, vector])
    load = cgutils.get_or_insert_function(b.module, signature, f"llvm.masked.load.v{LANES}{_NAME[kind]}.p0")
    return b.call(load, [place, ir.Constant(_WORD, _BYTES[kind]), live, ir.Constant(vector, [0] * LANES)])


def _put(b: Any, kind: Any, value: Any, place: Any, live: Any) -> None:
    if live is None:
        b.store(value, place).align = _BYTES[kind]
        return
    vector = ir.VectorType(kind, LANES)
    signature = ir.FunctionType(ir.VoidType(), [vector, vector.as_pointer(), _WORD, _MASK])
    store = cgutils.get_or_insert_function(b.module, signature, f"llvm.masked.store.v{LANES}{_NAME[kind]}.p0")
    b.call(store, [value, place, ir.Constant(_WORD, _BYTES[kind]), live])


def _rows(function: Callable[..., Any], kind: Any = FLOAT, result: Any = FLOAT) -> Callable[..., None]:
    """What emits an operation on (address of each input row, address of the output row, size)."""

    def emit(b: Any, *args: Any) -> None:
        *rows, out, size = args
        whole = b.and_(size, ir.Constant(INT, -LANES))

        def apply(i: Any, live: Any) -> None:
            values = [_get(b, kind, _pointer(b, kind, row, i), live) for row in rows]
            _put(b, result, function(b, *values), _pointer(b, result, out, i), live)

        with cgutils.for_range_slice(b, ir.Constant(INT, 0), whole, ir.Constant(INT, LANES), INT) as (i, _):
            apply(i, None)
        with b.if_then(b.icmp_signed("<", whole, size)):
            left = b.insert_element(
                ir.Constant(_WORDS, ir.Undefined), b.trunc(b.sub(size, whole), _WORD), ir.Constant(_WORD, 0)
            )
            left = b.shuffle_vector(left, left, ir.Constant(_WORDS, [0] * LANES))
            apply(whole, b.icmp_signed("<", ir.Constant(_WORDS, list(range(LANES))), left))

    return emit


@emitted(intp, float32, intp, intp)
def exponential(b: Any, x: Any, shift: Any, out: Any, size: Any) -> None:
    """out = e^(x - shift); differences below -80 count as -80."""
    by = splat(b, shift)
    _rows(lambda b, x: exp(b, cut(b, b.fsub(x, by), "<", -80.0)))(b, x, out, size)


_of_one, _of_two = emitted(intp, intp, intp), emitted(intp, intp, intp, intp)
sigmoid = _of_one(_rows(_sigmoid))
tanh = _of_one(_rows(_tanh))
copy = _of_one(_rows(lambda b, x: x))
narrow = _of_one(_rows(_narrow, result=_HALF))
widen = _of_one(_rows(_widen, kind=_HALF))
add = _of_two(_rows(lambda b, x, y: b.fadd(x, y)))
add_low = _of_two(_rows(lambda b, x, y: b.fadd(_widen(b, x), _widen(b, y)), kind=_HALF))
