"""The simple recurrent cell with a rectifier."""

from functools import partial

import torch
from torch import Tensor

from seqkit.kernels.rnn_scan.families.rnn import cpu
from seqkit.kernels.rnn_scan.fused import Loop, Passes

__all__ = ["ReluRNNLoop"]


class ReluRNNLoop(Loop):
    """h = max(0, gx + U h')."""

    compiled_pointwise = staticmethod(partial(cpu.forward, True))
    compiled_back = staticmethod(partial(cpu.backward, True))

    def kernels(self) -> Passes:
        """Those of gpu.py."""
        from seqkit.kernels.rnn_scan.families.rnn import gpu

        return partial(gpu.forward, True), partial(gpu.backward, True)

    def pointwise(self, t: int, gx: Tensor, u: Tensor) -> None:
        """One sum, cut at 0."""
        self.states[0][t + 1] = torch.relu(gx + u)

    def pointwise_back(self, t: int, d: list[Tensor]) -> tuple[Tensor, Tensor]:
        """da = dh where h > 0."""
        da = d[0] * (self.states[0][t + 1] > 0)
        d[0].zero_()
        return da, da
