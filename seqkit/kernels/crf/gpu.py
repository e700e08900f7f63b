"""The linear-chain CRF on a GPU: one program a sentence, which holds α and the transitions and goes along T.

α, and β on the way back, have their maximum taken out at every step, so that shares of labels are as exact
in a long sentence as in a short one. Masked steps are passed by where they stand. Sums over sentences
are made in their order: the same bytes every time.
"""

from typing import Annotated, Any, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from seqkit.kernels.crf.reference import BARRED

FREE, LOSS, HELD = 0, 1, 2  # log Z; log Z - s(x, targets); log Z with the known targets held
_LOSS, _HELD, _BARRED = tl.constexpr(LOSS), tl.constexpr(HELD), tl.constexpr(BARRED)
_NONE = tl.constexpr(-1e30)  # of lanes beyond the labels; sums with it stay finite


class Saved(NamedTuple):
    """What the way back reads: α less its maximum (B, T, C), those maxima (B, T), the steps counted (B,)."""

    alphas: Tensor
    tops: Tensor
    counts: Tensor


@triton.jit
def _log_sum(z, axis: tl.constexpr):
    top = tl.max(z, axis)
    return top + tl.log(tl.sum(tl.exp(z - tl.expand_dims(top, axis)), axis))


@triton.jit
def _log_total(z):
    top = tl.max(z, 0)
    return top + tl.log(tl.sum(tl.exp(z - top), 0))


@triton.jit
def _moves(transition, C: tl.constexpr, P: tl.constexpr):
    c = tl.arange(0, P)
    return tl.load(transition + c[:, None] * C + c[None], (c < C)[:, None] & (c < C)[None], _NONE)


@triton.jit
def partition_kernel(
    emissions,
    transition,
    ends,
    mask,
    targets,
    alphas,
    tops,
    counts,
    out,
    T,
    C: tl.constexpr,
    KIND: tl.constexpr,
    P: tl.constexpr,
):
    """α along the steps; out: log Z, less the score of the targets if KIND is LOSS."""
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, P)
    there = c < C
    moves, start = _moves(transition, C, P), tl.load(ends + c, there, _NONE)
    alpha = tl.full((P,), _NONE, tl.float32)
    total, count, before, t = 0.0, 0, 0, 0
    while t < T:
        at = row * T + t
        live = tl.load(mask + at) != 0
        emission = tl.where(live, tl.load(emissions + at * C + c, there, _NONE), 0.0)
        if KIND != 0:
            target = tl.load(targets + at).to(tl.int32)
        if KIND == _HELD:
            emission = tl.where((target >= 0) & (c != target) & there, _BARRED, emission)
        new = emission + tl.where(count > 0, _log_sum(alpha[:, None] + moves, 0), start)
        top = tl.where(live, tl.max(new, 0), 0.0)
        alpha = tl.where(there, tl.where(live, new - top, alpha), _NONE)
        total += top
        if KIND == _LOSS:
            known = live & (target >= 0) & (target < C)
            step = tl.sum(tl.where(c == target, emission, 0.0), 0)
            step += tl.load(transition + before * C + target, known & (count > 0), 0.0)
            step += tl.load(ends + target, known & (count == 0), 0.0)
            total -= tl.where(live, tl.where(known, step, float("nan")), 0.0)
            before = tl.where(known, target, before)
        if alphas is not None:
            tl.store(alphas + at * C + c, alpha, there)
            tl.store(tops + at, top)
        count += live.to(tl.int32)
        t += 1
    total += _log_total(alpha + tl.load(ends + C + c, there, _NONE))
    if KIND == _LOSS:
        total -= tl.load(ends + C + before)
    tl.store(out + row, tl.where(count > 0, total, 0.0))
    if alphas is not None:
        tl.store(counts + row, count)


@triton.jit
def shares_kernel(
    emissions,
    transition,
    ends,
    mask,
    targets,
    alphas,
    tops,
    counts,
    upstream,
    stride,
    d_emissions,
    d_weights,
    T,
    C: tl.constexpr,
    KIND: tl.constexpr,
    P: tl.constexpr,
):
    """β along the steps back; d_weights (B, C + 2, C): of start, stop and the transitions.

    The gradient of log Z is the share of each label and of each pair, that of the score is 1 at the targets.
    """
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, P)
    there = c < C
    moves, beta = _moves(transition, C, P), tl.load(ends + C + c, there, _NONE)
    scale, count = tl.load(upstream + row * stride), tl.load(counts + row)
    d_start, d_stop = tl.zeros((P,), tl.float32), tl.zeros((P,), tl.float32)
    d_moves = tl.zeros((P, P), tl.float32)
    left, after, t = count, -1, T - 1
    while t >= 0:
        at = row * T + t
        live = tl.load(mask + at) != 0
        emission = tl.where(live, tl.load(emissions + at * C + c, there, _NONE), 0.0)
        free = there & live
        if KIND != 0:
            target = tl.load(targets + at).to(tl.int32)
        if KIND == _HELD:
            barred = (target >= 0) & (c != target) & there
            emission, free = tl.where(barred, _BARRED, emission), free & (barred == 0)
        both = tl.load(alphas + at * C + c, there, _NONE) + beta
        total = _log_total(both)
        share = tl.where(live & there, tl.exp(both - total), 0.0)
        onward = moves + (emission + beta)[None]
        old = tl.load(alphas + (at - 1) * C + c, there & (t > 0), _NONE)
        pair = tl.exp(tl.where(live, old[:, None] + onward - tl.load(tops + at) - total, _NONE))
        if KIND == _LOSS:
            share -= tl.where(live & (c == target), 1.0, 0.0)
            pair -= tl.where(live & (c[:, None] == target) & (c[None] == after), 1.0, 0.0)
            after = tl.where(live, target, after)
        tl.store(d_emissions + at * C + c, tl.where(free, share, 0.0) * scale, there)
        d_start += tl.where(live & (left == 1), share, 0.0)
        d_stop += tl.where(live & (left == count), share, 0.0)
        d_moves += pair
        new = _log_sum(onward, 1)
        beta = tl.where(there, tl.where(live, new - tl.max(new, 0), beta), _NONE)
        left -= live.to(tl.int32)
        t -= 1
    d_weights += row * (C + 2) * C
    tl.store(d_weights + c, d_start * scale, there)
    tl.store(d_weights + C + c, d_stop * scale, there)
    at = 2 * C + c[:, None] * C + c[None]
    tl.store(d_weights + at, d_moves * scale, there[:, None] & there[None])


