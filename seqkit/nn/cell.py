"""What a recurrent cell is; members are the files of cells/.

Not handled here: depth, direction and dropout (Stack), losses (heads).
"""

from abc import ABC, abstractmethod
from typing import Annotated, Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from seqkit.core.errors import BackendError, OptionError, ShapeError
from seqkit.core.family import Family
from seqkit.kernels.rnn_scan import cudnn, fused, reference
from seqkit.nn.initialise import initialise

State = tuple[Tensor, ...]  # each (B, H); the first is the output
Backend = Literal["auto", "reference", "fused", "cudnn"]
cells = Family("seqkit.nn.cells", "cell")


class Cell(nn.Module, ABC):
    """A recurrent cell: W (G·H, D) and b (G·H,) for the input, U (G·H, H) for the state before.

    A member gives `gates` (G), their letters, `states`, the formula as `step`, and, where there are faster
    ways, `family` (of kernels.rnn_scan) and `torch_kind`. Input is (B, T, D), batch first.
    """

    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1
    gate_names: ClassVar[str] = ""  # a letter a gate in the order of W, as the formula has it; "" for one sum
    family: ClassVar[str | None] = None
    torch_kind: ClassVar[str | None] = None
    init_hidden: ClassVar[str] = "orthogonal"
    forget_gate: ClassVar[int | None] = (
        None  # the gate whose bias starts at 1, so that the cell remembers at first
    )

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        for name, value in (("input_size", input_size), ("hidden_size", hidden_size)):
            if value < 1:
                raise OptionError(f"{type(self).__name__}: got {name} {value}, expected at least 1.")
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_input = nn.Parameter(torch.empty(self.gates * hidden_size, input_size))
        self.weight_hidden = nn.Parameter(torch.empty(self.gates * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(self.gates * hidden_size))
        self.reset_parameters()

    def reset_parameters(
        self,
        generator: torch.Generator | None = None,
        *,
        input: str = "xavier-uniform",
        hidden: str | None = None,
    ) -> None:
        """Fill W and each gate's part of U by the methods of nn.initialise, b with 0 (forget gate: 1).

        hidden: None stands for the cell's own `init_hidden`.

        Raises:  OptionError for an unknown name.
        """
        initialise(self.weight_input, input, generator)
        initialise(self.weight_hidden, hidden or self.init_hidden, generator, parts=self.gates)
        nn.init.zeros_(self.bias)
        if self.forget_gate is not None:
            nn.init.ones_(self.bias[self.forget_gate * self.hidden_size :][: self.hidden_size])

    def project(self, x: Annotated[Tensor, "B T D"]) -> Annotated[Tensor, "B T G"]:
        """gx = W x + b for all steps at once: one product; T first in memory, as the loop reads it."""
        return linear(x.transpose(0, 1), self.weight_input, self.bias).transpose(0, 1)

    @abstractmethod
    def step(self, gx: Annotated[Tensor, "B G"], state: State, weight: Tensor | None = None) -> State:
        """One step of time; weight: U, or U after weight dropout."""

    def extra(self) -> State:
        """Parameters of the step beside U, in the order the fused family takes them."""
        return ()

    def torch_weights(self) -> list[Tensor]:
        """W, U and their biases as torch's cell of `torch_kind` has them."""
        return [self.weight_input, self.weight_hidden, self.bias, torch.zeros_like(self.bias)]

    def zero_state(self, batch: int) -> State:
        """The state before the first step, (B, H) zeros each."""
        like = self.weight_hidden
        dtype = torch.promote_types(like.dtype, torch.float32)
        return tuple(
            torch.zeros(batch, self.hidden_size, dtype=dtype, device=like.device) for _ in range(self.states)
        )

    def forward(
        self,
        x: Annotated[Tensor, "B T D"],
        state: State | None = None,
        lengths: Annotated[Tensor, "B"] | None = None,
        *,
        backend: Backend = "auto",
        reverse: bool = False,
        weight: Tensor | None = None,
    ) -> tuple[Annotated[Tensor, "B T H"], State]:
        """Run over whole sequences: the outputs, and the state after each row's last step.

        lengths: steps of each row, all T if not given; later steps are never read, their output is 0. They
                 may lie on the CPU whatever the device of x: then nothing waits for a GPU.
        reverse: read each row from its own last step to its first. weight: used in place of U (weight
        dropout).
        Raises:  ShapeError, OptionError or BackendError for arguments that do not fit.
        """
        known = None if lengths is None else lengths.cpu()
        self._check(x, known)
        state = self.zero_state(len(x)) if state is None else state
        if known is None or bool((known == x.shape[1]).all()):
            known = lengths = None
        else:
            lengths = known.to(x.device, non_blocking=True)
        if reverse:
            y, state = self.forward(reference.flip(x, lengths), state, known, backend=backend, weight=weight)
            return reference.flip(y, lengths), state
        chosen = self._choose(backend, x, lengths) if x.shape[1] else "reference"
        if chosen == "cudnn":
            w_input, w_hidden, *biases = self.torch_weights()
            hidden = w_hidden if weight is None else weight
            low = (
                torch.get_autocast_dtype(x.device.type)
                if torch.is_autocast_enabled(x.device.type)
                else x.dtype
            )
            y, last = cudnn.sequence(
                str(self.torch_kind), x.to(low), state, [w_input, hidden, *biases], known
            )
            return y.to(x.dtype), tuple(s.to(x.dtype) for s in last)
        gx = self.project(x)
        if chosen == "fused":
            return self._fused(gx, state, lengths, self.weight_hidden if weight is None else weight)
        return reference.scan(lambda g, s: self.step(g, s, weight), gx, state, lengths)

    def _fused(
        self, gx: Tensor, state: State, lengths: Tensor | None, weight: Tensor
    ) -> tuple[Tensor, State]:
        return fused.scan(str(self.family), gx, state, weight, self.extra(), lengths)

    def _choose(self, backend: Backend, x: Tensor, lengths: Tensor | None) -> str:
        can: dict[str, bool] = {
            "fused": self.family is not None,
            "cudnn": self.torch_kind is not None,
            "reference": True,
        }
        if backend != "auto":
            if not can.get(backend, False):
                ways = ", ".join(name for name, there in can.items() if there)
                raise BackendError(
                    f"{type(self).__name__}: got backend {backend!r}, expected one of auto, {ways}."
                )
            return backend
        if can["cudnn"] and x.device.type == "cuda" and not torch.are_deterministic_algorithms_enabled():
            return "cudnn"
        low = torch.is_autocast_enabled(x.device.type)
        if (
            can["cudnn"]
            and self.torch_kind == "lstm"
            and x.device.type == "cpu"
            and x.dtype == torch.float32
            and lengths is None
            and not low
        ):
            return "cudnn"  # oneDNN's; its other cells and its packed rows are slower than ours
        return "fused" if can["fused"] else "reference"

    def _check(self, x: Tensor, lengths: Tensor | None) -> None:
        if x.dim() != 3 or x.shape[2] != self.input_size:
            raise ShapeError(
                f"{type(self).__name__}: got input of shape {tuple(x.shape)}, "
                f"expected (B, T, {self.input_size})."
            )
        if lengths is None:
            return
        if lengths.shape != x.shape[:1] or lengths.dtype != torch.int64:
            raise ShapeError(
                f"{type(self).__name__}: got lengths of shape {tuple(lengths.shape)} and dtype "
                f"{lengths.dtype}, expected ({len(x)},) int64."
            )
        if len(lengths) and not 0 <= int(lengths.min()) <= int(lengths.max()) <= x.shape[1]:
            raise ShapeError(
                f"{type(self).__name__}: got lengths from {int(lengths.min())} to {int(lengths.max())}, "
                f"expected 0 to {x.shape[1]}, the steps of the input."
            )

    def extra_repr(self) -> str:
        """Sizes, for printing."""
        return f"{self.input_size}, {self.hidden_size}"


def cell(name: str, input_size: int, hidden_size: int, **settings: Any) -> Cell:
    """The cell called `name`, one of `cells.names()`.

    >>> cell("gru", 3, 4)(torch.zeros(2, 5, 3))[0].shape
    torch.Size([2, 5, 4])
    """
    return cells.load(name)(input_size, hidden_size, **settings)
