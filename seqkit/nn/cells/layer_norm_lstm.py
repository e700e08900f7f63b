"""Layer-normalised long short-term memory."""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear

from seqkit.nn.cell import Cell, State

__all__ = ["LayerNormLSTM"]


class LayerNormLSTM(Cell):
    """LSTM cell with layer normalisation (Ba et al. 2016, eq. 20 to 22).

    LN(x; γ, β) = γ ∘ (x - mean) / √(var + 1e-5) + β

    (i, f, g, o) = LN(U h'; γ_u) + LN(W x; γ_w) + b, over all 4H numbers, then σ, σ, tanh, σ
    c = f ∘ c' + i ∘ g    h = o ∘ tanh(LN(c; γ_c, β_c))

    The cell state itself is not normalised (unlike torch's sample code).
    """

    gates, states = 4, 2
    gate_names = "ifgo"
    forget_gate = 1
    family = "layer-norm-lstm"

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.gain_hidden, self.gain_input = (nn.Parameter(torch.ones(4 * hidden_size)) for _ in range(2))
        self.gain_cell, self.bias_cell = (
            nn.Parameter(torch.ones(hidden_size)),
            nn.Parameter(torch.zeros(hidden_size)),
        )

    def project(self, x: Annotated[Tensor, "B T D"]) -> Annotated[Tensor, "B T G"]:
        """LN(W x; γ_w) + b."""
        wx = linear(x.transpose(0, 1), self.weight_input)
        return (
            layer_norm(wx, wx.shape[-1:], self.gain_input.to(wx.dtype), self.bias.to(wx.dtype))
            .to(wx.dtype)
            .transpose(0, 1)
        )

    def step(self, gx: Annotated[Tensor, "B G"], state: State, weight: Tensor | None = None) -> State:
        """One step."""
        h, c = state
        u = linear(h, self.weight_hidden if weight is None else weight)
        i, f, g, o = (gx + layer_norm(u, u.shape[-1:], self.gain_hidden)).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(layer_norm(c, c.shape[-1:], self.gain_cell, self.bias_cell)), c

    def extra(self) -> State:
        """γ_u, γ_c, β_c."""
        return self.gain_hidden, self.gain_cell, self.bias_cell
