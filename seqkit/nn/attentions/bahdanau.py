"""Bahdanau's attention, a small tanh layer.

Not handled: long sources and targets at once: (B, T, S, K) numbers are held, K as many as the query has.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from seqkit.nn.attention import Attention

__all__ = ["Bahdanau"]


class Bahdanau(Attention):
    """score(q, m) = vᵀ tanh(W q + U m + b), q the state before a step (Bahdanau 2014, arXiv:1409.0473)."""

    feeds = True

    def __init__(self, query_size: int, memory_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(query_size, query_size)
        self.memory = nn.Linear(memory_size, query_size, bias=False)
        self.energy = nn.Linear(query_size, 1, bias=False)

    def keys(self, memory: Annotated[Tensor, "B S H"]) -> Annotated[Tensor, "B S K"]:
        """U m."""
        return self.memory(memory)

    def scores(
        self, query: Annotated[Tensor, "B T D"], keys: Annotated[Tensor, "B S K"]
    ) -> Annotated[Tensor, "B T S"]:
        """vᵀ tanh(W q + U m + b)."""
        found: Tensor = self.energy(torch.tanh(self.query(query)[:, :, None] + keys[:, None]))
        return found[..., 0]
