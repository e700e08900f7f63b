"""Many steps of a recurrent language model on a GPU in one launch: a program goes along time with some rows.

A step reads a token and chooses the next. Each layer: products of [input, h'] with [W, U] by tiles, from
weights that stay in the second cache, then the cell; then logits, and the choice. Rows need nothing of one
another, so programs never meet; the threads of one hand numbers on through memory, with a barrier between.
Not handled: packing, and what the kernel cannot do (persistent.py).
"""

from typing import Annotated, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from seqkit.kernels.decode.choosing.gpu import drawn, likeliest, log_prob
from seqkit.kernels.decode.plan import GRU, LSTM, MIN_GRU, RELU
from seqkit.kernels.decode.rules import BROKEN, Rules
from seqkit.kernels.primitives.activations.gpu import sigmoid, tanh
from seqkit.kernels.primitives.windows.gpu import bits

WIDE, DEPTH = 256, 16  # columns and depth of a tile of a product: what columns and sizes are padded to
UNITS, TOKENS = 64, 64  # of a layer, and logits, that are looked at together
FEW, FEW_ROWS, MANY_ROWS = 256, 4, 16  # up to FEW rows a program holds FEW_ROWS of them, else MANY_ROWS
WARPS, STAGES = 8, 4
REGISTERS = 255  # of a thread; said, so that the assembler spills none to run two programs beside
_RELU, _LSTM, _GRU, _MIN_GRU = (tl.constexpr(kind) for kind in (RELU, LSTM, GRU, MIN_GRU))
_BROKEN = tl.constexpr(BROKEN)


class Model(NamedTuple):
    """A language model as the kernel reads it.

    G: sums of a unit, 4 for LSTM and GRU (r, z, and the two parts of n apart). Sizes with a dash are padded
    by 0.
    """

    kind: int  # as plan.py has it
    size: int  # H
    layers: int  # L
    weights: Tensor  # ((2 L - 1) H', (G H)'): Uᵀ of the first layer, then Wᵀ and Uᵀ of each
    starts: Tensor  # (V + L - 1, G H): E Wᵀ + b of each token, then b of the other layers
    peepholes: Tensor | None  # (L, 3, H)
    head: Tensor  # (H', V')
    bias: Tensor  # (V,)


@triton.jit
def _product(
    x, row, low, high, weight, n, STRIDE: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr
):
    """Columns n of x · weight, from numbers low to high of the rows; x: where each row begins."""
    sums = tl.zeros((M, N), tl.float32)
    for start in range(low, high, K):
        k = start + tl.arange(0, K)
        left = tl.load(x[:, None] + k[None], row[:, None], 0.0)
        right = tl.load(weight + k[:, None] * STRIDE + n[None])
        sums = tl.dot(left, right, sums, input_precision="ieee")
    return sums


@triton.jit
def _sums(
    x,
    row,
    out,
    weights,
    layer,
    H: tl.constexpr,
    HP: tl.constexpr,
    C: tl.constexpr,
    CP: tl.constexpr,
    KIND: tl.constexpr,
    M: tl.constexpr,
    N: tl.constexpr,
    K: tl.constexpr,
):
    """[input, h'] · [W, U] of a layer; of the first only h' · U, since W x stands in `starts`."""
    x, weight = x + (layer - 1) * HP, weights + (2 * layer - 1) * HP * CP
    for first in range(0, C, N):
        n = first + tl.arange(0, N)
        low, high = tl.where(layer == 0, HP, 0), 2 * HP
        if KIND == _GRU:  # n has W x and U h' apart: where weights are 0 nothing is read
            low = tl.where(first >= 3 * H, HP, low)
            high = tl.where((first >= 2 * H) & (first + N <= 3 * H), HP, high)
        if KIND == _MIN_GRU:
            high = HP
        sums = _product(x, row, low, high, weight, n, CP, M, N, K)
        tl.store(out[:, None] + n[None], sums, row[:, None])


@triton.jit
def _gate(sums, start, number, j, there, H: tl.constexpr):
    """A gate before its squashing: what the products gave, and the token's part or the bias."""
    at = number * H + j
    return tl.load(sums[:, None] + at, there, 0.0) + tl.load(start[:, None] + at, there, 0.0)


