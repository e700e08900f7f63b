"""h_t = a_t ∘ h_{t-1} + b_t on a GPU: one program a row and some columns, the steps in chunks.

A chunk is scanned in parallel: (a, b) then (c, d) is (a c, b c + d), which is associative. Each number is
read and written once.  Source:  Blelloch 1990, Prefix Sums and Their Applications, section 1.4.
"""

from typing import Annotated

import torch
import triton
import triton.language as tl
from torch import Tensor

STEPS, COLUMNS, WARPS = 32, 32, 4  # of a program at once


@triton.jit
def _then(a, b, c, d):
    return a * c, b * c + d


@triton.jit
def _scan_kernel(a, b, h0, y, steps, columns, T: tl.constexpr, H: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    j = tl.program_id(1) * H + tl.arange(0, H)
    h = tl.load(h0 + row * columns + j, j < columns, 0.0)
    start = 0
    while start < steps:
        t = start + tl.arange(0, T)
        at = (row * steps + t[:, None]) * columns + j[None]
        there = (t < steps)[:, None] & (j < columns)[None]
        factor, sum_ = tl.associative_scan(
            (tl.load(a + at, there, 1.0), tl.load(b + at, there, 0.0)), 0, _then
        )
        found = factor * h[None] + sum_
        tl.store(y + at, found, there)
        h = tl.sum(tl.where((tl.arange(0, T) == T - 1)[:, None], found, 0.0), 0)
        start += T


def scan(
    a: Annotated[Tensor, "B T H"], b: Annotated[Tensor, "B T H"], h: Annotated[Tensor, "B H"]
) -> Annotated[Tensor, "B T H"]:
    """All h_t, from h_{-1} = h; without gradients."""
    a, b, h, y = (
        a.contiguous(),
        b.contiguous(),
        h.contiguous(),
        torch.empty_like(b, memory_format=torch.contiguous_format),
    )
    rows, steps, columns = a.shape
    grid = (rows, triton.cdiv(columns, COLUMNS))
    _scan_kernel[grid](a, b, h, y, steps, columns, T=STEPS, H=COLUMNS, num_warps=WARPS)
    return y
