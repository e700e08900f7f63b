"""Long short-term memory."""

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import linear

from seqkit.nn.cell import Cell, State

__all__ = ["LSTM"]


class LSTM(Cell):
    """LSTM cell (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000).

    i = σ(W_i x + U_i h' + b_i)    f = σ(W_f x + U_f h' + b_f)
    g = tanh(W_g x + U_g h' + b_g)    o = σ(W_o x + U_o h' + b_o)
    c = f ∘ c' + i ∘ g    h = o ∘ tanh(c)

    b_f starts at 1, so that the cell remembers at first (Jozefowicz et al. 2015). Course notation: Γu = i, Γf
    = f, Γo = o, c̃ = g, a = h.
    """

    gates, states = 4, 2
    gate_names = "ifgo"
    forget_gate = 1
    family = torch_kind = "lstm"

    def step(self, gx: Annotated[Tensor, "B G"], state: State, weight: Tensor | None = None) -> State:
        """One step."""
        h, c = state
        U = self.weight_hidden if weight is None else weight
        i, f, g, o = (gx + linear(h, U)).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
