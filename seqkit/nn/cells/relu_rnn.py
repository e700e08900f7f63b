"""The simple recurrent cell with a rectifier (Le, Jaitly & Hinton 2015, arXiv:1504.00941)."""

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import linear

from seqkit.nn.cell import Cell, State

__all__ = ["ReluRNN"]


class ReluRNN(Cell):
    """Simple recurrent cell with a rectifier.

    h = max(0, W x + U h' + b)

    U starts as the identity, as in the paper, so that the state neither vanishes nor explodes at first.
    """

    family = torch_kind = "relu-rnn"
    init_hidden = "identity"

    def step(self, gx: Annotated[Tensor, "B G"], state: State, weight: Tensor | None = None) -> State:
        """One step."""
        U = self.weight_hidden if weight is None else weight
        return (torch.relu(gx + linear(state[0], U)),)
