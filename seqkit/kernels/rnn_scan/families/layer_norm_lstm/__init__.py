"""Layer-normalised LSTM: gates i, f, g, o."""

import torch
from torch import Tensor

from seqkit.kernels.primitives.layer_norm.reference import normalise, normalise_back
from seqkit.kernels.rnn_scan.families.layer_norm_lstm import cpu
from seqkit.kernels.rnn_scan.fused import Loop, Passes

__all__ = ["LayerNormLSTMLoop"]


class LayerNormLSTMLoop(Loop):
    """a = gx + γ_u ∘ û, c = f ∘ c' + i ∘ g, h = o ∘ tanh(γ_c ∘ ĉ + β_c), x̂ a normalised row x.

    x̂ = (x - mean) / √(var + ε). Parameters: γ_u (4H,), γ_c (H,), β_c (H,).
    """

    separate = True
    compiled_pointwise = staticmethod(cpu.forward)
    compiled_back = staticmethod(cpu.backward)
    most_columns = 1024

    def kernels(self) -> Passes:
        """Those of gpu.py."""
        from seqkit.kernels.rnn_scan.families.layer_norm_lstm import gpu

        return gpu.forward, gpu.backward

    def allocate(self) -> None:
        """û, ĉ, the tanh, and 1 / √(var + ε) of both, of each step."""
        self.u_hat, self.c_hat, self.tanh_c = (self.buffer(self.T, n) for n in (self.G, self.H, self.H))
        self.scales = self.buffer(self.T, 2)
        self.terms = self.buffer(0, 6 * self.H)
        self.sums = [] if self.on_gpu else [torch.zeros_like(p) for p in self.parameters]

    def own(self) -> list[Tensor]:
        """The buffers, the parameters, and sums for their gradients; for a GPU room for their terms."""
        sums = [self.terms] if self.on_gpu else self.sums
        return [self.u_hat, self.c_hat, self.tanh_c, self.scales, *self.parameters, *sums]

    def pointwise(self, t: int, gx: Tensor, u: Tensor) -> None:
        """Normalise U h, squash the gates, normalise c for the output alone."""
        gain_u, gain_c, bias_c = self.parameters
        self.u_hat[t], self.scales[t, :, 0] = normalise(u)
        i, f, g, o = torch.add(gx, gain_u * self.u_hat[t], out=self.gates[t]).chunk(4, -1)
        new = torch.add(f.sigmoid_() * self.states[1][t], i.sigmoid_() * g.tanh_(), out=self.states[1][t + 1])
        self.c_hat[t], self.scales[t, :, 1] = normalise(new)
        torch.tanh(gain_c * self.c_hat[t] + bias_c, out=self.tanh_c[t])
        torch.mul(o.sigmoid_(), self.tanh_c[t], out=self.states[0][t + 1])

    def pointwise_back(self, t: int, d: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Back through o and tanh, the norm of c, the gates, the norm of U h."""
        gain_u, gain_c, _ = self.parameters
        (dh, dc), (i, f, g, o), tanh_c = d, self.gates[t].chunk(4, -1), self.tanh_c[t]
        do, inner = dh * tanh_c * o * (1 - o), dh * o * (1 - tanh_c * tanh_c)
        dc += normalise_back(inner * gain_c, self.c_hat[t], self.scales[t, :, 1])
        da = torch.cat(
            [dc * g * i * (1 - i), dc * self.states[1][t] * f * (1 - f), dc * i * (1 - g * g), do], -1
        )
        dc *= f
        dh.zero_()
        for total, part in zip(self.sums, (da * self.u_hat[t], inner * self.c_hat[t], inner), strict=True):
            total.add_(part.sum(0))
        return da, normalise_back(da * gain_u, self.u_hat[t], self.scales[t, :, 0])

    def backward(self, dy: Tensor, d: list[Tensor], live: Tensor | None) -> None:
        """As all families, the sums from 0."""
        if self.on_gpu:
            self.terms = self.buffer(self.T, 6 * self.H)
        for total in self.sums:
            total.zero_()
        super().backward(dy, d, live)

    def parameter_gradients(self) -> tuple[Tensor, ...]:
        """Summed along the way; of a GPU's rows now, so that the order of the sums is always the same."""
        if self.on_gpu:
            return torch.split(self.terms.sum((0, 1)), [4 * self.H, self.H, self.H])
        return tuple(total.clone() for total in self.sums)
