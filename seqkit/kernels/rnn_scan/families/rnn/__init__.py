"""The simple recurrent cell with tanh."""

from functools import partial

import torch
from torch import Tensor

from seqkit.kernels.rnn_scan.families.rnn import cpu
from seqkit.kernels.rnn_scan.fused import Loop, Passes

__all__ = ["RNNLoop"]


class RNNLoop(Loop):
    """h = tanh(gx + U h')."""

    compiled_pointwise = staticmethod(partial(cpu.forward, False))
    compiled_back = staticmethod(partial(cpu.backward, False))

    def kernels(self) -> Passes:
        """Those of gpu.py."""
        from seqkit.kernels.rnn_scan.families.rnn import gpu

        return partial(gpu.forward, False), partial(gpu.backward, False)

    def pointwise(self, t: int, gx: Tensor, u: Tensor) -> None:
        """One sum, squashed."""
        torch.tanh(gx + u, out=self.states[0][t + 1])

    def pointwise_back(self, t: int, d: list[Tensor]) -> tuple[Tensor, Tensor]:
        """da = dh (1 - h²)."""
        h = self.states[0][t + 1]
        da = d[0] * (1 - h * h)
        d[0].zero_()
        return da, da
