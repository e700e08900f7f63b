"""The linear-chain CRF as torch operations, a few for each step. The specification of gpu.

s(x, y) = start[y_1] + Σ_t emission_t[y_t] + Σ_t>1 transition[y_t-1, y_t] + stop[y_T];  `ends` has start and
stop. mask: True at the steps that count; the others are skipped and not read, a row may have none.
"""

from typing import Annotated

import torch
from torch import Tensor

# nats of what may not be: exp of it is 0 in float32, while sums with it stay finite. bfloat16 would round the
# rest away
BARRED = -1e4


def live(steps: int, lengths: Annotated[Tensor, "B"]) -> Annotated[Tensor, "B T"]:
    """True before each row's length."""
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


def packed(
    emissions: Tensor, mask: Tensor, labels: Tensor | None = None
) -> tuple[Tensor, Tensor, Annotated[Tensor, "B"]]:
    """Each row's counted steps moved to its front, and their number; the others have emissions of 0."""
    labels = torch.zeros_like(mask, dtype=torch.int64) if labels is None else labels
    lengths = mask.sum(1)
    front = live(mask.shape[1], lengths)
    if mask.device.type != "cpu" or not torch.equal(front, mask):  # a GPU sorts sooner than it is asked
        order = torch.argsort(~mask, dim=1, stable=True)
        labels = labels.gather(1, order)
        emissions = emissions.gather(1, order[:, :, None].expand_as(emissions))
    return emissions.masked_fill(~front[:, :, None], 0.0), labels, lengths


def held(
    emissions: Annotated[Tensor, "B T C"], targets: Annotated[Tensor, "B T"]
) -> Annotated[Tensor, "B T C"]:
    """The emissions with BARRED for all labels but the target, where there is one (-1: there is none)."""
    labels = torch.arange(emissions.shape[2], device=targets.device)
    return emissions.masked_fill((targets[:, :, None] >= 0) & (targets[:, :, None] != labels), BARRED)


def log_partition(
    emissions: Annotated[Tensor, "B T C"],
    mask: Annotated[Tensor, "B T"],
    transition: Annotated[Tensor, "C C"],
    ends: Annotated[Tensor, "2 C"],
) -> Annotated[Tensor, "B"]:
    """log Σ_y exp s(x, y) of each row; 0 for a row without a step.

    α_1 = start + emission_1;  α_t[c] = emission_t[c] + log Σ_b exp(α_t-1[b] + transition[b, c]);  Σ exp(α_T +
    stop).
    """
    emissions, _, lengths = packed(emissions, mask)
    if not emissions.shape[1]:
        return emissions.sum((1, 2))
    start, stop = ends.unbind(0)
    alpha = start + emissions[:, 0]
    for t, emission in enumerate(emissions.unbind(1)[1:], 1):
        new = emission + torch.logsumexp(alpha[:, :, None] + transition, 1)
        alpha = torch.where((t < lengths)[:, None], new, alpha)
    return torch.where(lengths > 0, torch.logsumexp(alpha + stop, 1), 0.0)


def score(
    emissions: Annotated[Tensor, "B T C"],
    labels: Annotated[Tensor, "B T"],
    mask: Annotated[Tensor, "B T"],
    transition: Annotated[Tensor, "C C"],
    ends: Annotated[Tensor, "2 C"],
) -> Annotated[Tensor, "B"]:
    """s(x, y) of each row."""
    emissions, labels, lengths = packed(emissions, mask, labels)
    if not emissions.shape[1]:
        return emissions.sum((1, 2))
    start, stop = ends.unbind(0)
    front = live(emissions.shape[1], lengths)
    labels = labels.masked_fill(~front, 0)
    steps = emissions.gather(2, labels[:, :, None])[:, :, 0]
    pairs = transition[labels[:, :-1], labels[:, 1:]] * front[:, 1:]
    last = labels.gather(1, (lengths - 1).clamp(min=0)[:, None])[:, 0]
    return (steps * front).sum(1) + pairs.sum(1) + (start[labels[:, 0]] + stop[last]) * (lengths > 0)


def loss(
    emissions: Annotated[Tensor, "B T C"],
    targets: Annotated[Tensor, "B T"],
    mask: Annotated[Tensor, "B T"],
    transition: Annotated[Tensor, "C C"],
    ends: Annotated[Tensor, "2 C"],
    *,
    all_known: bool,
) -> Annotated[Tensor, "B"]:
    """-log p(targets | x) of each row in nats; unless all are known, all labels count where one is -1."""
    if all_known:
        right = score(emissions, targets, mask, transition, ends)
    else:
        # views, so that the gradients of either side are summed by themselves, as they ever were
        own = transition.view_as(transition), ends.view_as(ends)
        right = log_partition(held(emissions, targets), mask, *own)
    return log_partition(emissions, mask, transition, ends) - right


def viterbi(
    emissions: Annotated[Tensor, "B T C"],
    mask: Annotated[Tensor, "B T"],
    transition: Annotated[Tensor, "C C"],
    ends: Annotated[Tensor, "2 C"],
) -> Annotated[Tensor, "B T"]:
    """The labels of largest s(x, y), the first of equals; -1 where the mask is False.

    `log_partition` with max in place of log Σ exp, and the label of each maximum.
    """
    emissions, _, lengths = packed(emissions, mask)
    if not emissions.shape[1]:
        return torch.full(mask.shape, -1, dtype=torch.int64, device=mask.device)
    start, stop = ends.unbind(0)
    best, stay = start + emissions[:, 0], torch.arange(len(start), device=lengths.device)
    back = []
    for t, emission in enumerate(emissions.unbind(1)[1:], 1):
        value, source = (best[:, :, None] + transition).max(1)
        going = (t < lengths)[:, None]
        best = torch.where(going, value + emission, best)
        back.append(torch.where(going, source, stay))
    path = [(best + stop).argmax(1)]
    for source in reversed(back):
        path.append(source.gather(1, path[-1][:, None])[:, 0])
    places = (mask.cumsum(1) - 1).clamp(min=0)  # of each step among the packed ones
    return torch.stack(path[::-1], 1).gather(1, places).masked_fill(~mask, -1)
