"""The linear-chain conditional random field: one distribution over whole sequences of labels.

It is no member of heads/: a head there reads each row by itself, a CRF reads the steps of a sequence
together. Not handled: chains of higher order, the n best sequences.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from seqkit.core.errors import ShapeError
from seqkit.core.types import Array

# nats of what may not be: exp of it is 0 in float32, while sums with it stay finite. bfloat16 would round the
# rest away
BARRED = -1e4


class CRF(nn.Module):
    """p(y | x) = exp(s(x, y)) / Z(x), with Z(x) = Σ over all y' of exp(s(x, y')).

    s(x, y) = start[y_1] + Σ_t emission_t[y_t] + Σ_t>1 transition[y_t-1, y_t] + stop[y_T]
    Lafferty, McCallum & Pereira 2001. allowed: which labels may begin (C,), follow one another (C, C), and
    end (C,); BARRED is added to the others. mask (B, T): True at the steps that count; the others are
    skipped, a row may have none. Always computed in the dtype of the weights, whatever autocast says.
    """

    barred: Tensor

    def __init__(self, classes: int, allowed: tuple[Array, Array, Array] | None = None) -> None:
        super().__init__()
        self.classes = classes
        self.transition = nn.Parameter(torch.zeros(classes, classes))
        self.ends = nn.Parameter(torch.zeros(2, classes))  # start and stop
        barred = torch.zeros(classes + 2, classes)
        if allowed is not None:
            start, transition, stop = (torch.as_tensor(part, dtype=torch.bool) for part in allowed)
            barred[~torch.cat([start[None], stop[None], transition])] = BARRED
        self.register_buffer("barred", barred, persistent=False)

    def loss(
        self,
        emissions: Annotated[Tensor, "B T C"],
        targets: Annotated[Tensor, "B T"],
        mask: Annotated[Tensor, "B T"],
        *,
        all_known: bool | None = None,
    ) -> Tensor:
        """Σ over rows of -log p(targets | x) in nats; where a target is -1, all labels are summed.

        all_known: whether no target is -1, where the caller knows it: then nothing waits for a GPU.
        """
        emissions, targets, lengths = self._packed(emissions, mask, targets)
        with torch.autocast(emissions.device.type, enabled=False):
            live = _live(targets.shape[1], lengths)
            if all_known is None:
                all_known = not bool((live & (targets < 0)).any())
            if not all_known:
                other = (targets[:, :, None] >= 0) & (
                    targets[:, :, None] != torch.arange(self.classes, device=targets.device)
                )
                right = self._log_partition(emissions.masked_fill(other, BARRED), lengths)
            else:
                right = self._score(emissions, targets, lengths)
            return (self._log_partition(emissions, lengths) - right).sum()

    def log_partition(
        self, emissions: Annotated[Tensor, "B T C"], mask: Annotated[Tensor, "B T"]
    ) -> Annotated[Tensor, "B"]:
        """log Z of each row; 0 for a row without a step."""
        emissions, _, lengths = self._packed(emissions, mask)
        with torch.autocast(emissions.device.type, enabled=False):
            return self._log_partition(emissions, lengths)

    def score(
        self,
        emissions: Annotated[Tensor, "B T C"],
        labels: Annotated[Tensor, "B T"],
        mask: Annotated[Tensor, "B T"],
    ) -> Annotated[Tensor, "B"]:
        """s(x, y) of each row."""
        emissions, labels, lengths = self._packed(emissions, mask, labels)
        with torch.autocast(emissions.device.type, enabled=False):
            return self._score(emissions, labels, lengths)

    def marginals(
        self, emissions: Annotated[Tensor, "B T C"], mask: Annotated[Tensor, "B T"]
    ) -> Annotated[Tensor, "B T C"]:
        """p(y_t = c | x) = ∂ log Z / ∂ emission_t[c]; 0 where the mask is False."""
        with torch.enable_grad():
            leaf = emissions.detach().to(self.transition.dtype).requires_grad_()
            (found,) = torch.autograd.grad(self.log_partition(leaf, mask).sum(), leaf)
        return found

    @torch.no_grad()
    def decode(
        self, emissions: Annotated[Tensor, "B T C"], mask: Annotated[Tensor, "B T"]
    ) -> Annotated[Tensor, "B T"]:
        """The likeliest labels (Viterbi 1967), -1 where the mask is False."""
        packed, _, lengths = self._packed(emissions, mask)
        with torch.autocast(packed.device.type, enabled=False):
            best = self._viterbi(packed, lengths)
        places = (mask.cumsum(1) - 1).clamp(min=0)  # of each step among the packed ones
        return best.gather(1, places).masked_fill(~mask, -1)

    def _packed(
        self, emissions: Tensor, mask: Tensor, labels: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Each row's counted steps moved to its front, and their number; masked steps are not read."""
        if emissions.dim() != 3 or emissions.shape[2] != self.classes or mask.shape != emissions.shape[:2]:
            raise ShapeError(
                f"CRF: got emissions of shape {tuple(emissions.shape)} and a mask of {tuple(mask.shape)}, "
                f"expected (B, T, {self.classes}) and (B, T)."
            )
        labels = torch.zeros_like(mask, dtype=torch.int64) if labels is None else labels
        lengths = mask.sum(1)
        live = _live(mask.shape[1], lengths)
        if mask.device.type != "cpu" or not torch.equal(live, mask):  # a GPU sorts sooner than it is asked
            order = torch.argsort(~mask, dim=1, stable=True)
            labels, emissions = (
                labels.gather(1, order),
                emissions.gather(1, order[:, :, None].expand_as(emissions)),
            )
        return emissions.to(self.transition.dtype).masked_fill(~live[:, :, None], 0.0), labels, lengths

    def _weights(self) -> tuple[Tensor, Tensor, Tensor]:
        """start (C,), transition (C, C) and stop (C,) with what is barred."""
        start, stop = (self.ends + self.barred[:2]).unbind(0)
        return start, self.transition + self.barred[2:], stop

    def _log_partition(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """α_1 = start + emission_1;  α_t[c] = emission_t[c] + log Σ_b exp(α_t-1[b] + transition[b, c]);  Σ
        exp(α_T + stop).
        """
        if not emissions.shape[1]:
            return emissions.sum((1, 2))
        start, transition, stop = self._weights()
        alpha = start + emissions[:, 0]
        for t, emission in enumerate(emissions.unbind(1)[1:], 1):
            new = emission + torch.logsumexp(alpha[:, :, None] + transition, 1)
            alpha = torch.where((t < lengths)[:, None], new, alpha)
        return torch.where(lengths > 0, torch.logsumexp(alpha + stop, 1), 0.0)

    def _score(self, emissions: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        if not emissions.shape[1]:
            return emissions.sum((1, 2))
        start, transition, stop = self._weights()
        live = _live(emissions.shape[1], lengths)
        labels = labels.masked_fill(~live, 0)
        steps = emissions.gather(2, labels[:, :, None])[:, :, 0]
        pairs = transition[labels[:, :-1], labels[:, 1:]] * live[:, 1:]
        last = labels.gather(1, (lengths - 1).clamp(min=0)[:, None])[:, 0]
        return (steps * live).sum(1) + pairs.sum(1) + (start[labels[:, 0]] + stop[last]) * (lengths > 0)

    def _viterbi(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """As `_log_partition`, with max in place of log Σ exp, and the label of each maximum."""
        if not emissions.shape[1]:
            return lengths.new_zeros(len(lengths), 0)
        start, transition, stop = self._weights()
        best, stay = start + emissions[:, 0], torch.arange(self.classes, device=lengths.device)
        back = []
        for t, emission in enumerate(emissions.unbind(1)[1:], 1):
            value, source = (best[:, :, None] + transition).max(1)
            live = (t < lengths)[:, None]
            best = torch.where(live, value + emission, best)
            back.append(torch.where(live, source, stay))
        path = [(best + stop).argmax(1)]
        for source in reversed(back):
            path.append(source.gather(1, path[-1][:, None])[:, 0])
        return torch.stack(path[::-1], 1)


def _live(steps: int, lengths: Tensor) -> Tensor:
    """(B, T): True before each row's length."""
    return torch.arange(steps, device=lengths.device) < lengths[:, None]
