"""A torch module and an optimiser as a Learner: forward, backward, clip, update.

A resumed run makes the same bytes. Not handled: parameters that are not all float32 or all float64 (bfloat16
is for the forward pass), or on several devices; optimisers that call the loss themselves; a module that moves
to another device later.
"""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

from seqkit.core import options as settings
from seqkit.core.device import float32_products
from seqkit.core.errors import ModelFileError, TrainingError
from seqkit.core.score import Loss
from seqkit.core.types import Arrays
from seqkit.train.gradient.arrays import (
    carry_name,
    carry_number,
    copy,
    need_numbers,
    of_file,
    to_array,
    to_carry,
    to_tensor,
)
from seqkit.train.gradient.buffer import GradientBuffer
from seqkit.train.gradient.optimizer import make_optimizer
from seqkit.train.gradient.options import GradientOptions
from seqkit.train.gradient.unread import Unread, check_step
from seqkit.train.world import World

Carry = tuple[Tensor, ...] | None


class Trainable(Protocol):
    """A torch.nn.Module with a loss."""

    training: bool

    def loss(self, batch: Any, carry: Carry, step: int) -> tuple[Tensor, int, Carry]:
        """Sum of nats (a scalar), number of predictions, and the carry of the next call.

        carry: tensors, rows first, detached; None at first. The module ignores it where the batch says that a
               text begins.
        step:  number of the call, from 0: all that dropout may be drawn from, with the seed and the row's
               place.
        """

    def train(self, mode: bool = True) -> Any:
        """As in torch.nn.Module."""

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """As in torch.nn.Module: a tied parameter once."""

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """As in torch.nn.Module."""


