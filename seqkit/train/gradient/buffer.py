"""The gradients of all parameters in one buffer, so that one operation sums or scales them all."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

from seqkit.core.errors import OptionError
from seqkit.train.gradient.options import GradientOptions

_ALIGN = 16  # numbers: gradients start on cache lines, as tensors of their own would


class GradientBuffer:
    """parts: the gradient of each parameter. sums: all of them, then the `tail` numbers of the world's own.

    Raises:  OptionError unless all parameters are float32 or all float64, on one device.
    """

    def __init__(self, parameters: Mapping[str, Parameter], tail: int) -> None:
        self.parameters = parameters
        trained = list(parameters.values())
        kinds = {(p.dtype, p.device) for p in trained}
        if len(kinds) != 1 or trained[0].dtype not in (torch.float32, torch.float64):
            found = ", ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds)) or "none to train"
            raise OptionError(
                f"gradient: got parameters {found}; expected all float32 or all float64, on one device."
            )
        starts = np.cumsum([0] + [-(-p.numel() // _ALIGN) * _ALIGN for p in trained])
        self._size = int(starts[-1])
        self.sums = torch.zeros(self._size + tail, dtype=trained[0].dtype, device=trained[0].device)
        self.tail = self.sums[self._size :]
        flats = (self.sums[start : start + p.numel()] for p, start in zip(trained, starts[:-1], strict=True))
        self.parts = [flat.view(p.shape) for flat, p in zip(flats, trained, strict=True)]

    def attach(self) -> None:
        """Let the backward pass add to the buffer, also after someone called zero_grad."""
        for p, gradient in zip(self.parameters.values(), self.parts, strict=True):
            if p.grad is not gradient:
                p.grad = gradient

    def scale(self, count: int, options: GradientOptions) -> float:
        """Divide the sums by `count` predictions, clip them, add L1; return the norm before clipping.

        If the norm is not finite, nothing is changed.
        """
        sums = self.sums[: self._size]
        norm: float = torch.linalg.vector_norm(sums).item() / count
        if not math.isfinite(norm):
            return norm
        sums.mul_(min(1.0, options.clip / (norm + 1e-6)) / count if options.clip else 1 / count)
        self._limit(options)
        return norm

    def scale_unseen(self, count: int, options: GradientOptions) -> Tensor:
        """The same with the norm left on the device; the gradients may end as numbers that are not finite."""
        sums = self.sums[: self._size]
        norm: Tensor = torch.linalg.vector_norm(sums) / count
        sums.mul_((options.clip / (norm + 1e-6)).clamp(max=1.0) / count if options.clip else 1 / count)
        self._limit(options)
        return norm

    def _limit(self, options: GradientOptions) -> None:
        sums = self.sums[: self._size]
        if options.clip_value:
            sums.clamp_(-options.clip_value, options.clip_value)
        if options.l1:
            for p in self.parameters.values():
                if p.grad is not None and p.ndim > 1:
                    p.grad.add_(p.detach().sign(), alpha=options.l1)

    def worst(self) -> str:
        """The parameter whose gradient has the largest share of numbers that are not finite, and how many."""
        counts = {
            name: (int((~g.isfinite()).sum()), g.double().abs().max().item(), g.numel())
            for name, g in zip(self.parameters, self.parts, strict=True)
            if g.numel()
        }
        name, (broken, _, size) = max(counts.items(), key=lambda item: (item[1][0] / item[1][2], item[1][1]))
        return f"{name}, {broken:,} of {size:,} numbers not finite"
