"""Skip-gram and CBOW with the softmax over all words on a GPU: full_softmax.reference as products of torch.

A mini-batch has as many rows as it has tokens, also those that were thinned out, which count for nothing: the
host then need not know how many were kept. Products are exact float32. Not handled: the same bytes twice, as
rows are added up in any order.
"""

from typing import Any

import torch
from torch import Tensor

from seqkit.core.device import float32_products
from seqkit.kernels.full_softmax.reference import Plan
from seqkit.kernels.primitives.windows.gpu import Kept, contexts, keep
from seqkit.kernels.primitives.windows.settings import Matrices, Stretch

LOGITS = 1 << 28  # numbers of logits at once at most
AHEAD = 1 << 14  # tokens whose windows are made at once, if a mini-batch is not larger


def _gradient(h: Tensor, output: Tensor, targets: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """∂loss/∂h, ∂loss/∂output, loss of h (B, D) with targets (B, T), of which `wanted` (B, T) count."""
    dh, change = torch.empty_like(h), torch.zeros_like(output)
    loss = torch.zeros((), dtype=torch.float64, device=h.device)
    number = wanted.sum(1)
    at_once = max(LOGITS // len(output), 1)
    for low in range(0, len(h), at_once):
        part = slice(low, low + at_once)
        logits = h[part] @ output.T
        log_z = logits.logsumexp(1)
        loss += (number[part] * log_z).sum(dtype=torch.float64)
        loss -= (logits.gather(1, targets[part]) * wanted[part]).sum(dtype=torch.float64)
        error = logits.sub_(log_z[:, None]).exp_().mul_(number[part, None])
        error.scatter_add_(1, targets[part], -wanted[part])
        dh[part] = error @ output
        change.addmm_(error.T, h[part])
    return dh, change, loss


def _step(
    centres: Tensor, around: Tensor, plan: Plan, matrices: Matrices, lr: float
) -> tuple[Tensor, Tensor]:
    """One mini-batch, centres (B,) with contexts (B, C), -1 where there is none: loss and predictions."""
    (settings, rows), (input, output) = plan, matrices
    rows_: Any = rows
    input_: Any = input
    output_: Any = output
    there = (around >= 0).float()
    live = (there.sum(1, keepdim=True) > 0).float()
    one = centres[:, None]
    words, used = (around.clamp(min=0), there) if settings.cbow else (one, live)
    goals, wanted = (one, live) if settings.cbow else (around.clamp(min=0), there)
    share = used / used.sum(1, keepdim=True).clamp(min=1)
    h = (input_[words] * share[..., None]).sum(1)
    targets = rows_[goals].long().clamp(min=0)
    dh, change, loss = _gradient(h, output_, targets, wanted)
    output_.sub_(change, alpha=lr)
    factor = share if settings.divide else used
    if len(settings.locked):
        locked: Any = settings.locked
        factor = factor * (locked[words] == 0)
    moved = (factor * -lr)[..., None] * dh[:, None]
    input_.index_add_(0, words.flatten(), moved.flatten(0, 1))
    return loss, wanted.sum(dtype=torch.float64)


def train(
    text: Stretch,
    plan: Plan,
    matrices: Matrices,
    lr: float,
    *,
    batch: int = 64,
    kept: Kept | None = None,
) -> tuple[float, int]:
    """Train on a stretch of text, `batch` tokens at once, changing the matrices `input` and `output` (V, D).

    All arrays are tensors on the device. kept: what `keep` makes of the text, if it was made before.
    Returns:  total loss in nats, number of predictions; the host waits for them.
    """
    kept = keep(text, plan[0]) if kept is None else kept
    device = kept.places.device
    ends = torch.arange(text.low, text.high + batch, batch, device=device).clamp(max=text.high)
    ends = torch.searchsorted(kept.places, ends)  # of the mini-batches, among the kept tokens
    at = ends[:-1, None] + torch.arange(batch, device=device)
    at = torch.where(at < ends[1:, None], at, -1)
    found = torch.zeros(2, dtype=torch.float64, device=device)
    each = max(AHEAD // batch, 1)
    with float32_products(device):
        for low in range(0, len(at), each):
            here = at[low : low + each]
            centres, around = contexts(here.flatten(), kept, plan[0])
            pairs = zip(centres.view_as(here), around.view(*here.shape, -1), strict=True)
            for one, its in pairs:
                found += torch.stack(_step(one, its, plan, matrices, lr))
    loss, count = found.tolist()
    return loss, int(count)
