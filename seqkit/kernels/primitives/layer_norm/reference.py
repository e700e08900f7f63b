"""Layer normalisation of rows and its gradient (Ba et al. 2016, arXiv:1607.06450): the specification."""

import torch
from torch import Tensor

EPSILON = 1e-5


def normalise(x: Tensor) -> tuple[Tensor, Tensor]:
    """x̂ = (x - mean) · s and s = 1 / √(var + ε), over the last axis; var is divided by n."""
    scale = torch.rsqrt(x.var(-1, correction=0) + EPSILON)
    return (x - x.mean(-1, keepdim=True)) * scale[..., None], scale


def normalise_back(d: Tensor, x_hat: Tensor, scale: Tensor) -> Tensor:
    """dx = s · (d - mean(d) - x̂ · mean(d ∘ x̂)) for d, the gradient of x̂."""
    return scale[..., None] * (d - d.mean(-1, keepdim=True) - x_hat * (d * x_hat).mean(-1, keepdim=True))
