"""A torch module and an optimiser as a Learner: forward, backward, clip, update; the same bytes after a
resume.

Not handled: parameters other than float32 or all float64 (bfloat16 is for the forward pass), or on several
devices; optimisers that call the loss themselves; the module moved to another device after the learner was
made.
"""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

from seqkit.core import options as settings
from seqkit.core.errors import ModelFileError, OptionError, TrainingError
from seqkit.core.score import Loss
from seqkit.core.types import Array, Arrays
from seqkit.train.gradient_options import GradientOptions
from seqkit.train.world import World

Carry = tuple[Tensor, ...] | None
DIVERGED = 1e4  # nats a prediction: as if guessing among e^10,000 classes
_ALIGN = 16  # numbers: gradients start on cache lines, as tensors of their own would


class Trainable(Protocol):
    """A torch.nn.Module with a loss."""

    training: bool

    def loss(self, batch: Any, carry: Carry, step: int) -> tuple[Tensor, int, Carry]:
        """Sum of nats (a scalar), number of predictions, and what the next call gets as `carry` (tensors,
        rows first).

        carry: None at first; the module ignores it where the batch says that a text begins. It comes
        detached.
        step:  number of the call, from 0: with the seed and the row's place all that dropout may be drawn
               from.
        """

    def train(self, mode: bool = True) -> Any:
        """As in torch.nn.Module."""

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """As in torch.nn.Module: a tied parameter once."""

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """As in torch.nn.Module."""


