"""Sums over the unit rows of a matrix: second_moments.reference by torch, in float64, equal to its rounding.

Units:  about 400 MB on the GPU, whatever the matrix.
"""

from typing import Any

import numpy as np
import torch

from seqkit.core.device import gpu_memory, upload
from seqkit.core.types import Array
from seqkit.kernels.second_moments.reference import Sums

NUMBERS = 1 << 24  # in a block


@gpu_memory("debias")
def sums(matrix: Array, free: Array, device: Any) -> Sums:
    """In float64, the third sum over the rows that are `free`; the host waits once, at the end."""
    dim = matrix.shape[1]
    total = torch.zeros(dim, dtype=torch.float64, device=device)
    every, some = (torch.zeros((dim, dim), dtype=torch.float64, device=device) for _ in range(2))
    height = max(1, NUMBERS // max(1, dim))
    for start in range(0, len(matrix), height):
        x = upload(np.array(matrix[start : start + height]), device).double()
        weight = upload(free[start : start + height].astype(np.float64), device)
        length = x.square().sum(1, keepdim=True).sqrt()
        x.div_(length.masked_fill(length == 0, 1))
        total += x.sum(0)
        every.addmm_(x.T, x)
        some.addmm_(x.T, x * weight[:, None])
    first, second, third = (np.asarray(found.cpu().numpy()) for found in (total, every, some))
    return first, second, third