@triton.jit
def _cell(sums, start, h, c, peepholes, row, H: tl.constexpr, KIND: tl.constexpr, J: tl.constexpr):
    """The new h and c of a layer, in place; sums, start, h, c: where each row begins."""
    for first in range(0, H, J):
        j = first + tl.arange(0, J)[None]
        there = row[:, None] & (j < H)
        a = _gate(sums, start, 0, j, there, H)
        if KIND == _LSTM:
            f, g = _gate(sums, start, 1, j, there, H), _gate(sums, start, 2, j, there, H)
            o, memory = _gate(sums, start, 3, j, there, H), tl.load(c[:, None] + j, there, 0.0)
            if peepholes is not None:
                a += tl.load(peepholes + j, j < H, 0.0) * memory
                f += tl.load(peepholes + H + j, j < H, 0.0) * memory
            memory = sigmoid(f) * memory + sigmoid(a) * tanh(g)
            if peepholes is not None:
                o += tl.load(peepholes + 2 * H + j, j < H, 0.0) * memory
            tl.store(c[:, None] + j, memory, there)
            new = sigmoid(o) * tanh(memory)
        elif KIND == _GRU:
            z, old = sigmoid(_gate(sums, start, 1, j, there, H)), tl.load(h[:, None] + j, there, 0.0)
            n = tanh(_gate(sums, start, 2, j, there, H) + sigmoid(a) * _gate(sums, start, 3, j, there, H))
            new = (1.0 - z) * n + z * old
        elif KIND == _MIN_GRU:
            z, old = sigmoid(a), tl.load(h[:, None] + j, there, 0.0)
            new = (1.0 - z) * old + z * _gate(sums, start, 1, j, there, H)
        elif KIND == _RELU:
            new = tl.where(a < 0, 0.0, a)  # nan stays nan
        else:
            new = tanh(a)
        tl.store(h[:, None] + j, new, there)


@triton.jit
def _logits(
    x,
    row,
    out,
    head,
    bias,
    HP: tl.constexpr,
    V: tl.constexpr,
    VP: tl.constexpr,
    M: tl.constexpr,
    N: tl.constexpr,
    K: tl.constexpr,
):
    """h · head + bias; x, out: where each row begins."""
    for first in range(0, V, N):
        n = first + tl.arange(0, N)
        sums = _product(x, row, 0, HP, head, n, VP, M, N, K) + tl.load(bias + n, n < V, 0.0)[None]
        tl.store(out[:, None] + n[None], sums, row[:, None])


