"""GRU with the reset gate after the recurrent product: gates r, z, n."""

import torch
from torch import Tensor

from seqkit.kernels.rnn_scan.families.gru import cpu
from seqkit.kernels.rnn_scan.fused import Loop, Passes

__all__ = ["GRULoop"]


class GRULoop(Loop):
    """n = tanh(gx_n + r ∘ m), m = U_n h' + b, h = (1 - z) ∘ n + z ∘ h'; the parameter (H,) is b."""

    separate = True
    compiled_pointwise = staticmethod(cpu.forward)
    compiled_back = staticmethod(cpu.backward)

    def kernels(self) -> Passes:
        """Those of gpu.py."""
        from seqkit.kernels.rnn_scan.families.gru import gpu

        return gpu.forward, gpu.backward

    def allocate(self) -> None:
        """m of each step."""
        self.m = self.buffer(self.T, self.H)

    def own(self) -> list[Tensor]:
        """m and b."""
        return [self.m, self.parameters[0]]

    def pointwise(self, t: int, gx: Tensor, u: Tensor) -> None:
        """r and z, then n, then h."""
        H, h = self.H, self.states[0][t]
        m = torch.add(u[:, 2 * H :], self.parameters[0], out=self.m[t])
        r, z, n = self.gates[t].chunk(3, -1)
        torch.sigmoid(gx[:, : 2 * H] + u[:, : 2 * H], out=self.gates[t][:, : 2 * H])
        n.copy_(torch.tanh(gx[:, 2 * H :] + r * m))
        torch.add((1 - z) * n, z * h, out=self.states[0][t + 1])

    def pointwise_back(self, t: int, d: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The gradient of U h differs from that of gx in its last third: there it has passed r."""
        (r, z, n), h, m, dh = self.gates[t].chunk(3, -1), self.states[0][t], self.m[t], d[0]
        dn = dh * (1 - z) * (1 - n * n)
        dz, dr = dh * (h - n) * z * (1 - z), dn * m * r * (1 - r)
        dh *= z
        return torch.cat([dr, dz, dn], -1), torch.cat([dr, dz, dn * r], -1)

    def parameter_gradients(self) -> tuple[Tensor, ...]:
        """Σ dm."""
        return (self.du[:, :, 2 * self.H :].to(self.dtype).sum((0, 1)),)
