"""The simple recurrent cell (Elman 1990) with tanh."""

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import linear

from seqkit.nn.cell import Cell, State

__all__ = ["RNN"]


class RNN(Cell):
    """Simple recurrent cell.

    h = tanh(W x + U h' + b)

    Course notation: a⟨t⟩ = g(Waa a⟨t−1⟩ + Wax x⟨t⟩ + ba), with Wax = W, Waa = U.
    """

    family = torch_kind = "rnn"

    def step(self, gx: Annotated[Tensor, "B G"], state: State, weight: Tensor | None = None) -> State:
        """One step."""
        U = self.weight_hidden if weight is None else weight
        return (torch.tanh(gx + linear(state[0], U)),)
