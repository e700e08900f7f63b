"""Vector instructions for numba kernels: the five row operations that the compiler does not find by itself.

Each is emitted as LLVM vectors of 16 floats (LANES), which the compiler fits to the machine (one AVX-512 register, two of
AVX, four of SSE or NEON). Addresses are integers (`array.ctypes.data`); rows start on 64-byte boundaries and their
length is a multiple of 16. Specification: seqkit.kernels.simd.reference.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 16
LINE = 64  # bytes: one cache line, one vector

_F, _I = ir.FloatType(), ir.IntType(64)
_V = ir.VectorType(_F, LANES)
_N = ir.VectorType(ir.IntType(32), LANES)
_LOG = (  # Cephes logf, after the leading coefficient
    -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1,
    -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
_CONTRACT = ("contract",)  # lets a * b + c become one fused instruction


def _const(value: float) -> ir.Constant:
    return ir.Constant(_V, [ir.Constant(_F, value)] * LANES)


def _ints(value: int) -> ir.Constant:
    return ir.Constant(_N, [ir.Constant(ir.IntType(32), value)] * LANES)


def _load(b: Any, address: Any) -> Any:
    value = b.load(b.inttoptr(address, _V.as_pointer()))
    value.align = LINE
    return value


def _store(b: Any, value: Any, address: Any) -> None:
    b.store(value, b.inttoptr(address, _V.as_pointer())).align = LINE


def _entry(b: Any, table: Any, i: Any) -> Any:
    return b.load(b.gep(b.inttoptr(table, _I.as_pointer()), [i]))


def _splat(b: Any, scalar: Any) -> Any:
    one = b.insert_element(ir.Constant(_V, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    return b.shuffle_vector(one, one, ir.Constant(_N, [0] * LANES))


def _fma(b: Any, x: Any, y: Any, z: Any) -> Any:
    return b.fadd(b.fmul(x, y, flags=_CONTRACT), z, flags=_CONTRACT)


def _call(b: Any, name: str, *args: Any) -> Any:
    module, kind = b.module, args[0].type
    function = cgutils.get_or_insert_function(module, ir.FunctionType(kind, [a.type for a in args]), f"llvm.{name}.v{LANES}f32")
    return b.call(function, args)


def _sum(b: Any, vector: Any) -> Any:
    name = f"llvm.vector.reduce.fadd.v{LANES}f32"
    function = cgutils.get_or_insert_function(b.module, ir.FunctionType(_F, [_F, _V]), name)
    return b.call(function, [ir.Constant(_F, 0.0), vector], fastmath=("reassoc",))


@contextlib.contextmanager
def _along(b: Any, size: Any) -> Iterator[Any]:
    """A loop over the vectors of a row: the offset of each in bytes."""
    with cgutils.for_range_slice(b, ir.Constant(_I, 0), b.mul(size, ir.Constant(_I, 4)), ir.Constant(_I, LINE), _I) as (at, _):
        yield at


def make_dots(n_x: int, n_y: int) -> Any:
    """dots(x, y, out, stride, size): out[j * stride + i] = x_i · y_j for n_x × n_y rows.

    x, y: addresses of int64 arrays of row addresses; size: floats a row.
    """

    @intrinsic
    def dots(typing: Any, x: Any, y: Any, out: Any, stride: Any, size: Any) -> Any:
        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            x, y, out, stride, size = args
            xs = [_entry(b, x, ir.Constant(_I, i)) for i in range(n_x)]
            ys = [_entry(b, y, ir.Constant(_I, j)) for j in range(n_y)]
            sums = [[cgutils.alloca_once_value(b, _const(0.0)) for _ in ys] for _ in xs]
            with _along(b, size) as at:
                rows = [_load(b, b.add(row, at)) for row in xs]
                for j, row in enumerate(ys):
                    column = _load(b, b.add(row, at))
                    for i in range(n_x):
                        b.store(_fma(b, rows[i], column, b.load(sums[i][j])), sums[i][j])
            target = b.inttoptr(out, _F.as_pointer())
            for j in range(n_y):
                for i in range(n_x):
                    place = b.add(b.mul(stride, ir.Constant(_I, j)), ir.Constant(_I, i))
                    b.store(_sum(b, b.load(sums[i][j])), b.gep(target, [place]))
            return context.get_dummy_value()

        return types.void(types.intp, types.intp, types.intp, types.intp, types.intp), generate

    return dots


def make_update(n_y: int) -> Any:
    """update(x, y, g, dx, first, count, stride, size): y_j += Σ_i g_ji x_i and dx_i += Σ_j g_ji y_j(old), for i < count.

    g: (n_y, stride) rates; dx: address of count rows that lie one behind the other, taken as 0 if first is 1.
    """

    @intrinsic
    def update(typing: Any, x: Any, y: Any, g: Any, dx: Any, first: Any, count: Any, stride: Any, size: Any) -> Any:
        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            x, y, g, dx, first, count, stride, size = args
            fresh = b.icmp_signed("==", first, ir.Constant(_I, 1))
            zero, one = ir.Constant(_I, 0), ir.Constant(_I, 1)
            ys = [_entry(b, y, ir.Constant(_I, j)) for j in range(n_y)]
            rates = b.inttoptr(g, _F.as_pointer())
            offsets = [b.mul(stride, ir.Constant(_I, j)) for j in range(n_y)]
            bytes_a_row = b.mul(size, ir.Constant(_I, 4))
            with _along(b, size) as at:
                old = [_load(b, b.add(row, at)) for row in ys]
                new = [cgutils.alloca_once(b, _V) for _ in ys]
                for slot, value in zip(new, old, strict=True):
                    b.store(value, slot)
                with cgutils.for_range_slice(b, zero, count, one, _I) as (i, _):
                    row = _load(b, b.add(_entry(b, x, i), at))
                    place = b.add(b.add(dx, b.mul(i, bytes_a_row)), at)
                    total = b.select(fresh, _const(0.0), _load(b, place))
                    for j in range(n_y):
                        rate = _splat(b, b.load(b.gep(rates, [b.add(offsets[j], i)])))
                        total = _fma(b, rate, old[j], total)
                        b.store(_fma(b, rate, row, b.load(new[j])), new[j])
                    _store(b, total, place)
                for j in range(n_y):
                    _store(b, b.load(new[j]), b.add(ys[j], at))
            return context.get_dummy_value()

        return types.void(*[types.intp] * 8), generate

    return update


@intrinsic
def axpy(typing: Any, a: Any, x: Any, y: Any, size: Any) -> Any:
    """axpy(a, x, y, size): y += a · x for two rows."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        a, x, y, size = args
        a = _splat(b, a)
        with _along(b, size) as at:
            place = b.add(y, at)
            _store(b, _fma(b, a, _load(b, b.add(x, at)), _load(b, place)), place)
        return context.get_dummy_value()

    return types.void(types.float32, types.intp, types.intp, types.intp), generate


