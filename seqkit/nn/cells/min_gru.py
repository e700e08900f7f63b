"""Minimal gated recurrent unit: no recurrent product, so all steps can be taken at once."""

from typing import Annotated

import torch
from torch import Tensor

from seqkit.kernels.linear_scan.scan import scan
from seqkit.nn.cell import Cell, State

__all__ = ["MinGRU"]


class MinGRU(Cell):
    """minGRU cell (Feng et al. 2024, arXiv:2410.01201).

    z = σ(W_z x + b_z)    n = W_n x + b_n
    h = (1 - z) ∘ h' + z ∘ n

    The gates do not see h', so h is a linear recurrence with known factors; `fused` takes it as a parallel
    scan. There is no U. z is here the share of what is new, as in the paper: the opposite of GRU's z.
    """

    gates = 2
    gate_names = "zn"
    family = "min-gru"

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.weight_hidden = torch.nn.Parameter(torch.empty(0, hidden_size))

    def step(self, gx: Annotated[Tensor, "B G"], state: State, weight: Tensor | None = None) -> State:
        """One step."""
        z, n = gx.chunk(2, -1)
        z = torch.sigmoid(z)
        return ((1 - z) * state[0] + z * n,)

    def _fused(
        self, gx: Tensor, state: State, lengths: Tensor | None, weight: Tensor
    ) -> tuple[Tensor, State]:
        """All steps by kernels.linear_scan; a row that has ended keeps its state: factor 1, nothing new."""
        z, n = gx.float().chunk(2, -1) if gx.dtype == torch.bfloat16 else gx.chunk(2, -1)
        z = torch.sigmoid(z)
        if lengths is not None:
            live = (torch.arange(gx.shape[1], device=gx.device) < lengths[:, None])[:, :, None]
            z = torch.where(live, z, 0.0)
            n = torch.where(live, n, 0.0)
        y = scan(1 - z, z * n, state[0])
        last = y[:, -1] if y.shape[1] else state[0]
        return (y if lengths is None else torch.where(live, y, 0.0)), (last,)
