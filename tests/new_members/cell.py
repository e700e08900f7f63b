"""The minimal gated unit: one gate that both forgets and admits. File: seqkit/nn/cells/mgu.py."""

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import linear

from seqkit.nn.cell import Cell, State

__all__ = ["MGU"]


class MGU(Cell):
    """MGU cell (Zhou et al. 2016, arXiv:1603.09420).

    f = σ(W_f x + U_f h' + b_f)    n = tanh(W_n x + U_n (f ∘ h') + b_n)
    h = (1 - f) ∘ h' + f ∘ n
    """

    gates = 2
    gate_names = "fn"

    def step(self, gx: Annotated[Tensor, "B G"], state: State, weight: Tensor | None = None) -> State:
        """One step."""
        U = self.weight_hidden if weight is None else weight
        (h,), (U_f, U_n), (x_f, x_n) = state, U.chunk(2), gx.chunk(2, -1)
        f = torch.sigmoid(x_f + linear(h, U_f))
        n = torch.tanh(x_n + linear(f * h, U_n))
        return ((1 - f) * h + f * n,)
