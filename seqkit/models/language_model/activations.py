"""Activations of a language model along a text: surprise of each token, states and gates of neurons."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from seqkit.core.errors import OptionError, did_you_mean
from seqkit.core.types import Array
from seqkit.kernels.rnn_scan.fused import families
from seqkit.models.language_model import scoring
from seqkit.models.language_model.model import LanguageModel
from seqkit.nn.cell import Cell, State

MANY = 12  # neurons shown if none are named: those that vary most


@dataclass(frozen=True)
class Look:
    """Numbers along a text: values[k, t] of row names[k] at tokens[t]."""

    title: str
    unit: str
    tokens: list[str]
    names: list[str]
    values: Annotated[Array, "N T"]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; what is not a number is null."""
        rows = [[None if math.isnan(v) else v for v in row] for row in self.values.tolist()]
        return {
            "title": self.title,
            "unit": self.unit,
            "tokens": self.tokens,
            "names": self.names,
            "values": rows,
        }


def look(
    model: LanguageModel, text: str, *, what: str = "surprise", layer: int = 1, neurons: Sequence[int] = ()
) -> Look:
    """Look at `what`: surprise, a state (h, c), or a gate of the layer's cell (i, f, g, o; r, z, n).

    layer: from 1. neurons: from 0; if none are given, the MANY that vary most along the text.
    Raises:  OptionError for what the cell does not have.
    """
    if what == "surprise":
        values = np.array([[nats for _, nats in model.surprise(text)]])
        tokens = scoring.surfaces(model.codec, text)
        return Look("surprise of each token", "nats", tokens, ["surprise"], values)
    layers = model.network.stack.layers
    if not 1 <= layer <= len(layers):
        raise OptionError(f"look: got layer {layer}, expected 1 to {len(layers)}.")
    ids = scoring.encode(model.codec, text)
    context = scoring.first_context(model.codec)
    read = ids if context is None else np.concatenate([[context], ids])
    values = _activations(model, read, layer - 1, what)[len(read) - len(ids) :]
    if any(not 0 <= n < values.shape[1] for n in neurons):
        raise OptionError(f"look: got neurons {list(neurons)}, expected 0 to {values.shape[1] - 1}.")
    chosen = list(neurons) or sorted(np.argsort(-values.std(0), kind="stable")[:MANY].tolist())
    names = [f"{what}[{n}]" for n in chosen]
    tokens = scoring.surfaces(model.codec, text)
    return Look(f"{what} of layer {layer} after each token", "activation", tokens, names, values[:, chosen].T)


@torch.no_grad()
def _activations(model: LanguageModel, ids: Array, layer: int, what: str) -> Annotated[Array, "T H"]:
    network = model.network.eval()
    cell = network.stack.layers[layer]
    name = network.stack.cell_name
    known = [*"hc"[: cell.states], *_gates(cell)]
    if what not in known:
        raise OptionError(
            f"look: got {what!r}, expected one of {', '.join(known)} (layer {layer + 1}, {name})."
            f"{did_you_mean(what, known)}"
        )
    device = network.embedding.device
    x = network.embedding[torch.from_numpy(ids.astype(np.int64)).to(device)][None]
    first, states = network.stack.zero_state(1), cell.states
    before = [first[i * states : (i + 1) * states] for i in range(layer + 1)]
    for below, state in zip(network.stack.layers[:layer], before, strict=False):
        y, _ = below(x, state)
        x = x + y if network.stack.residual and x.shape == y.shape else y
    return _all_steps(cell, x, before[layer], what).double().cpu().numpy()


def _all_steps(cell: Cell, x: Tensor, before: State, what: str) -> Annotated[Tensor, "T H"]:
    """A state or gate after every step of one row, as the fused loop keeps it for the gradient."""
    if cell.family not in families.names():
        if what == "h":
            return cell(x, before)[0][0]
        found = []
        for gx in cell.project(x).unbind(1):
            before = cell.step(gx, before)
            found.append(before["hc".index(what)][0])
        return torch.stack(found)
    gx = cell.project(x).transpose(0, 1).contiguous()
    loop = families.load(cell.family)(gx, cell.weight_hidden, before, cell.extra())
    loop.forward(None)
    if what in ("h", "c"):
        return loop.states["hc".index(what)][1:, 0]
    return loop.gates.chunk(cell.gates, -1)[cell.gate_names.index(what)][:, 0]


def _gates(cell: Cell) -> str:
    """The gates that can be shown: those of a cell with a fused loop, which keeps them."""
    return cell.gate_names if cell.family in families.names() else ""
