"""GloVe on a GPU: glove.reference in Triton, pairs in the order of the CPU's tiles.

A program has one pair after the other, of a stretch of the order that is its own. Rows are added to by
atomics, which return the sums of squares as they were: what a change is divided by. Another program's change
of the same row may be seen late; programs that run one after the other give the reference.
"""

import math
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
import triton
import triton.language as tl
from torch import Tensor

from seqkit.core.device import upload
from seqkit.core.types import Array
from seqkit.kernels.glove.reference import CLIP, Parameters, Rule
from seqkit.kernels.primitives.windows.gpu import FRESH

PROGRAMS = 1 << 14  # at most; a GPU runs some 4,000 of them at once
PAIRS = 16  # of a program at least
LIMIT = tl.constexpr(CLIP)


class Pairs(NamedTuple):
    """Pairs on the device in the order of tiles, each with the logarithm of its count."""

    rows: Tensor  # (N,) int32
    columns: Tensor  # (N,) int32
    logs: Tensor  # (N,) float32


def pairs_of(tiles: Any, device: torch.device) -> Pairs:  # Any: glove.tiles.cpu.Tiles, which is numba's
    """The pairs of tiles, with words numbered in the vocabulary and not in their blocks."""
    blocks, number = len(tiles.edges) - 1, int(tiles.ends[-1])
    found = Pairs(
        *(
            torch.empty(number, dtype=dtype, device=device)
            for dtype in (torch.int32, torch.int32, torch.float32)
        )
    )
    for block in range(blocks):
        ends = tiles.ends[block * blocks : (block + 1) * blocks + 1]
        low, high = int(ends[0]), int(ends[-1])
        places = tiles.places[low:high]
        rows = tiles.edges[block] + (places >> 16).astype(np.int32)
        columns = np.repeat(tiles.edges[:-1], np.diff(ends)) + (places & 0xFFFF)
        for tensor, array in zip(found, (rows, columns, tiles.logs[low:high]), strict=True):
            tensor[low:high] = upload(np.array(array), device, tensor.dtype)
    return found


@triton.jit
def adagrad(row, there, y, rate, scale, step, SQUARES: tl.constexpr):
    """Change one row by the gradient rate · y; its sums of squares lie SQUARES on."""
    g = tl.minimum(tl.maximum(rate * y, -LIMIT), LIMIT) * scale
    before = tl.atomic_add(row + SQUARES, g * g, there, sem="relaxed")
    before = tl.where(there, before, 1.0)
    tl.atomic_add(row, -step * g / tl.sqrt(before), there, sem="relaxed")


@triton.jit
def bias_adagrad(bias, g, step):
    """Change one bias by the gradient g; its sum of squares is the next number."""
    before = tl.atomic_add(bias + 1, g * g, sem="relaxed")
    tl.atomic_add(bias, -step * g / tl.sqrt(before), sem="relaxed")


@triton.jit
def glove_kernel(
    words,
    contexts,
    word_biases,
    context_biases,
    rows,
    columns,
    logs,
    order,
    cost,
    number,
    scale,
    step,
    bias_scale,
    bias_step,
    log_x_max,
    alpha,
    D: tl.constexpr,
    STRIDE: tl.constexpr,
    BD: tl.constexpr,
):
    """The pairs order[k] of a stretch; rows of STRIDE numbers, the second half of them sums of squares."""
    me = tl.program_id(0)
    each = tl.cdiv(number, tl.num_programs(0))
    k = me * each
    last = tl.minimum(k + each, number)
    d = tl.arange(0, BD)
    there = d < D
    total = tl.full((), 0.0, tl.float64)
    while k < last:
        pair = tl.load(order + k)
        i, j = tl.load(rows + pair).to(tl.int64), tl.load(columns + pair).to(tl.int64)
        log_x = tl.load(logs + pair)
        word, context = words + i * STRIDE + d, contexts + j * STRIDE + d
        theta = tl.load(word, there, 0.0, cache_modifier=FRESH)
        e = tl.load(context, there, 0.0, cache_modifier=FRESH)
        b, c = word_biases + 2 * i, context_biases + 2 * j
        b_i, c_j = tl.load(b, cache_modifier=FRESH), tl.load(c, cache_modifier=FRESH)
        diff = tl.sum(theta * e, 0) + b_i + c_j - log_x
        rate = tl.minimum(tl.exp(alpha * (log_x - log_x_max)), 1.0) * diff
        total += (0.5 * rate * diff).to(tl.float64)
        adagrad(word, there, e, rate, scale, step, STRIDE // 2)
        adagrad(context, there, theta, rate, scale, step, STRIDE // 2)
        bias_adagrad(b, bias_scale * rate, bias_step)
        bias_adagrad(c, bias_scale * rate, bias_step)
        k += 1
    tl.store(cost + me, total)


def train(
    pairs: Pairs, spans: Annotated[Array, "S 2"], parameters: Parameters, rule: Rule, *, dim: int
) -> tuple[float, int]:
    """Visit the pairs [spans[s, 0], spans[s, 1]), one span after the other.

    Shapes:  words, contexts (V, 2 D): a vector and its sums of squares, of which `dim` numbers each are used;
             biases (V, 2). All are tensors on the device.
    Returns:  sum of costs, number of pairs; the host waits for the sum.
    """
    words: Any = parameters.words
    device, sizes = words.device, spans[:, 1] - spans[:, 0]
    number = int(sizes.sum())
    if number == 0:
        return 0.0, 0
    shifts = spans[:, 0] - np.cumsum(sizes) + sizes
    shift, size = (upload(np.array(each, np.int64), device) for each in (shifts, sizes))
    order = torch.arange(number, device=device) + torch.repeat_interleave(shift, size, output_size=number)
    programs = max(min(number // PAIRS, PROGRAMS), 1)
    cost = torch.zeros(programs, dtype=torch.float64, device=device)
    glove_kernel[(programs,)](
        *parameters,
        *pairs,
        order,
        cost,
        number,
        rule.scale,
        rule.step,
        rule.bias_scale,
        rule.bias_step,
        math.log(rule.x_max),
        rule.alpha,
        D=-(-dim // 4) * 4,
        STRIDE=words.stride(0),
        BD=triton.next_power_of_2(dim),
        num_warps=min(max(triton.next_power_of_2(dim) // 256, 1), 8),
    )
    return float(cost.sum()), number
