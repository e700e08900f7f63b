"""Gradient checking as the course has it: one number that says whether a model's gradients are right."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seqkit.core.errors import OptionError


@dataclass(frozen=True)
class GradientCheck:
    """The relative error over all parameters and of each: below 1e-7 is right, above 1e-5 is suspect."""

    error: float
    by_parameter: dict[str, float]
    count: int


def gradient_check(model: nn.Module, loss: Callable[[], Tensor], *, epsilon: float = 1e-6) -> GradientCheck:
    """Compare autograd with central differences, number by number.

    error = ‖d - d̂‖ / (‖d‖ + ‖d̂‖),  d̂_i = (J(θ_i + ε) - J(θ_i - ε)) / 2ε

    loss: gives J for the model as it stands, the same each time (no dropout). The model must be in float64,
    since differences of float32 losses are mostly rounding. Costs two losses a parameter.
    Raises:  OptionError for a model that is not in float64 or has no parameters.
    """
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad and p.numel()}
    if not parameters or any(p.dtype != torch.float64 for p in parameters.values()):
        raise OptionError(
            "gradient_check: got a model without parameters or not in float64. Call model.double() first."
        )
    exact = torch.autograd.grad(loss(), list(parameters.values()), allow_unused=True, materialize_grads=True)
    squares, by_parameter, count = [0.0, 0.0, 0.0], {}, 0
    for (name, parameter), d in zip(parameters.items(), exact, strict=True):
        near = torch.empty_like(d)
        flat, out = parameter.data.view(-1), near.view(-1)
        for i in range(flat.numel()):
            before = float(flat[i])
            flat[i] = before + epsilon
            high = float(loss().detach())
            flat[i] = before - epsilon
            out[i] = (high - float(loss().detach())) / (2 * epsilon)
            flat[i] = before
        norms = [float((d - near).norm()), float(d.norm()), float(near.norm())]
        by_parameter[name] = norms[0] / max(norms[1] + norms[2], 1e-300)
        squares = [total + n * n for total, n in zip(squares, norms, strict=True)]
        count += flat.numel()
    error = squares[0] ** 0.5 / max(squares[1] ** 0.5 + squares[2] ** 0.5, 1e-300)
    return GradientCheck(error, by_parameter, count)
