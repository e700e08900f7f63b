"""A softmax over cosines. File: seqkit/nn/heads/cosine.py."""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, normalize

from seqkit.nn.head import Head

__all__ = ["CosineSoftmax"]


class CosineSoftmax(Head):
    """p = softmax(s · cos(w, h) + b), s = exp of a trained number.

    tied: a weight (V, H) that is shared with an embedding.
    """

    def __init__(self, input_size: int, classes: int, *, tied: nn.Parameter | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, input_size)) if tied is None else tied
        self.bias, self.log_scale = nn.Parameter(torch.zeros(classes)), nn.Parameter(torch.tensor([2.0]))
        if tied is None:
            nn.init.uniform_(self.weight, -0.1, 0.1)

    def loss(self, h: Annotated[Tensor, "N H"], targets: Annotated[Tensor, "N"]) -> Tensor:
        """Σ -log p(target | h)."""
        return cross_entropy(self._logits(h), targets, ignore_index=-1, reduction="sum")

    @torch.no_grad()
    def losses(self, h: Annotated[Tensor, "N H"], targets: Annotated[Tensor, "N"]) -> Annotated[Tensor, "N"]:
        """-log p(target | h) of each row."""
        return cross_entropy(self._logits(h), targets, ignore_index=-1, reduction="none")

    def log_probs(self, h: Annotated[Tensor, "N H"]) -> Annotated[Tensor, "N V"]:
        """log p of all classes."""
        return torch.log_softmax(self._logits(h), -1)

    def _logits(self, h: Tensor) -> Tensor:
        return self.log_scale.exp() * linear(normalize(h, dim=-1), normalize(self.weight, dim=-1)) + self.bias
