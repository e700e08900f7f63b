"""The linear-chain CRF with gradients: kernels of a GPU where there are some, else torch's operations.

The arguments are those of `reference`. Kernels: up to 64 labels, in float32.
"""

from typing import Annotated, Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seqkit.core.device import has_kernels
from seqkit.kernels.crf import reference

MOST_CLASSES = 64  # of a kernel, which holds all transitions


def _by_kernels(emissions: Tensor) -> bool:
    few = emissions.shape[2] <= MOST_CLASSES
    return has_kernels(emissions.device) and few and emissions.dtype == torch.float32


class _Partition(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        emissions: Tensor,
        mask: Tensor,
        transition: Tensor,
        ends: Tensor,
        targets: Tensor | None,
        kind: int,
    ) -> Tensor:
        from seqkit.kernels.crf import gpu

        given = (emissions, mask, transition, ends, targets)
        out, saved = gpu.partition(*given, kind, keep=any(ctx.needs_input_grad))
        ctx.save_for_backward(*given, *(saved or ()))
        ctx.kind = kind
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Any, ...]:
        from seqkit.kernels.crf import gpu

        emissions, mask, transition, ends, targets, *saved = ctx.saved_tensors
        d_emissions, d_transition, d_ends = gpu.gradients(
            emissions, mask, transition, ends, targets, ctx.kind, gpu.Saved(*saved), upstream
        )
        return d_emissions, None, d_transition, d_ends, None, None


def _partition(*given: Tensor | int | None) -> Tensor:
    return _Partition.apply(*given)  # type: ignore[no-untyped-call]  # torch's own


def log_partition(
    emissions: Annotated[Tensor, "B T C"],
    mask: Annotated[Tensor, "B T"],
    transition: Annotated[Tensor, "C C"],
    ends: Annotated[Tensor, "2 C"],
) -> Annotated[Tensor, "B"]:
    """log Z of each row; 0 for a row without a step."""
    if not _by_kernels(emissions):
        return reference.log_partition(emissions, mask, transition, ends)
    from seqkit.kernels.crf import gpu

    return _partition(emissions, mask, transition, ends, None, gpu.FREE)


def loss(
    emissions: Annotated[Tensor, "B T C"],
    targets: Annotated[Tensor, "B T"],
    mask: Annotated[Tensor, "B T"],
    transition: Annotated[Tensor, "C C"],
    ends: Annotated[Tensor, "2 C"],
    *,
    all_known: bool,
) -> Annotated[Tensor, "B"]:
    """-log p(targets | x) of each row in nats."""
    if not _by_kernels(emissions):
        return reference.loss(emissions, targets, mask, transition, ends, all_known=all_known)
    from seqkit.kernels.crf import gpu

    given = (emissions, mask, transition, ends, targets)
    if all_known:
        return _partition(*given, gpu.LOSS)
    return _partition(*given, gpu.FREE) - _partition(*given, gpu.HELD)


def viterbi(
    emissions: Annotated[Tensor, "B T C"],
    mask: Annotated[Tensor, "B T"],
    transition: Annotated[Tensor, "C C"],
    ends: Annotated[Tensor, "2 C"],
) -> Annotated[Tensor, "B T"]:
    """The likeliest labels, -1 where the mask is False; without gradients."""
    if not _by_kernels(emissions):
        return reference.viterbi(emissions, mask, transition, ends)
    from seqkit.kernels.crf import gpu

    return gpu.viterbi(emissions, mask, transition, ends)
