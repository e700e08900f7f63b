"""Luong's attention, the score they call general.

Not handled: input feeding (a whole target could not be read at once); local attention.
"""

from typing import Annotated

from torch import Tensor, nn

from seqkit.nn.attention import Attention

__all__ = ["Luong"]


class Luong(Attention):
    """score(q, m) = qᵀ W m, q the state after a step (Luong et al. 2015, arXiv:1508.04025, §3.1)."""

    feeds = False

    def __init__(self, query_size: int, memory_size: int) -> None:
        super().__init__()
        self.weight = nn.Linear(memory_size, query_size, bias=False)

    def keys(self, memory: Annotated[Tensor, "B S H"]) -> Annotated[Tensor, "B S K"]:
        """W m."""
        return self.weight(memory)

    def scores(
        self, query: Annotated[Tensor, "B T D"], keys: Annotated[Tensor, "B S K"]
    ) -> Annotated[Tensor, "B T S"]:
        """One batched product."""
        return query.to(keys.dtype) @ keys.transpose(1, 2)
