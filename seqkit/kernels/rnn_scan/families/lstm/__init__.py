"""LSTM, with peepholes or without: gates i, f, g, o."""

import torch
from torch import Tensor

from seqkit.kernels.rnn_scan.families.lstm import cpu
from seqkit.kernels.rnn_scan.fused import Loop, Passes

__all__ = ["LSTMLoop"]


class LSTMLoop(Loop):
    """c = f ∘ c' + i ∘ g, h = o ∘ tanh c; optional parameter (3, H): peepholes of i, f to c', o to c."""

    compiled_pointwise = staticmethod(cpu.forward)
    compiled_back = staticmethod(cpu.backward)

    def kernels(self) -> Passes:
        """Those of gpu.py."""
        from seqkit.kernels.rnn_scan.families.lstm import gpu

        return gpu.forward, gpu.backward

    def allocate(self) -> None:
        """tanh c of each step."""
        self.tanh_c = self.buffer(self.T, self.H)
        self.terms = self.buffer(0, 3 * self.H)
        self.peepholes = self.parameters[0] if self.parameters else self.gates.new_zeros(0, self.H)

    def own(self) -> list[Tensor]:
        """tanh c, peepholes, and for a GPU room for the terms of their gradients."""
        return [self.tanh_c, self.peepholes, *([self.terms] if self.on_gpu else [])]

    def pointwise(self, t: int, gx: Tensor, u: Tensor) -> None:
        """The gates, then c, the output gate's peephole, and h."""
        i, f, g, o = torch.add(gx, u, out=self.gates[t]).chunk(4, -1)
        c = self.states[1][t]
        if self.parameters:
            i += self.peepholes[0] * c
            f += self.peepholes[1] * c
        new = torch.add(f.sigmoid_() * c, i.sigmoid_() * g.tanh_(), out=self.states[1][t + 1])
        if self.parameters:
            o += self.peepholes[2] * new
        torch.mul(o.sigmoid_(), torch.tanh(new, out=self.tanh_c[t]), out=self.states[0][t + 1])

    def pointwise_back(self, t: int, d: list[Tensor]) -> tuple[Tensor, Tensor]:
        """do first, since its peephole passes it on to c."""
        (dh, dc), (i, f, g, o) = d, self.gates[t].chunk(4, -1)
        c, tanh_c = self.states[1][t], self.tanh_c[t]
        do = dh * tanh_c * o * (1 - o)
        dc += dh * o * (1 - tanh_c * tanh_c)
        if self.parameters:
            dc += do * self.peepholes[2]
        di, df, dg = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g)
        dc *= f
        if self.parameters:
            dc += di * self.peepholes[0] + df * self.peepholes[1]
        dh.zero_()
        both = torch.cat([di, df, dg, do], -1)
        return both, both

    def backward(self, dy: Tensor, d: list[Tensor], live: Tensor | None) -> None:
        """As all families."""
        if self.on_gpu and self.parameters:
            self.terms = self.buffer(self.T, 3 * self.H)
        super().backward(dy, d, live)

    def parameter_gradients(self) -> tuple[Tensor, ...]:
        """Σ da ∘ c over steps and rows."""
        if not self.parameters:
            return ()
        if self.on_gpu:
            return (self.terms.sum((0, 1)).view(3, self.H),)
        (di, df, _, do), c = self.du.to(self.dtype).chunk(4, -1), self.states[1]
        return (
            torch.stack([(di * c[:-1]).sum((0, 1)), (df * c[:-1]).sum((0, 1)), (do * c[1:]).sum((0, 1))]),
        )