@intrinsic
def move(typing: Any, x: Any, y: Any, size: Any) -> Any:
    """move(x, y, size): row y becomes row x."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        x, y, size = args
        with _along(b, size) as at:
            _store(b, _load(b, b.add(x, at)), b.add(y, at))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), generate


@intrinsic
def fill(typing: Any, value: Any, y: Any, size: Any) -> Any:
    """fill(value, y, size): every number of the row becomes `value`."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        value, y, size = args
        value = _splat(b, value)
        with _along(b, size) as at:
            _store(b, value, b.add(y, at))
        return context.get_dummy_value()

    return types.void(types.float32, types.intp, types.intp), generate


def _cut(b: Any, x: Any, side: str, limit: float) -> Any:
    """x, but `limit` where x is beyond it; nan stays nan, so that a broken matrix shows in the loss."""
    return b.select(b.fcmp_ordered(side, x, _const(limit)), _const(limit), x)


def _exp(b: Any, x: Any) -> Any:
    """e^x for |x| < 87 by 2^k · p(f): Cephes expf, relative error below 2e-7."""
    k = _call(b, "nearbyint", b.fmul(x, _const(1.4426950408889634)))
    f = _fma(b, k, _const(-0.693359375), x)
    f = _fma(b, k, _const(2.12194440e-4), f)
    p = _const(1.9875691500e-4)
    for c in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
        p = _fma(b, p, f, _const(c))
    p = b.fadd(_fma(b, b.fmul(f, f), p, f), _const(1.0))
    power = b.shl(b.add(b.fptosi(k, _N), _ints(127)), _ints(23))
    return b.fmul(p, b.bitcast(power, _V))


