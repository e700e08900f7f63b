"""h_t = a_t ∘ h_{t-1} + b_t, step by step. The specification of scan and gpu."""

from typing import Annotated

import torch
from torch import Tensor


def scan(
    a: Annotated[Tensor, "B T H"], b: Annotated[Tensor, "B T H"], h: Annotated[Tensor, "B H"]
) -> Annotated[Tensor, "B T H"]:
    """All h_t, from h_{-1} = h."""
    steps = []
    for t in range(a.shape[1]):
        h = a[:, t] * h + b[:, t]
        steps.append(h)
    return torch.stack(steps, 1) if steps else b
