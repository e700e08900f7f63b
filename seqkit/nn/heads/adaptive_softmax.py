"""The adaptive softmax: frequent words in the first cluster, rare ones in tails with fewer numbers each."""

from itertools import pairwise
from typing import Annotated, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from seqkit.core.errors import OptionError
from seqkit.kernels.linear_cross_entropy import chunked
from seqkit.kernels.linear_cross_entropy.reference import IGNORE
from seqkit.nn.head import Head

__all__ = ["AdaptiveSoftmax"]


class AdaptiveSoftmax(Head):
    """p(w) = p_0(w) for w in the first cluster, else p_0(cluster k) · p_k(w) (Grave et al. 2017, arXiv:1609.04309).

    p_0 = softmax(W_0 h + b_0) over the first cutoff's words and the tails; p_k = softmax(W_k (P_k h) + b_k), with
    P_k h of H / shrink^k numbers. Words must be numbered by falling frequency, as a Vocab does. cutoffs: where clusters end.
    """

    def __init__(self, input_size: int, classes: int, *, cutoffs: tuple[int, ...] = (), shrink: float = 4.0) -> None:
        super().__init__()
        cutoffs = cutoffs or tuple(c for c in (2000, 10000, 50000) if c < classes) or (max(1, classes // 2),)
        if list(cutoffs) != sorted(set(cutoffs)) or cutoffs[0] < 1 or cutoffs[-1] >= max(classes, 2):
            raise OptionError(f"AdaptiveSoftmax: cutoffs {cutoffs} came, expected rising numbers from 1 to {classes - 1}.")
        self.edges = [*cutoffs, classes]
        sizes = [b - a for a, b in pairwise(self.edges)]
        self.first = nn.Linear(input_size, cutoffs[0] + len(sizes))
        widths = [max(1, int(input_size / shrink ** (k + 1))) for k in range(len(sizes))]
        self.down = nn.ModuleList(nn.Linear(input_size, width, bias=False) for width in widths)
        self.tails = nn.ModuleList(nn.Linear(width, size) for width, size in zip(widths, sizes, strict=True))

    def loss(self, h: Annotated[Tensor, "N H"], targets: Annotated[Tensor, "N"]) -> Tensor:
        """The first cluster's loss for all rows, a tail's for the rows whose word is in it."""
        total = chunked.linear_cross_entropy(h, self.first.weight, self.first.bias, self._first_targets(targets))
        for k, (down, tail) in enumerate(self._tails()):
            rows = torch.nonzero(self._within(targets, k))[:, 0]
            total = total + chunked.linear_cross_entropy(down(h[rows]), tail.weight, tail.bias, targets[rows] - self.edges[k])
        return total

    @torch.no_grad()
    def losses(self, h: Annotated[Tensor, "N H"], targets: Annotated[Tensor, "N"]) -> Annotated[Tensor, "N"]:
        """The same, row by row."""
        total = chunked.losses(h, self.first.weight, self.first.bias, self._first_targets(targets))
        for k, (down, tail) in enumerate(self._tails()):
            rows = torch.nonzero(self._within(targets, k))[:, 0]
            total[rows] += chunked.losses(down(h[rows]), tail.weight, tail.bias, targets[rows] - self.edges[k])
        return total

    def log_probs(self, h: Annotated[Tensor, "N H"]) -> Annotated[Tensor, "N V"]:
        """Those of the first cluster, then for each tail its own plus its cluster's."""
        first = torch.log_softmax(self.first(h), -1)
        short = self.edges[0]
        parts = [first[:, :short]]
        for k, (down, tail) in enumerate(self._tails()):
            inner = torch.log_softmax(linear(down(h), tail.weight, tail.bias), -1)
            parts.append(first[:, short + k, None] + inner)
        return torch.cat(parts, -1)

    def _tails(self) -> list[tuple[nn.Linear, nn.Linear]]:
        return [(cast(nn.Linear, down), cast(nn.Linear, tail)) for down, tail in zip(self.down, self.tails, strict=True)]

    def _within(self, targets: Tensor, k: int) -> Tensor:
        return (targets >= self.edges[k]) & (targets < self.edges[k + 1])

    def _first_targets(self, targets: Tensor) -> Tensor:
        found = torch.where(targets < self.edges[0], targets, IGNORE)
        for k in range(len(self.tails)):
            found = torch.where(self._within(targets, k), self.edges[0] + k, found)
        return found
