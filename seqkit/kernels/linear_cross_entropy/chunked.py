"""linear_cross_entropy.reference by chunks of rows, whose logits and gradients stay in the cache.

The gradients are made in the forward pass, so nothing is computed twice and the logits are never whole in
memory; what is kept is the gradient of h and of the weight. Works on any device; the softmax pass is compiled
(cpu.py, gpu.py). Products run in bfloat16 under autocast. Not handled: second derivatives.
"""

from typing import Annotated, Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seqkit.core.device import has_kernels
from seqkit.kernels.linear_cross_entropy import cpu
from seqkit.kernels.linear_cross_entropy.reference import IGNORE

# bytes of logits: what a CPU's cache holds, what keeps a GPU busy
CHUNK_BYTES = {"cpu": 32 << 20, "cuda": 256 << 20}
FEW, MOST_BYTES = 256, 256 << 20  # rows that make the products fast, unless their logits take more bytes


def linear_cross_entropy(
    h: Annotated[Tensor, "N H"],
    weight: Annotated[Tensor, "V H"],
    bias: Annotated[Tensor, "V"] | None,
    targets: Annotated[Tensor, "N"],
) -> Tensor:
    """Σ_n -log softmax(W h_n + b)[target_n] over targets other than -1, in nats; float64 on a CPU."""
    wanted = torch.is_grad_enabled()  # apply itself goes by the parameters alone
    return _LinearCrossEntropy.apply(h, weight, bias, targets, wanted)  # type: ignore


@torch.no_grad()
def losses(
    h: Annotated[Tensor, "N H"],
    weight: Annotated[Tensor, "V H"],
    bias: Annotated[Tensor, "V"] | None,
    targets: Annotated[Tensor, "N"],
) -> Annotated[Tensor, "N"]:
    """-log softmax(W h_n + b)[target_n] of each row, 0 for target -1; no gradients."""
    return torch.cat([nll for nll, _ in _chunks(h, weight, bias, targets)]) if len(h) else h.new_zeros(0)


def _chunks(h: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> Any:
    """For each chunk: the losses of its rows, and the gradient of their logits."""
    wide = torch.float64 if h.dtype == torch.float64 else torch.float32
    row_bytes, targets = 4 * len(weight), targets.to(h.device, non_blocking=True)
    rows = max(CHUNK_BYTES.get(h.device.type, 8 << 20) // row_bytes, min(FEW, MOST_BYTES // row_bytes), 1)
    wide_rows = len(weight) if h.device.type == "cpu" else -(-len(weight) // 16) * 16  # for wide loads
    logits = torch.empty(min(rows, len(h)), wide_rows, dtype=h.dtype, device=h.device)
    for start in range(0, len(h), rows):
        part, y = h[start : start + rows], targets[start : start + rows]
        out = logits[: len(part), : len(weight)]
        if bias is None or h.dtype == torch.bfloat16:
            torch.mm(part, weight.t(), out=out)
        else:
            torch.addmm(bias, part, weight.t(), out=out)
        wide_bias = bias if bias is not None and h.dtype == torch.bfloat16 else None
        if h.device.type == "cpu" and wide == torch.float32:
            yield cpu.softmax_losses(out, y, wide_bias), out
            continue
        if has_kernels(h.device) and wide == torch.float32:
            from seqkit.kernels.linear_cross_entropy import gpu

            yield gpu.softmax_losses(out, y, wide_bias), out
            continue
        values = out.to(wide) if wide_bias is None else out.to(wide) + wide_bias
        norm = torch.logsumexp(values, 1)
        live = y != IGNORE
        place = torch.where(live, y, 0)[:, None]
        nll = torch.where(live, norm - values.gather(1, place)[:, 0], 0.0)
        d = torch.exp(values - norm[:, None])
        d.scatter_add_(1, place, torch.full_like(place, -1, dtype=wide))
        yield nll, (d * live[:, None]).to(h.dtype)


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, h: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, wanted: bool
    ) -> Tensor:
        dtypes = h.dtype, weight.dtype
        if torch.is_autocast_enabled(h.device.type):
            low = torch.get_autocast_dtype(h.device.type)
            h, weight = h.to(low), weight.to(low)
        h = h.contiguous()
        wide = torch.float64 if dtypes[1] == torch.float64 else torch.float32
        needs = ctx.needs_input_grad if wanted else (False, False, False)
        dh = torch.empty_like(h) if needs[0] else None
        dw = torch.zeros(weight.shape, dtype=wide, device=weight.device) if needs[1] else None
        wants_db = needs[2] and bias is not None
        db = torch.zeros(len(weight), dtype=wide, device=weight.device) if wants_db else None
        total = torch.zeros((), dtype=torch.float64 if h.device.type == "cpu" else wide, device=h.device)
        done = 0
        for nll, d in _chunks(h, weight, bias, targets):
            rows = slice(done, done + len(nll))
            total += nll.sum(dtype=total.dtype)
            if dh is not None:
                torch.mm(d, weight, out=dh[rows])
            if dw is not None:
                if h.dtype == wide:
                    dw.addmm_(d.t(), h[rows])
                else:
                    dw += torch.mm(d.t(), h[rows])
            if db is not None:
                db += d.sum(0, dtype=wide)
            done += len(nll)
        ctx.gradients = dh, dw, db, dtypes
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        dh, dw, db, (h_dtype, w_dtype) = ctx.gradients
        scale = g.to(w_dtype)
        return (
            None if dh is None else dh.to(h_dtype) * scale,
            None if dw is None else (dw * scale).to(w_dtype),
            None if db is None else (db * scale).to(w_dtype),
            None,
            None,
        )
