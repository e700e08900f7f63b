"""Gated recurrent unit, reset gate before the recurrent product; the form of the course."""

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import linear

from seqkit.nn.cell import Cell, State

__all__ = ["GRUBefore"]


class GRUBefore(Cell):
    """GRU cell (Cho et al. 2014, arXiv:1406.1078v3).

    r = σ(W_r x + U_r h' + b_r)    z = σ(W_z x + U_z h' + b_z)
    n = tanh(W_n x + U_n (r ∘ h') + b_n)
    h = (1 - z) ∘ n + z ∘ h'

    Course notation: c̃ = tanh(Wc[Γr ∘ c⟨t−1⟩, x] + bc), c = Γu ∘ c̃ + (1 - Γu) ∘ c⟨t−1⟩, with Γu = 1 - z: its
    weights are the negatives of those of z (`nn.torch_weights.flip_update`).
    """

    gates = 3
    gate_names = "rzn"
    family = "gru-before"

    def step(self, gx: Annotated[Tensor, "B G"], state: State, weight: Tensor | None = None) -> State:
        """One step."""
        (h,) = state
        U_r, U_z, U_n = (self.weight_hidden if weight is None else weight).chunk(3)
        g_r, g_z, g_n = gx.chunk(3, -1)
        r, z = torch.sigmoid(g_r + linear(h, U_r)), torch.sigmoid(g_z + linear(h, U_z))
        n = torch.tanh(g_n + linear(r * h, U_n))
        return ((1 - z) * n + z * h,)
