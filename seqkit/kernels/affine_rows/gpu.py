"""x → M x + c for each row: affine_rows.reference by torch, in float64, so equal to its rounding.

Units:  24 D bytes a row on the GPU, while it runs.
"""

from typing import Any

import numpy as np

from seqkit.core.device import gpu_memory, upload
from seqkit.core.types import Array


@gpu_memory("debias")
def affine(rows: Array, linear: Array, shift: Array, unit: bool, device: Any) -> Array:
    """M x + c; with `unit`, of x made unit first, and a row of zeros stays."""
    x, m, c = (upload(np.array(array), device).double() for array in (rows, linear, shift))
    if not unit:
        return np.asarray((x @ m.T + c).cpu().numpy())
    length = x.square().sum(1, keepdim=True).sqrt()
    found = x.div_(length.masked_fill(length == 0, 1)) @ m.T + c
    return np.asarray(found.masked_fill_(length == 0, 0).cpu().numpy())
