"""Weights to and from torch.nn.LSTM, GRU and RNN, and the course's form of the GRU."""

import torch
from torch import nn

from seqkit.core.errors import OptionError
from seqkit.nn.cell import Cell
from seqkit.nn.stack import Stack

_NAMES = {
    ("LSTM", "tanh"): "lstm",
    ("GRU", "tanh"): "gru",
    ("RNN", "tanh"): "rnn",
    ("RNN", "relu"): "relu-rnn",
}


def from_torch(module: nn.RNNBase) -> Stack:
    """A Stack that computes what `module` computes; torch's two biases become one where they can.

    Raises:  OptionError for a projection (proj_size), which Stack does not have.
    """
    if module.proj_size:
        raise OptionError("from_torch: got a module with proj_size, which a Stack does not have.")
    kind = _NAMES[type(module).__name__, getattr(module, "nonlinearity", "tanh")]
    made = Stack(
        module.input_size,
        module.hidden_size,
        module.num_layers,
        kind,
        bidirectional=module.bidirectional,
        dropout=module.dropout,
    ).to(next(module.parameters()).dtype)
    with torch.no_grad():
        for one, suffix in zip(made.layers, _suffixes(module), strict=True):
            one.weight_input.copy_(getattr(module, f"weight_ih_{suffix}"))
            one.weight_hidden.copy_(getattr(module, f"weight_hh_{suffix}"))
            one.bias.zero_()
            if module.bias:
                own, hidden = getattr(module, f"bias_ih_{suffix}"), getattr(module, f"bias_hh_{suffix}")
                one.bias.copy_(own + hidden)
                if kind == "gru":
                    n = slice(2 * one.hidden_size, None)
                    one.bias[n] = own[n]
                    one.extra()[0].copy_(hidden[n])
    return made


def to_torch(stack: Stack) -> nn.RNNBase:
    """The torch module that computes what `stack` computes.

    Raises:  OptionError for a cell or a connection that torch's modules do not have.
    """
    first = stack.layers[0]
    if first.torch_kind is None or stack.residual or stack.first is not None or len(stack.feed_forward):
        raise OptionError(
            f"to_torch: got a stack of {stack.cell_name}, expected {', '.join(_NAMES.values())} "
            "without residual connections, learned first state or layers on top. Use torch.export."
        )
    kinds = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN, "relu-rnn": nn.RNN}
    other = {"nonlinearity": "relu"} if first.torch_kind == "relu-rnn" else {}
    made: nn.RNNBase = kinds[first.torch_kind](
        stack.input_size,
        first.hidden_size,
        len(stack.cells) // stack.directions,
        batch_first=True,
        bidirectional=stack.directions == 2,
        dropout=stack.dropout[0] if stack.dropout else 0.0,
        **other,
    ).to(first.bias.dtype)
    with torch.no_grad():
        for one, suffix in zip(stack.layers, _suffixes(made), strict=True):
            for name, weight in zip(
                ("weight_ih", "weight_hh", "bias_ih", "bias_hh"), one.torch_weights(), strict=True
            ):
                getattr(made, f"{name}_{suffix}").copy_(weight)
    return made


def flip_update(cell: Cell) -> None:
    """Turn z of a GRU into 1 - z in place: weights of the course's Γu become those of z, and back.

    σ(-a) = 1 - σ(a), so the update gate's rows of W, U and b change their sign.
    """
    if cell.gate_names != "rzn":
        raise OptionError(f"flip_update: got a {type(cell).__name__}, expected a GRU.")
    rows = slice(cell.hidden_size, 2 * cell.hidden_size)
    with torch.no_grad():
        for weight in (cell.weight_input, cell.weight_hidden, cell.bias):
            weight[rows] *= -1


def _suffixes(module: nn.RNNBase) -> list[str]:
    ends = ["", "_reverse"] if module.bidirectional else [""]
    return [f"l{layer}{end}" for layer in range(module.num_layers) for end in ends]
