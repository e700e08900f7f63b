"""The full softmax, alone or tied to an embedding."""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from seqkit.kernels.linear_cross_entropy import chunked
from seqkit.nn.head import Head

__all__ = ["Softmax"]


class Softmax(Head):
    """p = softmax(W h + b).

    tied: a weight (V, H) that is shared with an embedding (Press & Wolf 2017, arXiv:1608.05859); one
    parameter, one file entry. The loss never holds all logits (kernels.linear_cross_entropy).
    """

    def __init__(self, input_size: int, classes: int, *, tied: nn.Parameter | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(classes, input_size)) if tied is None else tied
        self.bias = nn.Parameter(torch.zeros(classes))
        if tied is None:
            nn.init.uniform_(self.weight, -0.1, 0.1)

    def loss(self, h: Annotated[Tensor, "N H"], targets: Annotated[Tensor, "N"]) -> Tensor:
        """Σ -log softmax(W h + b)[target]."""
        return chunked.linear_cross_entropy(h, self.weight, self.bias, targets)

    def losses(self, h: Annotated[Tensor, "N H"], targets: Annotated[Tensor, "N"]) -> Annotated[Tensor, "N"]:
        """-log softmax(W h + b)[target] of each row."""
        return chunked.losses(h, self.weight, self.bias, targets)

    def log_probs(self, h: Annotated[Tensor, "N H"]) -> Annotated[Tensor, "N V"]:
        """log softmax(W h + b)."""
        return torch.log_softmax(linear(h, self.weight, self.bias), -1)
