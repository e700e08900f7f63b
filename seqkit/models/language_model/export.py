"""A language model for other programs: one step, or whole sequences, by torch.export or as ONNX.

The exported programs take and give the state, with batch and length left open; vocabulary and recipe stay in
the model's folder. Not handled: training, dropout, sampling.
"""

import copy
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch._higher_order_ops import scan
from torch.export import Dim

from seqkit.core.errors import OptionError
from seqkit.models.language_model.network import Network


class StepProgram(nn.Module):
    """One step: (ids (B,), state (S, B, H)) -> (log_probs (B, V), state (S, B, H)). Any cell."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The formulas of the cells as they stand in their `step`."""
        y, after = self.network.after(ids, tuple(state))
        return self.network.head.log_probs(y), torch.stack(after)


class SequenceProgram(nn.Module):
    """Whole sequences: (ids (B, T), state (S, B, H)) -> (log_probs (B, T, V), state (S, B, H)). Any cell."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.step = StepProgram(network)

    def forward(self, ids: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The step as the body of a loop over T, which stays a loop in the exported program."""

        def body(state: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
            log_probs, state = self.step(ids, state)
            return state.clone(), log_probs

        last, log_probs = scan(body, state, ids.t())
        return log_probs.transpose(0, 1), last


def export(
    network: Network,
    path: Path | str,
    *,
    what: Literal["step", "sequence"] = "step",
    form: Literal["torch", "onnx"] = "torch",
) -> Any:
    """Write a program to `path` and return it (torch.export's program, or torch's ONNX program).

    form: torch (.pt2) or onnx (needs the extra `onnx`).
    Raises:  OptionError for an unknown form or program, a missing library.
    """
    programs = {"step": StepProgram, "sequence": SequenceProgram}
    if what not in programs or form not in ("torch", "onnx"):
        raise OptionError(f"export: got {what!r} as {form!r}, expected step or sequence, as torch or onnx.")
    network = copy.deepcopy(network).cpu().eval()  # a program for any machine
    program = programs[what](network).eval()
    stack = network.stack
    state = torch.zeros(len(stack.layers) * stack.states_a_cell, 2, stack.hidden_size)
    ids = torch.zeros((2,) if what == "step" else (2, 3), dtype=torch.int64)
    B, T = Dim("B", min=1), Dim("T", min=1)
    shapes = ({0: B} if what == "step" else {0: B, 1: T}, {1: B})
    with torch.no_grad():
        if form == "torch":
            made = torch.export.export(program, (ids, state), dynamic_shapes=shapes)
            torch.export.save(made, path)
            return made
        if find_spec("onnxscript") is None:  # torch's exporter needs it
            raise OptionError(
                "export: onnx needs onnx and onnxscript, which are not installed. Install seqkit[onnx]."
            )
        onnx: Any = torch.onnx.export(
            program, (ids, state), dynamic_shapes=shapes, dynamo=True, verbose=False
        )
        onnx.save(str(path))
        return onnx