@triton.jit(do_not_specialize=["rows", "steps", "length", "eos", "stop", "min_length"])
def write_kernel(
    given,
    found,
    states,
    weights,
    starts,
    peepholes,
    head,
    bias,
    barred,
    sums,
    logits,
    rows,
    steps,
    length,
    eos,
    stop,
    min_length,
    H: tl.constexpr,
    HP: tl.constexpr,
    C: tl.constexpr,
    CP: tl.constexpr,
    V: tl.constexpr,
    VP: tl.constexpr,
    L: tl.constexpr,
    KIND: tl.constexpr,
    GREEDY: tl.constexpr,
    SCORES: tl.constexpr,
    M: tl.constexpr,
    N: tl.constexpr,
    K: tl.constexpr,
    J: tl.constexpr,
    W: tl.constexpr,
):
    """What reference.Decoder.write does to rows; given, found: as `write` has them."""
    b = (tl.program_id(0) * M + tl.arange(0, M)).to(tl.int64)
    row = b < rows
    token, seed = tl.load(given + b, row, 0), tl.load(given + rows + b, row, 0).to(tl.uint64, bitcast=True)
    index, done = tl.load(given + 2 * rows + b, row, 0), tl.load(given + 3 * rows + b, row, 1)
    score = tl.load(given + 4 * rows + b, row, 0).to(tl.float64, bitcast=True)
    heat = tl.load(given + 5 * rows).to(tl.float64, bitcast=True)
    out, h = found + b * (4 + steps), states + b * (L * HP)
    c, sums, logits = h + rows.to(tl.int64) * (L * HP), sums + b * CP, logits + b * VP
    t, open_rows = 0, tl.sum((done == 0).to(tl.int32), 0)
    while (t < steps) & (open_rows > 0):
        for layer in range(L):
            _sums(h, row, sums, weights, layer, H, HP, C, CP, KIND, M, N, K)
            tl.debug_barrier()
            start, own = starts + tl.where(layer == 0, token, V + layer - 1) * C, layer * HP
            through = peepholes
            if peepholes is not None:
                through = peepholes + layer * 3 * H
            _cell(sums, start, h + own, c + own, through, row, H, KIND, J)
            tl.debug_barrier()
        _logits(h + (L - 1) * HP, row, logits, head, bias, HP, V, VP, M, N, K)
        tl.debug_barrier()
        early = index < min_length
        new, best, top, broken = likeliest(logits, row, early, barred, eos, V, M, W)
        if not GREEDY:
            random = bits(seed, index.to(tl.uint64)) >> 12
            u = random.to(tl.float64) * 2.220446049250313e-16  # 2^-52
            new = drawn(logits, row, early, barred, eos, best, heat, u, V, M, W)
        new = tl.where((broken != 0) | (best == float("-inf")), _BROKEN, new)
        live = done == 0
        good = live & (new != _BROKEN)
        if SCORES:
            score += tl.where(good, log_prob(logits, row, new, top, V, M, W), 0.0)
        tl.store(out + 4 + t, new.to(tl.int64), live)
        index += live.to(tl.int64)
        token = tl.where(good, new.to(tl.int64), token)
        ended = (new == _BROKEN) | (index == length) | ((stop != 0) & (new == eos))
        done = tl.where(live & ended, 1, done)
        open_rows = tl.sum((done == 0).to(tl.int32), 0)
        t += 1
    tl.store(out, token, row)
    tl.store(out + 1, index, row)
    tl.store(out + 2, done, row)
    tl.store(out + 3, score.to(tl.int64, bitcast=True), row)


def padded(size: int, to: int) -> int:
    """The next multiple."""
    return -(-size // to) * to


def write(
    model: Model,
    states: Annotated[Tensor, "S B L H"],
    given: Annotated[Tensor, "N"],
    barred: Annotated[Tensor, "V"],
    rules: Rules,
    steps: int,
    length: int,
    *,
    scores: bool,
) -> Annotated[Tensor, "B T"]:
    """Write up to `steps` tokens in open rows of at most `length`, and change the states, of padded size H'.

    given: int64, (5, B): tokens, seeds, index, done, log_probs as bits; then the temperature as float64 bits.
    Shapes:  barred (V,) uint8: what may never come -> (B, 4 + steps) int64: tokens, index, done, log_probs as
             bits, then what was written, -1 where nothing was.
    """
    (_, rows, _, wide), device = states.shape, states.device
    V, columns = len(model.bias), model.starts.shape[1]
    found = torch.full((rows, 4 + steps), -1, dtype=torch.int64, device=device)
    few = rows <= FEW
    tile = FEW_ROWS if few else MANY_ROWS
    write_kernel[(triton.cdiv(rows, tile),)](
        given,
        found,
        states,
        model.weights,
        model.starts,
        model.peepholes,
        model.head,
        model.bias,
        barred,
        torch.empty(rows, model.weights.shape[1], device=device),
        torch.empty(rows, model.head.shape[1], device=device),
        rows,
        steps,
        length,
        rules.eos,
        int(rules.stop),
        rules.min_length,
        H=model.size,
        HP=wide,
        C=columns,
        CP=model.weights.shape[1],
        V=V,
        VP=model.head.shape[1],
        L=model.layers,
        KIND=model.kind,
        GREEDY=rules.temperature == 0,
        SCORES=scores,
        M=tile,
        N=WIDE,
        K=DEPTH,
        J=UNITS,
        W=TOKENS,
        num_warps=WARPS,
        num_stages=STAGES,
        maxnreg=REGISTERS,
    )
    return found
