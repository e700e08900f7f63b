"""GRU with the reset gate before the recurrent product: gates r, z, n; two products a step."""

import torch
from torch import Tensor

from seqkit.kernels.rnn_scan.arrays import Backward
from seqkit.kernels.rnn_scan.families.gru_before import cpu
from seqkit.kernels.rnn_scan.fused import Loop, Passes, numpy

__all__ = ["GRUBeforeLoop"]


class GRUBeforeLoop(Loop):
    """n = tanh(gx_n + U_n (r ∘ h')), h = (1 - z) ∘ n + z ∘ h'."""

    def allocate(self) -> None:
        """q = r ∘ h' of each step, as the second product reads it, and the weights of both products."""
        self.q = self.buffer(self.T, self.H, low=True)
        self.weight_rz, self.weight_n = self.weight[: 2 * self.H], self.weight[2 * self.H :]

    def kernels(self) -> Passes:
        """Those of gpu.py, which make the products too."""
        from seqkit.kernels.rnn_scan.families.gru_before import gpu

        return gpu.forward, gpu.backward

    def own(self) -> list[Tensor]:
        """q and U, for a GPU."""
        return [self.q, self.weight.contiguous()]

    def forward(self, live: Tensor | None) -> None:
        """All steps: r and z, q, n, h."""
        if self.on_gpu:
            for t in range(self.T):
                self.kernel(t, self.run, self.lengths)
            return
        H, h, gates = self.H, self.states[0], self.gates
        first = torch.empty(self.B, 2 * H, dtype=self.gx.dtype, device=self.gx.device)
        second = torch.empty(self.B, H, dtype=self.gx.dtype, device=self.gx.device)
        arrays = numpy(self.gx, first, second, gates, h, self.inputs, self.q) if self.compiled else []
        for t in range(self.T):
            torch.mm(self.inputs[t], self.weight_rz.t(), out=first)
            if self.compiled:
                cpu.reset(t, *arrays)
            else:
                torch.sigmoid(self.gx[t][:, : 2 * H].to(self.dtype) + first, out=gates[t][:, : 2 * H])
                self.q[t] = gates[t][:, :H] * h[t]
            torch.mm(self.q[t], self.weight_n.t(), out=second)
            if self.compiled:
                cpu.update(t, *arrays)
            else:
                z, n = gates[t][:, H : 2 * H], gates[t][:, 2 * H :]
                n.copy_(torch.tanh(self.gx[t][:, 2 * H :].to(self.dtype) + second))
                torch.add((1 - z) * n, z * h[t], out=h[t + 1])
                if self.low:
                    self.inputs[t + 1] = h[t + 1]
            if live is not None and t >= self.full:
                for whole in {self.inputs, h}:
                    torch.where(live[t], whole[t + 1], whole[t], out=whole[t + 1])

    def backward_step(self, t: int, dy: Tensor, d: list[Tensor]) -> None:
        """dn, then through U_n to q, then dr and dz; the rest of the step back is through U_r and U_z."""
        (r, z, n), h, dh = self.gates[t].chunk(3, -1), self.states[0][t], d[0]
        dh += dy[t] + self.dh.to(self.dtype)
        dn = dh * (1 - z) * (1 - n * n)
        dz = dh * (h - n) * z * (1 - z)
        dq = torch.mm(dn.to(self.gx.dtype), self.weight_n).to(self.dtype)
        dr = dq * h * r * (1 - r)
        dh.mul_(z).add_(dq * r)
        self.du[t] = torch.cat([dr, dz, dn], -1)

    def backward(self, dy: Tensor, d: list[Tensor], live: Tensor | None) -> None:
        """As all families, with U_r and U_z as the weight of the last product."""
        if self.on_gpu:
            self.du = self.dgx = self.buffer(self.T, self.G, low=True)
            states, own, room = tuple(self.states), tuple(self.own()), torch.empty_like(d[0])
            run = Backward(dy, room, tuple(d), self.gates, states, self.dgx, self.du, own)
            for t in range(self.T - 1, -1, -1):
                self.kernel_back(t, run, self.lengths)
            return
        whole, self.compiled = self.weight, False
        self.weight = torch.cat([self.weight_rz, torch.zeros_like(self.weight_n)])
        super().backward(dy, d, live)
        self.weight = whole

    def weight_gradient(self) -> Tensor:
        """Two products, since U_n read q."""
        du, H = self.du.flatten(0, 1), self.H
        first = du[:, : 2 * H].t() @ self.inputs[:-1].flatten(0, 1)
        return torch.cat([first, du[:, 2 * H :].t() @ self.q.flatten(0, 1)]).to(self.dtype)