class GradientLearner:
    """Learns by the gradient of module.loss, summed over predictions, processes and `accumulate` steps, then
    divided.

    Every process of `world` starts from process 0's weights and makes the same updates.
    """

    def __init__(
        self, module: Trainable, options: GradientOptions | None = None, *, world: World | None = None
    ) -> None:
        self.module, self.options, self.world = module, options or GradientOptions(), world or World()
        self.parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
        self._make_gradients()
        self.optimizer = _optimizer(list(self.parameters.values()), self.options)
        self.steps = 0
        self.carry: Carry = None
        self._loss: Callable[..., tuple[Tensor, int, Carry]] = (
            torch.compile(module.loss) if self.options.compile else module.loss
        )
        self._held = self._held_count = 0  # steps and predictions whose gradients wait for the update
        self._lr = 0.0
        self._averages: list[Tensor] = []
        self._averaged = 0  # weights in the averages
        self.world.share(tensor for _, tensor in self._tensors())

    @property
    def signature(self) -> dict[str, Any]:
        """The settings, which a resumed run must share."""
        return settings.to_json(self.options)

    def step(self, batch: Any, lr: float) -> Loss:
        """Add the gradients of `batch` (None: no row for this process) and, every `accumulate` steps, update.

        Returns:  the loss of the data alone, of all processes. If it is not finite, nothing was updated.
        Raises:   TrainingError, without an update, if the gradients are not finite though the loss is, or the
                  loss is beyond DIVERGED.
        """
        total, count = self._backward(batch)
        self.steps, self._held, self._lr = self.steps + 1, self._held + 1, lr
        full = self._held == self.options.accumulate
        loss = self.world.reduce(self._sums if full else self._tail, total, count, settle=full)
        self._held_count += loss.count
        if DIVERGED * loss.count < loss.total < math.inf:
            raise TrainingError(
                f"gradient: the loss is {loss.mean:.4g} nats a prediction at step {self.steps:,} (lr "
                f"{lr:g}), so training "
                "diverges. Lower lr or set clip."
            )
        if full and math.isfinite(loss.total):
            self._update()
        return loss

    def finish(self) -> None:
        """Update with what fewer than `accumulate` steps left over."""
        if self._held:
            self.world.reduce(self._sums, 0.0, 0)
            self._update()

    def observe(self, values: Sequence[float]) -> None:
        """Start averaging (asgd) when the last of `values` is worse than the best of those before it but the
        last `nonmono`.
        """
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
        _copy(self._averages, self.parameters.values())
        try:
            yield
        finally:
            _copy(raw, self.parameters.values())

    def state(self) -> Arrays:
        """weights.NAME (parameters and buffers), optimizer.NAME.KEY, average.NAME, gradient.NAME,
        carry.NUMBER, and counts.

        Arrays may be views of the module's memory. To be called in all processes at once; the carry is that
        of all.
        """
        arrays = {f"weights.{name}": _array(tensor) for name, tensor in self._tensors()}
        for name, p in self.parameters.items():
            moments = {
                key: value for key, value in self.optimizer.state.get(p, {}).items() if value is not None
            }
            arrays |= {f"optimizer.{name}.{key}": _array(value) for key, value in moments.items()}
        if self._averaged:
            arrays |= {
                f"average.{name}": _array(a) for name, a in zip(self.parameters, self._averages, strict=True)
            }
        if self._held:
            arrays |= {
                f"gradient.{name}": _array(g)
                for name, g in zip(self.parameters, self._gradients, strict=True)
            }
        arrays["steps"] = np.array([self.steps, self._averaged, self._held, self._held_count], np.int64)
        arrays["lr"] = np.array([self._lr])
        carries = self.world.gather({_carry_name(i, t): _array(t) for i, t in enumerate(self.carry or ())})
        names = max(carries, key=len).keys()
        return arrays | {name: np.concatenate([carry[name] for carry in carries if carry]) for name in names}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `state` gave, in any number of processes.

        Raises:  ModelFileError if the arrays are not of this module, naming the first that is not.
        """
        unknown = {name for name in arrays if name.startswith("weights.")} - {
            f"weights.{name}" for name, _ in self._tensors()
        }
        if unknown:
            raise ModelFileError(
                f"gradient.restore: this model has no {min(unknown)}. The file is not of this model."
            )
        for name, tensor in self._tensors():
            _copy([_tensor(arrays, f"weights.{name}", tensor)], [tensor])
        self.steps, self._averaged, self._held, self._held_count = (int(n) for n in _need(arrays, "steps"))
        self._lr = float(_need(arrays, "lr")[0])
        self.optimizer.state.clear()
        for full in arrays:
            group, _, rest = full.partition(".")
            name, _, key = rest.rpartition(".")
            if group == "optimizer" and name in self.parameters:
                p = self.parameters[name]
                like = (
                    torch.zeros(()) if key == "step" else p
                )  # torch.optim counts steps in a float32 on the CPU
                self.optimizer.state[p][key] = torch.empty_like(like, requires_grad=False).copy_(
                    _tensor(arrays, full, like)
                )
        parameters = self.parameters.items()
        self._averages = (
            [_tensor(arrays, f"average.{name}", p).to(p) for name, p in parameters] if self._averaged else []
        )
        self._sums.zero_()
        if self._held and self.world.rank == 0:
            _copy([_tensor(arrays, f"gradient.{name}", p) for name, p in parameters], self._gradients)
        names = sorted(
            (name for name in arrays if name.startswith("carry.")),
            key=lambda name: int(name.split(":")[0][6:]),
        )
        self.carry = tuple(self._carry(name, arrays[name]) for name in names) or None

    def _backward(self, batch: Any) -> tuple[Tensor | float, int]:
        if not self.module.training:
            self.module.train()
        for p, gradient in zip(self.parameters.values(), self._gradients, strict=True):
            if p.grad is not gradient:  # someone called zero_grad
                p.grad = gradient
        if batch is None:
            self.carry = None
            return 0.0, 0
        with torch.autocast(
            self._sums.device.type, torch.bfloat16, enabled=self.options.precision == "bfloat16"
        ):
            total, count, carry = self._loss(batch, self.carry, self.steps)
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
        o, sums = self.options, self._sums[: self._size]
        if self._held_count:
            norm = torch.linalg.vector_norm(sums).item() / self._held_count
            if not math.isfinite(norm):
                raise TrainingError(self._offence(norm))
            sums.mul_(min(1.0, o.clip / (norm + 1e-6)) / self._held_count if o.clip else 1 / self._held_count)
            if o.clip_value:
                sums.clamp_(-o.clip_value, o.clip_value)
            if o.l1:
                for p in self.parameters.values():
                    if p.grad is not None and p.ndim > 1:
                        p.grad.add_(p.detach().sign(), alpha=o.l1)
            for group in self.optimizer.param_groups:
                group["lr"] = self._lr
            self.optimizer.step()
            if self._averaged:
                self._averaged += 1
                for average, p in zip(self._averages, self.parameters.values(), strict=True):
                    average.lerp_(p.detach(), 1 / self._averaged)
        self._sums.zero_()
        self._held = self._held_count = 0

    def _offence(self, norm: float) -> str:
        named = zip(self.parameters, self._gradients, strict=True)
        counts = {
            name: (int((~g.isfinite()).sum()), g.double().abs().max().item(), g.numel())
            for name, g in named
            if g.numel()
        }
        name, (broken, _, size) = max(counts.items(), key=lambda item: (item[1][0] / item[1][2], item[1][1]))
        return (
            f"gradient: its norm became {norm} at step {self.steps:,} (lr {self._lr:g}) though the loss is "
            "finite; most broken "
            f"is {name}, {broken:,} of {size:,} numbers not finite. Nothing was updated. Lower lr, set clip "
            "or use float32."
        )

    def _make_gradients(self) -> None:
        """One buffer for the gradients of all parameters, so that one operation sums, scales or measures
        them.
        """
        parameters = list(self.parameters.values())
        kinds = {(p.dtype, p.device) for p in parameters}
        if len(kinds) != 1 or parameters[0].dtype not in (torch.float32, torch.float64):
            found = (
                ", ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds)) or "none that is trained"
            )
            raise OptionError(
                f"gradient: parameters are {found}; allowed is float32 or float64, all of a kind on "
                "one device."
            )
        starts = np.cumsum([0] + [-(-p.numel() // _ALIGN) * _ALIGN for p in parameters])
        self._size = int(starts[-1])
        self._sums = torch.zeros(
            self._size + self.world.tail, dtype=parameters[0].dtype, device=parameters[0].device
        )
        self._tail = self._sums[self._size :]
        flats = (
            self._sums[start : start + p.numel()] for p, start in zip(parameters, starts[:-1], strict=True)
        )
        self._gradients = [flat.view(p.shape) for flat, p in zip(flats, parameters, strict=True)]

    def _tensors(self) -> Iterator[tuple[str, Tensor]]:
        yield from self.module.named_parameters()
        yield from self.module.named_buffers()

    def _carry(self, name: str, array: Array) -> Tensor:
        part = torch.from_numpy(array[self.world.part(len(array))].copy())
        return part.to(
            self._sums.device,
            getattr(torch, name.partition(":")[2] or str(part.dtype).removeprefix("torch.")),
        )


def _optimizer(parameters: list[Parameter], o: GradientOptions) -> torch.optim.Optimizer:
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": o.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if o.optimizer in ("sgd", "asgd", "momentum"):
        return torch.optim.SGD(
            groups, lr=1.0, momentum=o.momentum if o.optimizer == "momentum" else 0.0, foreach=True
        )
    if o.optimizer == "rmsprop":
        return torch.optim.RMSprop(
            groups, lr=1.0, alpha=0.99 if o.beta2 is None else o.beta2, eps=o.eps, foreach=True
        )
    adam = torch.optim.AdamW if o.optimizer == "adamw" else torch.optim.Adam
    return adam(
        groups, lr=1.0, betas=(o.beta1, 0.999 if o.beta2 is None else o.beta2), eps=o.eps, foreach=True
    )


def _array(tensor: Tensor) -> Array:
    """The tensor's numbers in a dtype that files take; 16-bit floats fit in float32 without loss."""
    wider = {
        torch.bfloat16: torch.float32,
        torch.float16: torch.float32,
        torch.int16: torch.int32,
        torch.int8: torch.int32,
    }
    array: Array = tensor.detach().to(wider.get(tensor.dtype, tensor.dtype)).cpu().numpy()
    return array


def _carry_name(number: int, tensor: Tensor) -> str:
    short = tensor.dtype in (torch.bfloat16, torch.float16)
    return f"carry.{number}:{str(tensor.dtype).removeprefix('torch.')}" if short else f"carry.{number}"


def _need(arrays: Arrays, name: str) -> Array:
    if name not in arrays:
        raise ModelFileError(
            f"gradient.restore: no array {name!r} among {len(arrays)}. The file is not of this model."
        )
    return arrays[name]


def _tensor(arrays: Arrays, name: str, like: Tensor) -> Tensor:
    array = _need(arrays, name)
    if array.shape != tuple(like.shape):
        raise ModelFileError(
            f"gradient.restore: {name} has shape {array.shape}, expected {tuple(like.shape)}. The file is "
            "not of this model."
        )
    return torch.from_numpy(np.array(array))  # a copy: the file's arrays are read-only


def _copy(sources: Any, targets: Any) -> None:  # Any: iterables of as many tensors
    with torch.no_grad():
        for source, target in zip(sources, targets, strict=True):
            target.copy_(source)
