"""The softmax pass of chunked on a GPU: one program a row, which reads its logits twice and writes their
gradient in their place. Maximum and sum are taken in one sweep (Milakov & Gimelshein 2018, arXiv:1805.02867).
"""

from typing import Annotated

import torch
import triton
import triton.language as tl
from torch import Tensor

COLUMNS, WARPS = 2048, 8  # of a sweep


@triton.jit
def _logits(row, bias, v, there, BIAS: tl.constexpr):
    z = tl.load(row + v, there, -float("inf")).to(tl.float32)
    if BIAS:
        z += tl.load(bias + v, there, 0.0)
    return z


@triton.jit
def _softmax_kernel(logits, bias, targets, nll, columns, stride, BIAS: tl.constexpr, C: tl.constexpr):
    n = tl.program_id(0)
    y = tl.load(targets + n)
    row = logits + n.to(tl.int64) * stride
    v = tl.arange(0, C)
    top, total, at = -float("inf"), 0.0, 0.0
    start = 0
    while start < columns:
        z = _logits(row, bias, start + v, start + v < columns, BIAS)
        new = tl.maximum(top, tl.max(z, 0))
        total = total * tl.exp(top - new) + tl.sum(tl.exp(z - new), 0)
        at += tl.sum(tl.where(start + v == y, z, 0.0), 0)  # not loaded later: another warp may have written
        top = new
        start += C
    norm = top + tl.log(total)
    live = y >= 0
    tl.store(nll + n, tl.where(live, norm - at, 0.0))
    start = 0
    while start < columns:
        there = start + v < columns
        z = _logits(row, bias, start + v, there, BIAS)
        d = tl.where(live, tl.exp(z - norm) - (start + v == y).to(tl.float32), 0.0)
        tl.store(row + start + v, d.to(logits.dtype.element_ty), there)
        start += C


def softmax_losses(
    logits: Annotated[Tensor, "N V"],
    targets: Annotated[Tensor, "N"],
    bias: Annotated[Tensor, "V"] | None,
) -> Annotated[Tensor, "N"]:
    """Σ_v -[v = target] log softmax(logits + bias)_v of each row in float32, 0 for target -1.

    The gradient softmax - [v = target] takes the place of the logits.
    """
    nll = torch.empty(len(logits), dtype=torch.float32, device=logits.device)
    if len(logits):
        _softmax_kernel[(len(logits),)](
            logits,
            logits if bias is None else bias,
            targets,
            nll,
            logits.shape[1],
            logits.stride(0),
            BIAS=bias is not None,
            C=min(COLUMNS, triton.next_power_of_2(logits.shape[1])),
            num_warps=WARPS,
        )
    return nll
