"""The adaptive softmax: frequent words in the first cluster, rare ones in tails that few rows use."""

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
    """p(w) = p_0(w) for w in the first cluster, else p_0(cluster k) · p_k(w) (arXiv:1609.04309).

    p_0 = softmax(W_0 h + b_0) over the first cutoff's words and the tails; p_k = softmax(W_k (P_k h) + b_k),
    with P_k h of H / shrink^k numbers. Words must be numbered by falling frequency, as a Vocab does. cutoffs:
    where clusters end. tied: a weight (V, H) shared with an embedding, whose rows are the W of all clusters;
    nothing shrinks then (P_k = I).
    """

    def __init__(
        self,
        input_size: int,
        classes: int,
        *,
        cutoffs: tuple[int, ...] = (),
        shrink: float = 4.0,
        tied: nn.Parameter | None = None,
    ) -> None:
        super().__init__()
        cutoffs = cutoffs or tuple(c for c in (2000, 10000, 50000) if c < classes) or (max(1, classes // 2),)
        if list(cutoffs) != sorted(set(cutoffs)) or cutoffs[0] < 1 or cutoffs[-1] >= max(classes, 2):
            raise OptionError(
                f"AdaptiveSoftmax: got cutoffs {cutoffs}, expected rising numbers from 1 to {classes - 1}."
            )
        self.edges = [*cutoffs, classes]
        sizes = [b - a for a, b in pairwise(self.edges)]
        self.clusters: nn.Linear | None = None
        if tied is not None:
            self.weight, self.bias = tied, nn.Parameter(torch.zeros(classes))
            self.clusters = nn.Linear(input_size, len(sizes))
            return
        self.first = nn.Linear(input_size, cutoffs[0] + len(sizes))
        widths = [max(1, int(input_size / shrink ** (k + 1))) for k in range(len(sizes))]
        self.down = nn.ModuleList(nn.Linear(input_size, width, bias=False) for width in widths)
        self.tails = nn.ModuleList(nn.Linear(width, size) for width, size in zip(widths, sizes, strict=True))

    def loss(self, h: Annotated[Tensor, "N H"], targets: Annotated[Tensor, "N"]) -> Tensor:
        """The first cluster's loss for all rows, a tail's for the rows whose word is in it."""
        first, *tails = self._weights()
        total = chunked.linear_cross_entropy(h, *first, self._first_targets(targets))
        for k, (a, b) in enumerate(pairwise(self.edges)):
            rows = torch.nonzero((targets >= a) & (targets < b))[:, 0]
            part = self._narrow(k, h[rows.to(h.device, non_blocking=True)])
            total = total + chunked.linear_cross_entropy(part, *tails[k], targets[rows] - a)
        return total

    @torch.no_grad()
    def losses(self, h: Annotated[Tensor, "N H"], targets: Annotated[Tensor, "N"]) -> Annotated[Tensor, "N"]:
        """The same, row by row."""
        first, *tails = self._weights()
        total = chunked.losses(h, *first, self._first_targets(targets))
        for k, (a, b) in enumerate(pairwise(self.edges)):
            rows = torch.nonzero((targets >= a) & (targets < b))[:, 0]
            here = rows.to(h.device, non_blocking=True)
            total[here] += chunked.losses(self._narrow(k, h[here]), *tails[k], targets[rows] - a)
        return total

    def log_probs(self, h: Annotated[Tensor, "N H"]) -> Annotated[Tensor, "N V"]:
        """Those of the first cluster, then for each tail its own plus its cluster's."""
        first, *tails = self._weights()
        short, outer = self.edges[0], torch.log_softmax(linear(h, *first), -1)
        inner = [torch.log_softmax(linear(self._narrow(k, h), *tail), -1) for k, tail in enumerate(tails)]
        return torch.cat(
            [outer[:, :short], *(outer[:, short + k, None] + tail for k, tail in enumerate(inner))], -1
        )

    def _weights(self) -> list[tuple[Tensor, Tensor]]:
        """W and b of the first cluster, then of each tail."""
        if self.clusters is None:
            return [
                (one.weight, one.bias)
                for one in (self.first, *(cast(nn.Linear, tail) for tail in self.tails))
            ]
        sizes = [self.edges[0], *(b - a for a, b in pairwise(self.edges))]
        (W, *weights), (b, *biases) = torch.split(self.weight, sizes), torch.split(self.bias, sizes)
        first = torch.cat([W, self.clusters.weight]), torch.cat([b, self.clusters.bias])
        return [first, *zip(weights, biases, strict=True)]

    def _narrow(self, k: int, h: Tensor) -> Tensor:
        """P_k h."""
        return h if self.clusters is not None else cast(Tensor, self.down[k](h))

    def _first_targets(self, targets: Tensor) -> Tensor:
        found = torch.where(targets < self.edges[0], targets, IGNORE)
        for k, (a, b) in enumerate(pairwise(self.edges)):
            found = torch.where((targets >= a) & (targets < b), self.edges[0] + k, found)
        return found