def _log(b: Any, x: Any) -> Any:
    """ln x for normal x > 0 by exponent and mantissa: Cephes logf, relative error below 2e-7."""
    whole = b.bitcast(x, _N)
    k = b.sub(b.lshr(whole, _ints(23)), _ints(126))
    m = b.bitcast(b.or_(b.and_(whole, _ints(0x007FFFFF)), _ints(0x3F000000)), _V)  # in [0.5, 1)
    small = b.fcmp_ordered("<", m, _const(0.70710677))
    m = b.fadd(m, b.fsub(b.select(small, m, _const(0.0)), _const(1.0)))
    k = b.fsub(b.sitofp(k, _V), b.select(small, _const(1.0), _const(0.0)))
    p = _const(7.0376836292e-2)
    for c in _LOG:
        p = _fma(b, p, m, _const(c))
    square = b.fmul(m, m)
    tail = _fma(b, k, _const(-2.12194440e-4), b.fmul(b.fmul(m, square), p))
    tail = _fma(b, square, _const(-0.5), tail)
    return _fma(b, k, _const(0.693359375), b.fadd(m, tail))


@intrinsic
def spread(typing: Any, value: Any, place: Any) -> Any:
    """spread(value, place): the 16 floats from `place` on, aligned or not, become `value`."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        b.store(_splat(b, args[0]), b.inttoptr(args[1], _V.as_pointer())).align = 4
        return context.get_dummy_value()

    return types.void(types.float32, types.intp), generate


@intrinsic
def logistic(typing: Any, s: Any, count: Any, labels: Any, weights: Any, lr: Any) -> Any:
    """logistic(s, count, labels, weights, lr) -> loss: 16 logits s become rates lr · w (y - σ(s)), from lane `count` on 0.

    Returns Σ w · -log σ(s) over lanes of label y = 1 plus Σ w · -log σ(-s) over those of label 0 (nats). Logits are cut to ±60.
    """

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        s, count, labels, weights, lr = args
        lanes = ir.Constant(_N, list(range(LANES)))
        limit = b.insert_element(ir.Constant(_N, ir.Undefined), b.trunc(count, ir.IntType(32)), ir.Constant(ir.IntType(32), 0))
        live = b.icmp_signed("<", lanes, b.shuffle_vector(limit, limit, ir.Constant(_N, [0] * LANES)))
        raw = b.select(live, _load(b, s), _const(0.0))
        x = _cut(b, _cut(b, raw, "<", -60.0), ">", 60.0)
        e = _exp(b, b.fneg(x))
        denominator = b.fadd(_const(1.0), e)
        sigma = b.fdiv(_const(1.0), denominator)
        label, weight = _load(b, labels), _load(b, weights)
        rate = b.fmul(b.fmul(_splat(b, lr), weight), b.fsub(label, sigma))
        _store(b, b.select(live, rate, _const(0.0)), s)
        loss = _fma(b, b.fsub(_const(1.0), label), x, _log(b, denominator))  # log(1 + e^-x), and + x for label 0
        return _sum(b, b.select(live, b.fmul(weight, loss), _const(0.0)))

    return types.float32(types.intp, types.intp, types.intp, types.intp, types.float32), generate


@intrinsic
def exponentials(typing: Any, row: Any, shift: Any, size: Any) -> Any:
    """exponentials(row, shift, size) -> sum: row becomes e^(row - shift), differences below -80 count as -80."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        row, shift, size = args
        shift = _splat(b, shift)
        total = cgutils.alloca_once_value(b, _const(0.0))
        with _along(b, size) as at:
            place = b.add(row, at)
            e = _exp(b, _cut(b, b.fsub(_load(b, place), shift), "<", -80.0))
            _store(b, e, place)
            b.store(b.fadd(b.load(total), e), total)
        return _sum(b, b.load(total))

    return types.float32(types.intp, types.float32, types.intp), generate


@intrinsic
def prefetch(typing: Any, row: Any, size: Any) -> Any:
    """prefetch(row, size): ask for the row of `size` floats to be brought near before it is needed."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        row, size = args
        pointer, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, word, word, word])
        function = cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0")
        with _along(b, size) as at:
            b.call(function, [b.inttoptr(b.add(row, at), pointer), *(ir.Constant(word, n) for n in (1, 3, 1))])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), generate
