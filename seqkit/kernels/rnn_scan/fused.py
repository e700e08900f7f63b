"""The time loop of a cell family as one autograd function: a product and a fused pointwise pass each step.

A family (families/*) gives the two pointwise passes; this file has what they share: buffers, the loop, rows
of different length, mixed precision, and the weight's gradient, which is one large product at the end. For
float32 the passes are compiled, on a CPU (families/*/cpu.py) and on a GPU with Triton (families/*/gpu.py),
on the records of arrays.py; elsewhere they are torch operations.

Not handled: second derivatives (`reference`).
"""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seqkit.core.device import has_kernels
from seqkit.core.family import Family
from seqkit.core.types import Array
from seqkit.kernels.rnn_scan import recorded
from seqkit.kernels.rnn_scan.arrays import Backward, Forward
from seqkit.kernels.rnn_scan.reference import State

# (t, run, lengths): step t of the run, and back; a row that has ended keeps its state, and has no gradient
Passes = tuple[Callable[[int, Forward, Tensor | None], None], Callable[[int, Backward, Tensor | None], None]]
families = Family("seqkit.kernels.rnn_scan.families", "cell family")


class Loop:
    """One run of a family over time: buffers of all steps, T first.

    gx: (T, B, G) input part; weight: (G, H) recurrent weight; states[s]: (T + 1, B, H), entry 0 the initial
    state. Products run in the dtype of gx (bfloat16 under autocast), all else in float32 or float64.
    """

    separate: ClassVar[bool] = False  # whether the gradients of gx and of U h differ
    most_columns: ClassVar[int] = 1 << 30  # H that the kernels of a GPU take
    full = 0  # before this step the loop sees to no row's end: none has ended, or the kernels see to it
    lengths: Tensor | None = None
    first_wanted = True  # whether the state before the first step wants a gradient

    def __init__(self, gx: Tensor, weight: Tensor, state: State, parameters: State) -> None:
        self.T, self.B, self.G = gx.shape
        self.H, self.gx = state[0].shape[1], gx
        self.low = gx.dtype == torch.bfloat16
        self.dtype = torch.float32 if self.low else gx.dtype
        self.on_gpu = self.has_kernels_for(gx, self.H)
        self.compiled = self.dtype == torch.float32 and gx.device.type == "cpu" and not self.on_gpu
        self.weight = weight.to(gx.dtype)
        self.parameters = tuple(p.to(self.dtype).contiguous() for p in parameters)
        self.states = [self.buffer(self.T + 1, self.H) for _ in state]
        for whole, first in zip(self.states, state, strict=True):
            whole[0] = first
        self.gates = self.buffer(self.T, self.G)
        self.inputs = self.buffer(self.T + 1, self.H, low=True) if self.low else self.states[0]
        if self.low:
            self.inputs[0] = self.states[0][0]
        self.product = torch.empty(self.B, self.G, dtype=gx.dtype, device=gx.device)  # U h of the step
        self.allocate()
        if self.compiled:
            x, product, gates, inputs = numpy(gx, self.product, self.gates, self.inputs)
            self.run = Forward(x, product, gates, numpy(*self.states), inputs, numpy(*self.own()))
        elif self.on_gpu:
            given = gx, self.product, self.gates, tuple(self.states), self.inputs, tuple(self.own())
            self.run, (self.kernel, self.kernel_back) = Forward(*given), self.kernels()

    @classmethod
    def has_kernels_for(cls, gx: Tensor, columns: int) -> bool:
        """Whether kernels of a GPU run the passes."""
        known = gx.dtype in (torch.float32, torch.bfloat16) and columns <= cls.most_columns
        return known and has_kernels(gx.device)

    def buffer(self, steps: int, size: int, *, low: bool = False) -> Tensor:
        """An empty (steps, B, size); `low`: in the dtype of the products."""
        dtype = self.gx.dtype if low else self.dtype
        return torch.empty(steps, self.B, size, dtype=dtype, device=self.gx.device)

    def allocate(self) -> None:
        """Make the family's own buffers."""

    def own(self) -> list[Tensor]:
        """What the compiled passes of the family take beside the shared arrays, as one tuple."""
        return []

    def pointwise(self, t: int, gx: Tensor, u: Tensor) -> None:
        """Fill gates[t] and states[:][t + 1] from the two parts gx and U h, each (B, G)."""
        raise NotImplementedError  # abstract

    def pointwise_back(self, t: int, d: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The gradients of gx[t] and U h; d[s], of state s after the step, becomes that before, without U."""
        raise NotImplementedError  # abstract

    def kernels(self) -> Passes:
        """The passes as kernels of a GPU."""
        raise NotImplementedError  # abstract

    compiled_pointwise: Any  # Any: compiled functions with the families' own arguments
    compiled_back: Any

    def parameter_gradients(self) -> tuple[Tensor, ...]:
        """Gradients of the family's parameters, after the last step back."""
        return ()

    def forward(self, live: Tensor | None) -> None:
        """All steps; live (T, B, 1) is False where a row has ended."""
        transposed = self.weight.t()
        for t, h in enumerate(self.inputs[:-1].unbind(0)):
            torch.mm(h, transposed, out=self.product)
            self.forward_step(t)
            if live is not None and t >= self.full:
                for whole in {self.inputs, *self.states}:
                    torch.where(live[t], whole[t + 1], whole[t], out=whole[t + 1])

    def forward_step(self, t: int) -> None:
        """The pointwise pass of a step, after its product."""
        if self.compiled:
            self.compiled_pointwise(t, self.run)
        elif self.on_gpu:
            self.kernel(t, self.run, self.lengths)
        else:
            self.pointwise(t, self.gx[t].to(self.dtype), self.product.to(self.dtype))
            if self.low:
                self.inputs[t + 1] = self.states[0][t + 1]

    def backward(self, dy: Tensor, d: list[Tensor], live: Tensor | None) -> None:
        """All steps back; dy (T, B, H); d: gradients of the last state, which become those of the first."""
        self.du = self.buffer(self.T, self.G, low=True)
        self.dgx = self.buffer(self.T, self.G, low=True) if self.separate else self.du
        # what comes back through U
        self.dh = torch.zeros(self.B, self.H, dtype=self.gx.dtype, device=self.gx.device)
        if self.compiled:
            y, through, gates, dgx, du = numpy(dy, self.dh, self.gates, self.dgx, self.du)
            states, own = numpy(*self.states), numpy(*self.own())
            self.run_back = Backward(y, through, numpy(*d), gates, states, dgx, du, own)
        elif self.on_gpu:
            given = dy, self.dh, tuple(d), self.gates, tuple(self.states)
            self.run_back = Backward(*given, self.dgx, self.du, tuple(self.own()))
        steps = self.du.unbind(0)
        for t in range(self.T - 1, -1, -1):
            if live is None or t < self.full:
                self.backward_step(t, dy, d)
                if t or self.first_wanted:
                    torch.mm(steps[t], self.weight, out=self.dh)
                continue
            held = [g * ~live[t] for g in d]  # a row that has ended passes its gradient by
            for g in d:
                g.mul_(live[t])
            self.backward_step(t, dy, d)
            torch.mm(steps[t], self.weight, out=self.dh)
            d[0] += self.dh
            self.dh.zero_()
            for g, by in zip(d, held, strict=True):
                g.add_(by)
        if self.first_wanted:
            d[0] += self.dh

    def backward_step(self, t: int, dy: Tensor, d: list[Tensor]) -> None:
        """The pointwise pass of a step back, before its product."""
        if self.compiled:
            self.compiled_back(t, self.run_back)
        elif self.on_gpu:
            self.kernel_back(t, self.run_back, self.lengths)
        else:
            d[0] += dy[t] + self.dh.to(self.dtype)
            self.dgx[t], self.du[t] = self.pointwise_back(t, d)

    def weight_gradient(self) -> Tensor:
        """Σ_t dU h_t ⊗ h_{t-1}: one product."""
        return (self.du.flatten(0, 1).t() @ self.inputs[:-1].flatten(0, 1)).to(self.dtype)


def numpy(*tensors: Tensor) -> tuple[Array, ...]:
    """The tensors as arrays over the same memory; bfloat16 as its bits."""
    return tuple((x.view(torch.uint16) if x.dtype == torch.bfloat16 else x).numpy() for x in tensors)


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, family: str, lengths: Tensor | None, states: int, gx: Tensor, weight: Tensor, *rest: Tensor
    ) -> tuple[Tensor, ...]:
        given = recorded.Given(gx, weight, rest[:states], rest[states:])
        wanted = any(ctx.needs_input_grad[5 : 5 + states])
        lease, live = recorded.take(family, families.load(family), given, lengths, wanted), None
        loop: Loop = lease.kept.loop if lease else families.load(family)(*given)
        loop.first_wanted = wanted
        if lengths is not None:
            live = (torch.arange(loop.T, device=gx.device)[:, None] < lengths)[:, :, None]
        if lease:
            lease.kept.forward()
        else:
            if lengths is not None:
                loop.lengths = lengths
                loop.full = loop.T if loop.on_gpu else int(lengths.min()) if len(lengths) else 0
            loop.forward(live)
        ctx.loop, ctx.live, ctx.lease = loop, live, lease
        y = loop.states[0][1:]
        y = y.clone() if live is None else torch.where(live, y, 0.0)
        return (y, *(whole[-1].clone() for whole in loop.states))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, *dstates: Tensor) -> tuple[Any, ...]:
        loop, live = ctx.loop, ctx.live
        if ctx.lease:
            dgx, d = ctx.lease.kept.run_backward(dy, dstates)
        else:
            d = [g.to(loop.dtype, copy=True).contiguous() for g in dstates]
            dy = dy.to(loop.dtype)
            masked = dy if live is None or loop.on_gpu else torch.where(live, dy, 0.0)
            loop.backward(masked.contiguous(), d, live)
            dgx = loop.dgx
        return None, None, None, dgx, loop.weight_gradient(), *d, *loop.parameter_gradients()


def scan(
    family: str,
    gx: Annotated[Tensor, "B T G"],
    state: State,
    weight: Annotated[Tensor, "G H"],
    parameters: State = (),
    lengths: Annotated[Tensor, "B"] | None = None,
) -> tuple[Annotated[Tensor, "B T H"], State]:
    """reference.scan for the cell of `family`, with gradients for gx, weight, state and parameters."""
    if not gx.shape[1]:
        return state[0].new_zeros(len(gx), 0, state[0].shape[1]), state
    steps = gx.transpose(0, 1).contiguous()
    given = (family, lengths, len(state), steps, weight, *state, *parameters)
    y, *last = _Scan.apply(*given)  # type: ignore[no-untyped-call]  # torch's own
    return y.transpose(0, 1), tuple(last)
