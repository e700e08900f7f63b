"""The linear-chain conditional random field: one distribution over whole sequences of labels.

It is no member of heads/: a head there reads each row by itself, a CRF reads the steps of a sequence
together. Not handled: chains of higher order, the n best sequences.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from seqkit.core.errors import ShapeError
from seqkit.core.types import Array
from seqkit.kernels.crf import chain, reference
from seqkit.kernels.crf.reference import BARRED


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
        emissions = self._checked(emissions, mask)
        if all_known is None:
            all_known = not bool((mask & (targets < 0)).any())
        with torch.autocast(emissions.device.type, enabled=False):
            return chain.loss(emissions, targets, mask, *self._weights(), all_known=all_known).sum()

    def log_partition(
        self, emissions: Annotated[Tensor, "B T C"], mask: Annotated[Tensor, "B T"]
    ) -> Annotated[Tensor, "B"]:
        """log Z of each row; 0 for a row without a step."""
        emissions = self._checked(emissions, mask)
        with torch.autocast(emissions.device.type, enabled=False):
            return chain.log_partition(emissions, mask, *self._weights())

    def score(
        self,
        emissions: Annotated[Tensor, "B T C"],
        labels: Annotated[Tensor, "B T"],
        mask: Annotated[Tensor, "B T"],
    ) -> Annotated[Tensor, "B"]:
        """s(x, y) of each row."""
        emissions = self._checked(emissions, mask)
        with torch.autocast(emissions.device.type, enabled=False):
            return reference.score(emissions, labels, mask, *self._weights())

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
        emissions = self._checked(emissions, mask)
        with torch.autocast(emissions.device.type, enabled=False):
            return chain.viterbi(emissions, mask, *self._weights())

    def _checked(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """The emissions in the dtype of the weights."""
        if emissions.dim() != 3 or emissions.shape[2] != self.classes or mask.shape != emissions.shape[:2]:
            raise ShapeError(
                f"CRF: got emissions of shape {tuple(emissions.shape)} and a mask of {tuple(mask.shape)}, "
                f"expected (B, T, {self.classes}) and (B, T)."
            )
        return emissions.to(self.transition.dtype)

    def _weights(self) -> tuple[Tensor, Tensor]:
        """transition (C, C), and start and stop (2, C), with what is barred."""
        return self.transition + self.barred[2:], self.ends + self.barred[:2]
