"""h_t = a_t ∘ h_{t-1} + b_t for all t with gradients: in log₂ T passes, or by one kernel on a GPU."""

from typing import Annotated, Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seqkit.core.device import has_kernels


def doubling(a: Annotated[Tensor, "B T H"], b: Annotated[Tensor, "B T H"]) -> Annotated[Tensor, "B T H"]:
    """The recurrence from h = 0: after pass k each place covers the last 2^k steps (Hillis & Steele 1986)."""
    a, b, by = a.clone(), b.clone(), 1
    while by < b.shape[1]:
        b = torch.cat([b[:, :by], b[:, by:] + a[:, by:] * b[:, :-by]], 1)
        a = torch.cat([a[:, :by], a[:, by:] * a[:, :-by]], 1)
        by *= 2
    return b


def _all_steps(a: Tensor, b: Tensor, h: Tensor | None) -> Tensor:
    """The recurrence from h, or from 0."""
    if has_kernels(a.device):
        from seqkit.kernels.linear_scan import gpu

        return gpu.scan(a, b, a.new_zeros(a.shape[0], a.shape[2]) if h is None else h)
    return doubling(a, b if h is None else torch.cat([b[:, :1] + a[:, :1] * h[:, None], b[:, 1:]], 1))


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, h: Tensor) -> Tensor:
        y = _all_steps(a, b, h)
        ctx.save_for_backward(a, h, y)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, h, y = ctx.saved_tensors
        later = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], 1)  # db_t = dy_t + a_{t+1} db_{t+1}
        db = _all_steps(later.flip(1), dy.flip(1), None).flip(1)
        return db * torch.cat([h[:, None], y[:, :-1]], 1), db, db[:, 0] * a[:, 0]


def scan(
    a: Annotated[Tensor, "B T H"], b: Annotated[Tensor, "B T H"], h: Annotated[Tensor, "B H"]
) -> Annotated[Tensor, "B T H"]:
    """All h_t, from h_{-1} = h, with gradients.  a within [0, 1] keeps it as exact as the loop."""
    return _Scan.apply(a, b, h) if a.shape[1] else b  # type: ignore[no-untyped-call]  # torch's own
