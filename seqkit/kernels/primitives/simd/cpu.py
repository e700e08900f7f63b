"""Vector instructions for numba kernels: the operations on rows that the compiler does not find by itself.

Each is emitted as LLVM vectors of 16 floats (LANES), which the compiler fits to the machine (one AVX-512
register, two of AVX, four of SSE or NEON). Addresses are integers (`array.ctypes.data`); rows start on
64-byte boundaries and their length is a multiple of 16. Specification:
seqkit.kernels.primitives.simd.reference.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.core.types import float32, intp

from seqkit.kernels.primitives.compiler.cpu import emitted

LANES = 16
LINE = 64  # bytes: one cache line, one vector

FLOAT, INT = ir.FloatType(), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)
_N = ir.VectorType(ir.IntType(32), LANES)
_LOG = (  # Cephes logf, after the leading coefficient
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_CONTRACT = ("contract",)  # lets a * b + c become one fused instruction


def const(value: float) -> ir.Constant:
    """A vector of one number."""
    return ir.Constant(VECTOR, [ir.Constant(FLOAT, value)] * LANES)


def _ints(value: int) -> ir.Constant:
    return ir.Constant(_N, [ir.Constant(ir.IntType(32), value)] * LANES)


def _load(b: Any, address: Any) -> Any:
    value = b.load(b.inttoptr(address, VECTOR.as_pointer()))
    value.align = LINE
    return value


def _store(b: Any, value: Any, address: Any) -> None:
    b.store(value, b.inttoptr(address, VECTOR.as_pointer())).align = LINE


def get(b: Any, row: Any, at: Any) -> Any:
    """The vector at an offset of a row."""
    return _load(b, b.add(row, at))


def put(b: Any, value: Any, row: Any, at: Any) -> None:
    """Store a vector at an offset of a row."""
    _store(b, value, b.add(row, at))


def entry(b: Any, table: Any, i: Any) -> Any:
    """Entry i of a table of addresses."""
    return b.load(b.gep(b.inttoptr(table, INT.as_pointer()), [i]))


def splat(b: Any, scalar: Any) -> Any:
    """A vector of one scalar."""
    one = b.insert_element(ir.Constant(VECTOR, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    return b.shuffle_vector(one, one, ir.Constant(_N, [0] * LANES))


def fma(b: Any, x: Any, y: Any, z: Any) -> Any:
    """x * y + z."""
    return b.fadd(b.fmul(x, y, flags=_CONTRACT), z, flags=_CONTRACT)


def _call(b: Any, name: str, *args: Any) -> Any:
    module, kind = b.module, args[0].type
    function = cgutils.get_or_insert_function(
        module, ir.FunctionType(kind, [a.type for a in args]), f"llvm.{name}.v{LANES}f32"
    )
    return b.call(function, args)


def add_up(b: Any, vector: Any) -> Any:
    """The sum of a vector."""
    name = f"llvm.vector.reduce.fadd.v{LANES}f32"
    function = cgutils.get_or_insert_function(b.module, ir.FunctionType(FLOAT, [FLOAT, VECTOR]), name)
    return b.call(function, [ir.Constant(FLOAT, 0.0), vector], fastmath=("reassoc",))


@contextlib.contextmanager
def along(b: Any, size: Any) -> Iterator[Any]:
    """A loop over the vectors of a row: the offset of each in bytes."""
    end, step = b.mul(size, ir.Constant(INT, 4)), ir.Constant(INT, LINE)
    with cgutils.for_range_slice(b, ir.Constant(INT, 0), end, step, INT) as (at, _):
        yield at


@emitted(float32, intp, intp, intp)
def axpy(b: Any, a: Any, x: Any, y: Any, size: Any) -> None:
    """y += a · x for two rows."""
    a = splat(b, a)
    with along(b, size) as at:
        put(b, fma(b, a, get(b, x, at), get(b, y, at)), y, at)


@emitted(float32, intp, intp, intp, intp)
def shift(b: Any, a: Any, x: Any, old: Any, y: Any, size: Any) -> None:
    """y += a · (x - old), a vector at a time: others may read y meanwhile."""
    a = splat(b, a)
    with along(b, size) as at:
        put(b, fma(b, a, b.fsub(get(b, x, at), get(b, old, at)), get(b, y, at)), y, at)


@emitted(intp, intp, intp)
def move(b: Any, x: Any, y: Any, size: Any) -> None:
    """Row y becomes row x."""
    with along(b, size) as at:
        put(b, get(b, x, at), y, at)


@emitted(float32, intp, intp)
def fill(b: Any, value: Any, y: Any, size: Any) -> None:
    """Every number of the row becomes `value`."""
    value = splat(b, value)
    with along(b, size) as at:
        put(b, value, y, at)


def cut(b: Any, x: Any, side: str, limit: float) -> Any:
    """x, but `limit` where x is beyond it; nan stays nan, so that a broken matrix shows in the loss."""
    return b.select(b.fcmp_ordered(side, x, const(limit)), const(limit), x)


def exp(b: Any, x: Any) -> Any:
    """e^x for |x| < 87 by 2^k · p(f): Cephes expf, relative error below 2e-7."""
    k = _call(b, "nearbyint", b.fmul(x, const(1.4426950408889634)))
    f = fma(b, k, const(-0.693359375), x)
    f = fma(b, k, const(2.12194440e-4), f)
    p = const(1.9875691500e-4)
    for c in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
        p = fma(b, p, f, const(c))
    p = b.fadd(fma(b, b.fmul(f, f), p, f), const(1.0))
    power = b.shl(b.add(b.fptosi(k, _N), _ints(127)), _ints(23))
    return b.fmul(p, b.bitcast(power, VECTOR))


def _log(b: Any, x: Any) -> Any:
    """ln x for normal x > 0 by exponent and mantissa: Cephes logf, relative error below 2e-7."""
    whole = b.bitcast(x, _N)
    k = b.sub(b.lshr(whole, _ints(23)), _ints(126))
    m = b.bitcast(b.or_(b.and_(whole, _ints(0x007FFFFF)), _ints(0x3F000000)), VECTOR)  # in [0.5, 1)
    small = b.fcmp_ordered("<", m, const(0.70710677))
    m = b.fadd(m, b.fsub(b.select(small, m, const(0.0)), const(1.0)))
    k = b.fsub(b.sitofp(k, VECTOR), b.select(small, const(1.0), const(0.0)))
    p = const(7.0376836292e-2)
    for c in _LOG:
        p = fma(b, p, m, const(c))
    square = b.fmul(m, m)
    tail = fma(b, k, const(-2.12194440e-4), b.fmul(b.fmul(m, square), p))
    tail = fma(b, square, const(-0.5), tail)
    return fma(b, k, const(0.693359375), b.fadd(m, tail))


@emitted(float32, intp)
def spread(b: Any, value: Any, place: Any) -> None:
    """The 16 floats from `place` on, aligned or not, become `value`."""
    b.store(splat(b, value), b.inttoptr(place, VECTOR.as_pointer())).align = 4


@emitted(intp, intp, intp, intp, float32, result=float32)
def logistic(b: Any, s: Any, count: Any, labels: Any, weights: Any, lr: Any) -> Any:
    """16 logits s become rates lr · w (y - σ(s)), from lane `count` on 0; returns the loss.

    It is Σ w · -log σ(s) over lanes of label y = 1 plus Σ w · -log σ(-s) over those of label 0 (nats).
    Logits are cut to ±60.
    """
    lanes = ir.Constant(_N, list(range(LANES)))
    limit = b.insert_element(
        ir.Constant(_N, ir.Undefined), b.trunc(count, ir.IntType(32)), ir.Constant(ir.IntType(32), 0)
    )
    live = b.icmp_signed("<", lanes, b.shuffle_vector(limit, limit, ir.Constant(_N, [0] * LANES)))
    raw = b.select(live, _load(b, s), const(0.0))
    x = cut(b, cut(b, raw, "<", -60.0), ">", 60.0)
    e = exp(b, b.fneg(x))
    denominator = b.fadd(const(1.0), e)
    sigma = b.fdiv(const(1.0), denominator)
    label, weight = _load(b, labels), _load(b, weights)
    rate = b.fmul(b.fmul(splat(b, lr), weight), b.fsub(label, sigma))
    _store(b, b.select(live, rate, const(0.0)), s)
    loss = fma(b, b.fsub(const(1.0), label), x, _log(b, denominator))  # log(1 + e^-x), and + x for label 0
    return add_up(b, b.select(live, b.fmul(weight, loss), const(0.0)))


@emitted(intp, float32, intp, result=float32)
def exponentials(b: Any, row: Any, shift: Any, size: Any) -> Any:
    """The row becomes e^(row - shift), differences at least -80."""
    shift = splat(b, shift)
    total = cgutils.alloca_once_value(b, const(0.0))
    with along(b, size) as at:
        e = exp(b, cut(b, b.fsub(get(b, row, at), shift), "<", -80.0))
        put(b, e, row, at)
        b.store(b.fadd(b.load(total), e), total)
    return add_up(b, b.load(total))


@emitted(intp, intp)
def prefetch(b: Any, row: Any, size: Any) -> None:
    """Ask for the row of `size` floats to be brought near before it is needed."""
    pointer, word = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [pointer, word, word, word])
    function = cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0")
    with along(b, size) as at:
        b.call(function, [b.inttoptr(b.add(row, at), pointer), *(ir.Constant(word, n) for n in (1, 3, 1))])
