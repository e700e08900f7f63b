"""GloVe, compiled: glove.reference with vector instructions, pairs ordered by tiles, on any threads.

The tiles (a, π(a)) of a permutation π share no row and no column, so they are trained at the same time
without races, and the result has the same bytes for any number of threads.
"""

from typing import Annotated, Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.core.types import float32, intp

from seqkit.core.types import Array
from seqkit.kernels.glove.reference import CLIP, Parameters, Rule
from seqkit.kernels.glove.tiles.cpu import Tiles
from seqkit.kernels.primitives.compiler.cpu import emitted, njit
from seqkit.kernels.primitives.simd.cpu import (
    LANES,
    VECTOR,
    add_up,
    along,
    const,
    cut,
    exp,
    fma,
    get,
    prefetch,
    put,
    splat,
)
from seqkit.kernels.primitives.simd.rows import check_rows
from seqkit.kernels.primitives.thread_team.cpu import meet, take, team, together

AHEAD = 4  # pairs whose rows are asked for before they are needed


def _reciprocal_sqrt(b: Any, vector: Any) -> Any:
    """1 / √vector, by the processor's estimate and a Newton step if it has them: relative error < 3e-7."""
    kind = ir.FunctionType(VECTOR, [VECTOR])
    sqrt = cgutils.get_or_insert_function(b.module, kind, f"llvm.sqrt.v{LANES}f32")
    flags = ("afn", "arcp", "contract", "reassoc")
    return b.fdiv(const(1.0), b.call(sqrt, [vector], fastmath=flags), flags=flags)


@emitted(intp, intp, intp, result=float32)
def _dot(b: Any, x: Any, y: Any, size: Any) -> Any:
    """The inner product of two rows."""
    total = cgutils.alloca_once_value(b, const(0.0))
    with along(b, size) as at:
        b.store(fma(b, get(b, x, at), get(b, y, at), b.load(total)), total)
    return add_up(b, b.load(total))


@emitted(intp, intp, float32, float32, float32, intp)
def _adagrad(b: Any, x: Any, y: Any, rate: Any, scale: Any, step: Any, size: Any) -> None:
    """Gradients rate · y, rate · x; squares lie `size` on."""
    rate, scale, back = splat(b, rate), splat(b, scale), b.fneg(splat(b, step))
    squares = b.mul(size, ir.Constant(ir.IntType(64), 4))
    with along(b, size) as at:
        beyond = b.add(at, squares)
        theta, e = get(b, x, at), get(b, y, at)
        for row, old, other in ((x, theta, e), (y, e, theta)):
            g = b.fmul(cut(b, cut(b, b.fmul(rate, other), "<", -CLIP), ">", CLIP), scale)
            square = get(b, row, beyond)
            put(b, fma(b, b.fmul(back, g), _reciprocal_sqrt(b, square), old), row, at)
            put(b, fma(b, g, g, square), row, beyond)


@emitted(intp, intp, float32, float32)
def _weigh(b: Any, logs: Any, out: Any, alpha: Any, log_x_max: Any) -> None:
    """out = min(1, e^(alpha · (log - log_x_max))) for 16 floats."""
    x = b.load(b.inttoptr(logs, VECTOR.as_pointer()))
    x.align = 4
    power = b.fmul(splat(b, alpha), b.fsub(x, splat(b, log_x_max)))
    f = exp(b, cut(b, cut(b, power, "<", -80.0), ">", 0.0))
    b.store(f, b.inttoptr(out, VECTOR.as_pointer())).align = 4


@njit(nogil=True, cache=True)
def _tile(span: Any, row: Any, column: Any, tiles: Any, parameters: Any, rule: Any) -> Any:
    """Train on some pairs of the tile whose first words are row and column; return their cost."""
    (low, high), places, logs = span, tiles.places, tiles.logs
    words, contexts, word_biases, context_biases = parameters
    size = words.shape[1] // 2
    stride = 8 * size
    x, y = words.ctypes.data + stride * row, contexts.ctypes.data + stride * column
    weights = np.empty(LANES, np.float32)
    log_x_max = np.float32(np.log(rule[4]))
    scale, step, bias_scale, bias_step = rule[0], rule[1], rule[2], rule[3] * rule[2]
    half, one = np.float32(0.5), np.uint32(16)
    cost = 0.0
    for start in range(low, high, LANES):
        _weigh(logs.ctypes.data + 4 * start, weights.ctypes.data, rule[5], log_x_max)
        for k in range(min(LANES, high - start)):
            ahead = places[min(start + k + AHEAD, high - 1)]
            prefetch(x + stride * np.int64(ahead >> one), 2 * size)
            prefetch(y + stride * np.int64(ahead & 0xFFFF), 2 * size)
            place = places[start + k]
            i, j = np.int64(place >> one), np.int64(place & 0xFFFF)
            theta, e = x + stride * i, y + stride * j
            b, c = np.uint64(row + i), np.uint64(column + j)
            diff = _dot(theta, e, size) + word_biases[b, 0] + context_biases[c, 0] - logs[start + k]
            rate = weights[k] * diff
            cost += np.float64(half * rate * diff)
            _adagrad(theta, e, rate, scale, step, size)
            square = (bias_scale * rate) * (bias_scale * rate)
            word_biases[b, 0] -= bias_step * rate / np.sqrt(word_biases[b, 1])
            word_biases[b, 1] += square
            context_biases[c, 0] -= bias_step * rate / np.sqrt(context_biases[c, 1])
            context_biases[c, 1] += square
    return cost


@njit(nogil=True, cache=True)
def _rounds(job: Any, tiles: Any, parameters: Any, rule: Any, crew: Any) -> None:
    """One thread: its share of the tiles of each round; no round begins before the last has ended."""
    (wanted, spans, costs), edges, (team, threads) = job, tiles.edges, crew
    blocks = len(edges) - 1
    for r in range(len(wanted)):
        n = take(team, 1)
        while n < wanted.shape[1]:
            row, column = edges[wanted[r, n] // blocks], edges[wanted[r, n] % blocks]
            costs[r, n] = _tile((spans[r, n, 0], spans[r, n, 1]), row, column, tiles, parameters, rule)
            n = take(team, 1)
        meet(team, threads)


def train(
    tiles: Tiles,
    wanted: Annotated[Array, "R B"],
    parts: Annotated[Array, "R"],
    num_parts: int,
    parameters: Parameters,
    rule: Rule,
    *,
    threads: int = 1,
) -> tuple[float, int]:
    """Train rounds of tiles, one after the other: part parts[r] of num_parts of each tile.

    Shapes:  wanted: no two tiles of a round may share a row or a column block. words, contexts (V, 2 D): a
             vector and its sums of squares, made by simd.rows.aligned; biases (V, 2).
    Returns:  sum of costs, number of pairs. The largest tile of a round begins first, so that no thread is
              left with it alone.
    """
    check_rows("words", parameters.words)
    check_rows("contexts", parameters.contexts)
    spans = tiles.spans(wanted, parts[:, None], num_parts)
    sizes = spans[..., 1] - spans[..., 0]
    order = np.argsort(-sizes, axis=1, kind="stable")
    wanted, spans = np.take_along_axis(wanted, order, 1), np.take_along_axis(spans, order[..., None], 1)
    costs, state, numbers = np.zeros(wanted.shape), team(), tuple(np.float32(value) for value in rule)
    job = wanted, spans, costs
    together(state, threads, lambda me: _rounds(job, tiles, parameters, numbers, (state, threads)))
    return float(costs.sum()), int(sizes.sum())
