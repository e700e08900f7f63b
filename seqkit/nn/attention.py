"""What an attention is: which steps of a source matter to a query; members are the files of attentions/.

Not handled: several heads, local windows, places (relative or absolute).
"""

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from seqkit.core.family import Family

attentions = Family("seqkit.nn.attentions", "attention")


class Attention(nn.Module, ABC):
    """c_t = Σ_s a_ts m_s with a_t = softmax over s of score(q_t, m_s), over the steps s of a mask.

    A member gives the score. `feeds`: whether, as in its paper, the query is the state before a step and the
    step reads c; else it is the state after the step, and the stack may run over a whole target at once.
    """

    feeds: ClassVar[bool]

    @abstractmethod
    def keys(self, memory: Annotated[Tensor, "B S H"]) -> Annotated[Tensor, "B S K"]:
        """What the score reads of the memory: made once a source."""

    @abstractmethod
    def scores(
        self, query: Annotated[Tensor, "B T D"], keys: Annotated[Tensor, "B S K"]
    ) -> Annotated[Tensor, "B T S"]:
        """score(q_t, m_s) of all pairs."""

    def forward(
        self,
        query: Annotated[Tensor, "B T D"],
        keys: Annotated[Tensor, "B S K"],
        memory: Annotated[Tensor, "B S H"],
        mask: Annotated[Tensor, "B S"],
    ) -> tuple[Annotated[Tensor, "B T H"], Annotated[Tensor, "B T S"]]:
        """c and a; both are 0 for a row whose mask has no real step."""
        weights = masked_softmax(self.scores(query, keys), mask)
        return weights.to(memory.dtype) @ memory, weights


def masked_softmax(
    scores: Annotated[Tensor, "B T S"], mask: Annotated[Tensor, "B S"]
) -> Annotated[Tensor, "B T S"]:
    """softmax over the steps where mask is True, in float32 at least; 0 elsewhere."""
    some = mask.any(-1, keepdim=True)
    open_ = (mask | ~some)[:, None]  # an all-masked row would give nan, and nan gradients
    x = scores.to(torch.promote_types(scores.dtype, torch.float32)).masked_fill(~open_, -torch.inf)
    return torch.softmax(x, -1) * some[:, None]


def attention(name: str, query_size: int, memory_size: int) -> Attention:
    """The attention called `name`, one of `attentions.names()`."""
    return attentions.load(name)(query_size, memory_size)