@triton.jit
def viterbi_kernel(emissions, transition, ends, mask, back, path, T, C: tl.constexpr, P: tl.constexpr):
    """The best way to each label along the steps, with the label before; then back from the best end."""
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, P)
    there = c < C
    moves, start = _moves(transition, C, P), tl.load(ends + c, there, _NONE)
    best, begun, t = tl.full((P,), _NONE, tl.float32), 0, 0
    while t < T:
        at = row * T + t
        live = tl.load(mask + at) != 0
        emission = tl.load(emissions + at * C + c, there, _NONE)
        value, source = tl.max(best[:, None] + moves, 0, return_indices=True)
        tl.store(back + at * C + c, source, there)
        new = tl.where(begun > 0, value, start) + emission
        best = tl.where(there, tl.where(live, new, best), _NONE)
        begun += live.to(tl.int32)
        t += 1
    label = tl.argmax(best + tl.load(ends + C + c, there, _NONE), 0)
    tl.debug_barrier()  # `back` was written by other threads
    t = T - 1
    while t >= 0:
        at = row * T + t
        live = tl.load(mask + at) != 0
        tl.store(path + at, tl.where(live, label, -1))
        label = tl.where(live, tl.load(back + at * C + label).to(tl.int32), label)
        t -= 1


def _sizes(classes: int) -> dict[str, int]:
    """Lanes and warps of a program."""
    lanes = max(8, triton.next_power_of_2(classes))
    return {"P": lanes, "num_warps": 1 if lanes <= 16 else 4 if lanes <= 32 else 8}


def _ready(emissions: Tensor, mask: Tensor, targets: Tensor | None) -> tuple[Any, Any, Any]:
    rows = None if targets is None else targets.contiguous()
    return emissions.contiguous(), mask.contiguous().view(torch.uint8), rows


def partition(
    emissions: Annotated[Tensor, "B T C"],
    mask: Annotated[Tensor, "B T"],
    transition: Annotated[Tensor, "C C"],
    ends: Annotated[Tensor, "2 C"],
    targets: Annotated[Tensor, "B T"] | None = None,
    kind: int = FREE,
    *,
    keep: bool = True,
) -> tuple[Annotated[Tensor, "B"], Saved | None]:
    """What `kind` says of each row, and, with `keep`, what `gradients` needs."""
    (rows, steps, classes), device = emissions.shape, emissions.device
    out = torch.empty(rows, device=device)
    saved = (
        Saved(
            torch.empty(rows, steps, classes, device=device),
            torch.empty(rows, steps, device=device),
            torch.empty(rows, dtype=torch.int32, device=device),
        )
        if keep
        else None
    )
    x, there, y = _ready(emissions, mask, targets)
    partition_kernel[(rows,)](
        x,
        transition.contiguous(),
        ends.contiguous(),
        there,
        y,
        *(saved or (None, None, None)),
        out,
        steps,
        C=classes,
        KIND=kind,
        **_sizes(classes),
    )
    return out, saved


def gradients(
    emissions: Annotated[Tensor, "B T C"],
    mask: Annotated[Tensor, "B T"],
    transition: Annotated[Tensor, "C C"],
    ends: Annotated[Tensor, "2 C"],
    targets: Annotated[Tensor, "B T"] | None,
    kind: int,
    saved: Saved,
    upstream: Annotated[Tensor, "B"],
) -> tuple[Annotated[Tensor, "B T C"], Annotated[Tensor, "C C"], Annotated[Tensor, "2 C"]]:
    """The gradients of emissions, transition and ends, from that of each row's result."""
    (rows, steps, classes), device = emissions.shape, emissions.device
    d_emissions = torch.empty(rows, steps, classes, device=device)
    d_weights = torch.empty(rows, classes + 2, classes, device=device)
    x, there, y = _ready(emissions, mask, targets)
    shares_kernel[(rows,)](
        x,
        transition.contiguous(),
        ends.contiguous(),
        there,
        y,
        *saved,
        upstream,
        upstream.stride(0),
        d_emissions,
        d_weights,
        steps,
        C=classes,
        KIND=kind,
        **_sizes(classes),
    )
    whole = d_weights.sum(0)
    return d_emissions, whole[2:], whole[:2]


def viterbi(
    emissions: Annotated[Tensor, "B T C"],
    mask: Annotated[Tensor, "B T"],
    transition: Annotated[Tensor, "C C"],
    ends: Annotated[Tensor, "2 C"],
) -> Annotated[Tensor, "B T"]:
    """The likeliest labels, -1 where the mask is False."""
    (rows, steps, classes), device = emissions.shape, emissions.device
    back = torch.empty(rows, steps, classes, dtype=torch.uint8, device=device)
    path = torch.empty(rows, steps, dtype=torch.int64, device=device)
    x, there, _ = _ready(emissions, mask, None)
    viterbi_kernel[(rows,)](
        x, transition.contiguous(), ends.contiguous(), there, back, path, steps, C=classes, **_sizes(classes)
    )
    return path
