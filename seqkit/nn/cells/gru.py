"""Gated recurrent unit, reset gate after the recurrent product; the form of cuDNN and torch.

Not handled: the reset gate before the product (gru_before); neither form converts to the other.
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from seqkit.nn.cell import Cell, State

__all__ = ["GRU"]


class GRU(Cell):
    """GRU cell (Cho et al. 2014, arXiv:1406.1078v1).

    r = σ(W_r x + U_r h' + b_r)    z = σ(W_z x + U_z h' + b_z)
    n = tanh(W_n x + b_n + r ∘ (U_n h' + b_u))
    h = (1 - z) ∘ n + z ∘ h'

    b_u stands within the product with r, so it cannot be merged with b_n. Course notation: Γr = r, Γu = 1 -
    z, c = h, c̃ = n; weights of the course's Γu are the negatives of those of z
    (`nn.torch_weights.flip_update`).
    """

    gates = 3
    gate_names = "rzn"
    family = torch_kind = "gru"

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.bias_hidden = nn.Parameter(torch.zeros(hidden_size))

    def step(self, gx: Annotated[Tensor, "B G"], state: State, weight: Tensor | None = None) -> State:
        """One step."""
        (h,) = state
        U = self.weight_hidden if weight is None else weight
        g_r, g_z, g_n = gx.chunk(3, -1)
        u_r, u_z, u_n = linear(h, U).chunk(3, -1)
        r, z = torch.sigmoid(g_r + u_r), torch.sigmoid(g_z + u_z)
        n = torch.tanh(g_n + r * (u_n + self.bias_hidden))
        return ((1 - z) * n + z * h,)

    def extra(self) -> State:
        """b_u."""
        return (self.bias_hidden,)

    def torch_weights(self) -> list[Tensor]:
        """torch's second bias is 0, 0, b_u."""
        return [
            *super().torch_weights()[:3],
            torch.cat([torch.zeros_like(self.bias[: 2 * self.hidden_size]), self.bias_hidden]),
        ]
