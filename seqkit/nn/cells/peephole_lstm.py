"""Long short-term memory whose gates see the cell."""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from seqkit.nn.cell import Cell, State

__all__ = ["PeepholeLSTM"]


class PeepholeLSTM(Cell):
    """LSTM cell with diagonal peepholes p (Gers et al. 2002): i and f see c before, o sees c after.

    i = σ(W_i x + U_i h' + p_i ∘ c' + b_i)    f = σ(W_f x + U_f h' + p_f ∘ c' + b_f)
    g = tanh(W_g x + U_g h' + b_g)    c = f ∘ c' + i ∘ g
    o = σ(W_o x + U_o h' + p_o ∘ c + b_o)    h = o ∘ tanh(c)
    """

    gates, states = 4, 2
    gate_names = "ifgo"
    forget_gate = 1
    family = "lstm"

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.peepholes = nn.Parameter(torch.zeros(3, hidden_size))  # of i, f, o

    def step(self, gx: Annotated[Tensor, "B G"], state: State, weight: Tensor | None = None) -> State:
        """One step."""
        h, c = state
        U = self.weight_hidden if weight is None else weight
        i, f, g, o = (gx + linear(h, U)).chunk(4, -1)
        p_i, p_f, p_o = self.peepholes[0], self.peepholes[1], self.peepholes[2]
        c = torch.sigmoid(f + p_f * c) * c + torch.sigmoid(i + p_i * c) * torch.tanh(g)
        return torch.sigmoid(o + p_o * c) * torch.tanh(c), c

    def extra(self) -> State:
        """The peepholes."""
        return (self.peepholes,)