class GradientLearner:
    """Learns by the gradient of module.loss, averaged over predictions, processes and `accumulate` steps.

    Every process of `world` starts from process 0's weights and makes the same updates.
    """

    def __init__(
        self, module: Trainable, options: GradientOptions | None = None, *, world: World | None = None
    ) -> None:
        self.module, self.options, self.world = module, options or GradientOptions(), world or World()
        self.parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
        self._buffer = GradientBuffer(self.parameters, self.world.tail)
        self.optimizer = make_optimizer(list(self.parameters.values()), self.options)
        self.steps = 0
        self.carry: Carry = None
        self._restored = False  # whether the next step is the first since
        self._loss: Callable[..., tuple[Tensor, int, Carry]] = (
            torch.compile(module.loss) if self.options.compile else module.loss
        )
        self._held = self._held_count = 0  # steps and predictions whose gradients wait for the update
        self._lr = 0.0
        self._averages: list[Tensor] = []
        self._averaged = 0  # weights in the averages
        device, fused = self._buffer.sums.device, self.optimizer.defaults.get("fused")
        self._unread = Unread(device) if fused and self.world.size == 1 else None
        self.world.share(tensor for _, tensor in self._tensors())

    @property
    def signature(self) -> dict[str, Any]:
        """The settings, which a resumed run must share."""
        return settings.to_json(self.options)

    def step(self, batch: Any, lr: float) -> Loss:
        """Add the gradients of `batch` (None: no row for this process) and, every `accumulate` steps, update.

        Returns:  the loss of the data alone, of all processes. If it is not finite, nothing was updated. On a
                  GPU that of several steps is told at once, by `settle` or every unread.EVERY steps.
        Raises:   TrainingError, without an update, if the gradients are not finite though the loss is, or the
                  loss is beyond DIVERGED.
        """
        total, count = self._backward(batch)
        self.steps, self._held, self._lr = self.steps + 1, self._held + 1, lr
        full = self._held == self.options.accumulate
        if self._unread:
            self._held_count += count
            norm = self._update_unseen(total) if full else 0.0
            self._unread.put(total, norm, count, self.steps, lr)
            return self.settle() if self._unread.full else Loss(0.0, 0)
        loss = self.world.reduce(self._buffer.sums if full else self._buffer.tail, total, count, settle=full)
        self._held_count += loss.count
        check_step(loss, self.steps, lr)
        if full and math.isfinite(loss.total):
            self._update()
        return loss

    def finish(self) -> None:
        """Update with what fewer than `accumulate` steps left over."""
        if self._held and self._unread:
            self._unread.put(0.0, self._update_unseen(0.0), 0, self.steps, self._lr)
        elif self._held:
            self.world.reduce(self._buffer.sums, 0.0, 0)
            self._update()

    def settle(self) -> Loss:
        """The loss of the steps whose loss was not told yet.

        Raises:  TrainingError for the first that is not finite or diverged.
        """
        return self._unread.read() if self._unread else Loss(0.0, 0)

    def observe(self, values: Sequence[float]) -> None:
        """Start averaging (asgd) when the last value is worse than the best one `nonmono` or more before."""
        *before, value = values
        known = before[: max(len(before) - self.options.nonmono, 0)]
        if self.options.optimizer == "asgd" and not self._averaged and known and value > min(known):
            self._averages = [p.detach().clone() for p in self.parameters.values()]
            self._averaged = 1

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Within the block the module has the averaged weights, if averaging has begun."""
        if not self._averaged:
            yield
            return
        raw = [p.detach().clone() for p in self.parameters.values()]
        copy(self._averages, self.parameters.values())
        try:
            yield
        finally:
            copy(raw, self.parameters.values())

    def state(self) -> Arrays:
        """Everything that `restore` needs; to be called in all processes at once.

        weights.NAME (parameters and buffers), optimizer.NAME.KEY, average.NAME, gradient.NAME, carry.NUMBER
        (of all processes), and counts. Arrays may be views of the module's memory.
        """
        arrays = {f"weights.{name}": to_array(tensor) for name, tensor in self._tensors()}
        for name, p in self.parameters.items():
            moments = {
                key: value for key, value in self.optimizer.state.get(p, {}).items() if value is not None
            }
            arrays |= {f"optimizer.{name}.{key}": to_array(value) for key, value in moments.items()}
        if self._averaged:
            arrays |= {
                f"average.{name}": to_array(a)
                for name, a in zip(self.parameters, self._averages, strict=True)
            }
        if self._held:
            arrays |= {
                f"gradient.{name}": to_array(g)
                for name, g in zip(self.parameters, self._buffer.parts, strict=True)
            }
        arrays["steps"] = np.array([self.steps, self._averaged, self._held, self._held_count], np.int64)
        arrays["lr"] = np.array([self._lr])
        carries = self.world.gather({carry_name(i, t): to_array(t) for i, t in enumerate(self.carry or ())})
        names = max(carries, key=len).keys()
        return arrays | {name: np.concatenate([carry[name] for carry in carries if carry]) for name in names}

    def restore(self, arrays: Arrays) -> None:
        """Restore what `state` gave, in any number of processes.

        Raises:  ModelFileError if the arrays are not of this module, naming the first that is not.
        """
        self._restore_weights(arrays)
        steps = need_numbers(arrays, "steps", "int64", 4)
        self.steps, self._averaged, self._held, self._held_count = steps
        (self._lr,) = need_numbers(arrays, "lr", "float64", 1)
        self._restore_optimizer(arrays)
        parameters = self.parameters.items()
        self._averages = []
        if self._averaged:
            self._averages = [to_tensor(arrays, f"average.{name}", p).to(p) for name, p in parameters]
        self._buffer.sums.zero_()
        if self._held and self.world.rank == 0:
            copy([to_tensor(arrays, f"gradient.{name}", p) for name, p in parameters], self._buffer.parts)
        carries = {name: array for name, array in arrays.items() if name.startswith("carry.")}
        names, device = sorted(carries, key=carry_number), self._buffer.sums.device
        parts = [carries[name][self.world.part(len(carries[name]))] for name in names]
        self.carry = tuple(map(to_carry, names, parts, repeat(device))) or None
        self._restored = True

    def _restore_weights(self, arrays: Arrays) -> None:
        tensors = {f"weights.{name}": tensor for name, tensor in self._tensors()}
        unknown = {name for name in arrays if name.startswith("weights.")} - tensors.keys()
        if unknown:
            raise ModelFileError(
                f"gradient.restore: this model has no {min(unknown)}. The file is not of this model."
            )
        for name, tensor in tensors.items():
            copy([to_tensor(arrays, name, tensor)], [tensor])

    def _restore_optimizer(self, arrays: Arrays) -> None:
        self.optimizer.state.clear()
        for full in arrays:
            group, _, rest = full.partition(".")
            name, _, key = rest.rpartition(".")
            if group == "optimizer" and name in self.parameters:
                p = self.parameters[name]
                fused = self.optimizer.defaults.get("fused")  # these count where the weights are
                like = torch.zeros((), device=p.device if fused else "cpu") if key == "step" else p
                value = torch.empty_like(like, requires_grad=False)
                self.optimizer.state[p][key] = value.copy_(to_tensor(arrays, full, like))
        kept = {tuple(sorted(self.optimizer.state.get(p, {}))) for p in self.parameters.values()}
        if len(kept) > 1:
            raise ModelFileError(
                f"gradient.restore: got an optimizer's {' and '.join(map(str, sorted(kept)))}, expected the "
                "same of every weight. Train again without resuming."
            )

    def _backward(self, batch: Any) -> tuple[Tensor | float, int]:
        if not self.module.training:
            self.module.train()
        self._buffer.attach()
        if batch is None:
            self.carry = None
            return 0.0, 0
        low, device = self.options.precision == "bfloat16", self._buffer.sums.device
        with float32_products(device, tf32=self.options.precision == "tf32"):
            with torch.autocast(device.type, torch.bfloat16, enabled=low), of_file(self._restored):
                total, count, carry = self._loss(batch, self.carry, self.steps)
            self._restored = False
            if count:
                total.backward()  # type: ignore[no-untyped-call]
        # a copy, since a view keeps all of its base, and one laid out otherwise than after a resume may
        # multiply otherwise
        self.carry = (
            None
            if carry is None
            else tuple(t.detach().clone(memory_format=torch.contiguous_format) for t in carry)
        )
        return total.detach(), count

    def _update(self) -> None:
        if self._held_count:
            norm = self._buffer.scale(self._held_count, self.options)
            if not math.isfinite(norm):
                raise TrainingError(
                    f"gradient: got a norm of {norm} at step {self.steps:,} (lr {self._lr:g}) though the "
                    f"loss is finite; worst is {self._buffer.worst()}. Nothing was updated. Lower lr, set "
                    "clip or use float32."
                )
            self._move()
        self._buffer.sums.zero_()
        self._held = self._held_count = 0

    def _update_unseen(self, total: Tensor | float) -> Tensor | float:
        """The same without looking: the optimiser leaves all as it is if loss or norm is not finite."""
        norm: Tensor | float = 0.0
        if self._held_count:
            norm = self._buffer.scale_unseen(self._held_count, self.options)
            self.optimizer.found_inf = (~torch.isfinite(norm + total)).float()  # type: ignore[attr-defined]
            self._move()
        self._buffer.sums.zero_()
        self._held = self._held_count = 0
        return norm

    def _move(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self._lr
        self.optimizer.step()
        if self._averaged:
            self._averaged += 1
            for average, p in zip(self._averages, self.parameters.values(), strict=True):
                average.lerp_(p.detach(), 1 / self._averaged)

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        yield from self.module.named_parameters()
        yield from self.module.named_buffers()
