"""GloVe, compiled: glove.reference with vector instructions, pairs ordered by tiles, tiles on any number of
threads.

A pair touches a row of each matrix with its sums of squares, some 2 KB, and pairs in random order find them
in main memory. So the vocabulary is cut into blocks and the pairs are sorted by tile (block of rows × block
of columns), whose rows stay in the core's cache. Within a tile the order is random; the tiles (a, π(a)) of a
permutation π share no row and no column, so they are trained at the same time without races, and the result
has the same bytes for any number of threads.
"""

from typing import Annotated, Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import cgutils, types
from numba.extending import intrinsic

from seqkit.core.errors import FormatError
from seqkit.core.types import Array
from seqkit.kernels.glove.reference import CLIP, Rule
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
from seqkit.kernels.primitives.windows.cpu import bits

AHEAD = 4  # pairs whose rows are asked for before they are needed
_32 = np.uint64(32)


class Tiles(NamedTuple):
    """Pairs by tile: those of row block a and column block b are [ends[t], ends[t + 1]), t = a · blocks + b.

    edges (blocks + 1,): first word of each block. places (N,) uint32: row << 16 | column, both within their
    block. logs (N,) float32: logarithm of the count.
    """

    edges: Array
    ends: Array
    places: Array
    logs: Array

    def spans(self, wanted: Array, part: Array, parts: int) -> Array:
        """First and last entry of a part of each of the tiles `wanted`, on a further axis."""
        low, sizes = self.ends[wanted], np.diff(self.ends)[wanted]
        return np.stack([low + sizes * part // parts, low + sizes * (part + 1) // parts], -1)


def _reciprocal_sqrt(b: Any, vector: Any) -> Any:
    """1 / √vector by the processor's estimate and a Newton step, where it has them: relative error below
    3e-7.
    """
    kind = ir.FunctionType(VECTOR, [VECTOR])
    sqrt = cgutils.get_or_insert_function(b.module, kind, f"llvm.sqrt.v{LANES}f32")
    flags = ("afn", "arcp", "contract", "reassoc")
    return b.fdiv(const(1.0), b.call(sqrt, [vector], fastmath=flags), flags=flags)


@intrinsic
def _dot(typing: Any, x: Any, y: Any, size: Any) -> Any:
    """_dot(x, y, size): the inner product of two rows."""

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        x, y, size = args
        total = cgutils.alloca_once_value(b, const(0.0))
        with along(b, size) as at:
            b.store(fma(b, get(b, x, at), get(b, y, at), b.load(total)), total)
        return add_up(b, b.load(total))

    return types.float32(types.intp, types.intp, types.intp), generate


@intrinsic
def _adagrad(typing: Any, x: Any, y: Any, rate: Any, scale: Any, step: Any, size: Any) -> Any:
    """_adagrad(x, y, rate, scale, step, size): x has the gradient rate · y, y has rate · x; squares lie
    `size` floats on.
    """

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        x, y, rate, scale, step, size = args
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
        return context.get_dummy_value()

    return types.void(
        types.intp, types.intp, types.float32, types.float32, types.float32, types.intp
    ), generate


@intrinsic
def _weigh(typing: Any, logs: Any, out: Any, alpha: Any, log_x_max: Any) -> Any:
    """_weigh(logs, out, alpha, log_x_max): out = min(1, e^(alpha · (log - log_x_max))) for 16 floats, aligned
    or not.
    """

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        logs, out, alpha, log_x_max = args
        x = b.load(b.inttoptr(logs, VECTOR.as_pointer()))
        x.align = 4
        power = b.fmul(splat(b, alpha), b.fsub(x, splat(b, log_x_max)))
        f = exp(b, cut(b, cut(b, power, "<", -80.0), ">", 0.0))
        b.store(f, b.inttoptr(out, VECTOR.as_pointer())).align = 4
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.float32, types.float32), generate


@njit(nogil=True, cache=True)
def _tile(
    low: Any,
    high: Any,
    row: Any,
    column: Any,
    places: Any,
    logs: Any,
    words: Any,
    contexts: Any,
    word_biases: Any,
    context_biases: Any,
    rule: Any,
) -> Any:
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
def _rounds(
    wanted: Any,
    spans: Any,
    costs: Any,
    edges: Any,
    places: Any,
    logs: Any,
    words: Any,
    contexts: Any,
    word_biases: Any,
    context_biases: Any,
    rule: Any,
    team: Any,
    threads: Any,
) -> None:
    """One member of a team: the spans of the tiles of each round, shared out; no round begins before the last
    has ended.
    """
    blocks = len(edges) - 1
    for r in range(len(wanted)):
        n = take(team, 1)
        while n < wanted.shape[1]:
            t = wanted[r, n]
            costs[r, n] = _tile(
                spans[r, n, 0],
                spans[r, n, 1],
                edges[t // blocks],
                edges[t % blocks],
                places,
                logs,
                words,
                contexts,
                word_biases,
                context_biases,
                rule,
            )
            n = take(team, 1)
        meet(team, threads)


def train(
    tiles: Tiles,
    wanted: Annotated[Array, "R B"],
    parts: Annotated[Array, "R"],
    num_parts: int,
    words: Array,
    contexts: Array,
    word_biases: Array,
    context_biases: Array,
    rule: Rule,
    *,
    threads: int = 1,
) -> tuple[float, int]:
    """Train rounds of tiles, one after the other, changing the parameters; of a tile only part parts[r] of
    num_parts.

    Shapes:  wanted: no two tiles of a round may share a row or a column block. words, contexts (V, 2 D): a
             vector and its sums of squares, made by simd.rows.aligned; biases (V, 2).
    Returns:  sum of costs, number of pairs. The largest tile of a round begins first, so that no thread is
              left with it alone.
    """
    check_rows("words", words)
    check_rows("contexts", contexts)
    spans = tiles.spans(wanted, parts[:, None], num_parts)
    sizes = spans[..., 1] - spans[..., 0]
    order = np.argsort(-sizes, axis=1, kind="stable")
    wanted, spans = np.take_along_axis(wanted, order, 1), np.take_along_axis(spans, order[..., None], 1)
    costs, state, numbers = np.zeros(wanted.shape), team(), tuple(np.float32(value) for value in rule)
    rest = (
        tiles.edges,
        tiles.places,
        tiles.logs,
        words,
        contexts,
        word_biases,
        context_biases,
        numbers,
        state,
        threads,
    )
    together(state, threads, lambda me: _rounds(wanted, spans, costs, *rest))
    return float(costs.sum()), int(sizes.sum())


@njit(nogil=True, cache=True)
def _sizes(row_ends: Any, columns: Any, values: Any, mirror: Any, block: Any, blocks: Any, sizes: Any) -> Any:
    """Count the pairs of each tile; return the first bad entry, or -1."""
    for i in range(len(block)):
        a = np.int64(block[i])
        for k in range(row_ends[i], row_ends[i + 1]):
            j = columns[k]
            if j < (i if mirror else 0) or j >= len(block) or not (0 < values[k] < np.inf):
                return k
            b = np.int64(block[j])
            sizes[a * blocks + b] += 1
            if mirror and i != j:
                sizes[b * blocks + a] += 1
    return -1


@njit(nogil=True, cache=True)
def _place(
    low: Any,
    high: Any,
    row_ends: Any,
    columns: Any,
    values: Any,
    mirror: Any,
    block: Any,
    edges: Any,
    cursor: Any,
    places: Any,
    logs: Any,
) -> None:
    """Write the pairs of the rows [low, high) of one block, and their mirror images, to their tiles."""
    blocks, a, left = len(edges) - 1, np.int64(block[low]), np.uint32(16)
    for i in range(low, high):
        row = np.uint32(i - edges[a])
        for k in range(row_ends[i], row_ends[i + 1]):
            j = columns[k]
            b = np.int64(block[j])
            column, log = np.uint32(j - edges[b]), np.float32(np.log(values[k]))
            at = cursor[a * blocks + b]
            cursor[a * blocks + b] = at + 1
            places[at], logs[at] = (row << left) | column, log
            if mirror and i != j:
                at = cursor[b * blocks + a]
                cursor[b * blocks + a] = at + 1
                places[at], logs[at] = (column << left) | row, log


@njit(nogil=True, cache=True)
def _shuffle(low: Any, high: Any, seed: Any, places: Any, logs: Any) -> None:
    """Put the pairs [low, high) into random order (Fisher & Yates)."""
    for k in range(high - 1, low, -1):
        other = low + np.int64(((bits(seed, k) >> _32) * np.uint64(k - low + 1)) >> _32)
        places[k], places[other] = places[other], places[k]
        logs[k], logs[other] = logs[other], logs[k]


@njit(nogil=True, cache=True)
def _order(
    row_ends: Any,
    columns: Any,
    values: Any,
    mirror: Any,
    block: Any,
    edges: Any,
    cursor: Any,
    places: Any,
    logs: Any,
    team: Any,
) -> None:
    n = take(team, 1)
    while n < len(edges) - 1:
        _place(edges[n], edges[n + 1], row_ends, columns, values, mirror, block, edges, cursor, places, logs)
        n = take(team, 1)


@njit(nogil=True, cache=True)
def _mix(ends: Any, seed: Any, places: Any, logs: Any, team: Any) -> None:
    n = take(team, 1)
    while n < len(ends) - 1:
        _shuffle(ends[n], ends[n + 1], seed, places, logs)
        n = take(team, 1)


def order(
    row_ends: Array,
    columns: Array,
    values: Array,
    edges: Array,
    *,
    mirror: bool,
    seed: np.uint64,
    threads: int = 1,
) -> Tiles:
    """Sort the pairs of a matrix (rows [row_ends[i], row_ends[i + 1])) by tile, shuffled within each;
    `mirror`: upper half given.

    Raises:  FormatError for a column that is no word, or a count that is not finite and above 0.
    """
    blocks, size = len(edges) - 1, len(row_ends) - 1
    block = np.repeat(np.arange(blocks, dtype=np.int32), np.diff(edges))
    sizes = np.zeros(blocks * blocks, np.int64)
    bad = _sizes(row_ends, columns, values, mirror, block, blocks, sizes)
    if bad >= 0:
        raise FormatError(
            f"glove: entry {bad:,} is word {columns[bad]}, count {values[bad]}; expected a word below "
            f"{size:,}, a count above 0."
        )
    ends = np.append(0, np.cumsum(sizes))
    places, logs = (
        np.empty(ends[-1], np.uint32),
        np.zeros(ends[-1] + LANES, np.float32),
    )  # whole vectors of logs are read
    state, mixing = team(), team()
    cursor = ends[:-1].copy()
    together(
        state,
        threads,
        lambda me: _order(row_ends, columns, values, mirror, block, edges, cursor, places, logs, state),
    )
    together(mixing, threads, lambda me: _mix(ends, seed, places, logs, mixing))
    return Tiles(edges, ends, places, logs)
