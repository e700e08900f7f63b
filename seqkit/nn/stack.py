"""Depth, direction, residual connections and dropout around any cell.

Not handled: attention, convolution; embedding and loss (models and heads).
"""

from itertools import chain, pairwise, repeat
from typing import Annotated, cast

import torch
from torch import Tensor, nn

from seqkit.core.errors import OptionError, ShapeError
from seqkit.nn.cell import Backend, Cell, State, cell
from seqkit.nn.dropout import Draws, check_rate, drop_weights, dropout


class Stack(nn.Module):
    """Layers of a cell, each reading the one below: y, state = stack(x, state, lengths).

    bidirectional: two cells a layer, the second from each row's own last step to its first; outputs joined,
    forward first. residual: a layer's input is added to its output where their sizes agree. dropout: between
    layers, one rate or one for each gap. locked: dropout masks are the same for all steps. weight_dropout: of
    the recurrent weights. learned_state: the first state is trained. feed_forward: sizes of tanh layers on
    top, not connected in time.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        cell_name: str = "lstm",
        *,
        bidirectional: bool = False,
        residual: bool = False,
        dropout: float | tuple[float, ...] = 0.0,
        locked: bool = False,
        weight_dropout: float = 0.0,
        learned_state: bool = False,
        feed_forward: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        if num_layers < 1:
            raise OptionError(f"Stack: got num_layers {num_layers}, expected at least 1.")
        self.weight_dropout = check_rate("Stack.weight_dropout", weight_dropout)
        self.directions, self.residual, self.locked = 1 + bidirectional, residual, locked
        sizes = chain([input_size], repeat(hidden_size * self.directions, num_layers - 1))
        self.cells = nn.ModuleList(  # each made when its turn has come: a file may ask for any number
            cell(cell_name, size, hidden_size) for size in sizes for _ in range(self.directions)
        )
        rates = dropout if isinstance(dropout, tuple) else (dropout,) * (num_layers - 1)
        if len(rates) != num_layers - 1:
            raise OptionError(
                f"Stack: got {len(rates)} dropout rates, expected {num_layers - 1}: one between two layers."
            )
        self.dropout = tuple(check_rate("Stack.dropout", p) for p in rates)
        self.input_size, self.cell_name = input_size, cell_name
        wide = [hidden_size * self.directions, *feed_forward]
        self.feed_forward = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(wide))
        self.output_size = wide[-1]
        self.hidden_size, self.states_a_cell = hidden_size, self.layers[0].states
        shape = (len(self.cells) * self.states_a_cell, hidden_size)
        self.first = nn.Parameter(torch.zeros(shape)) if learned_state else None

    @property
    def layers(self) -> list[Cell]:
        """The cells from the bottom to the top, forward before backward."""
        return [cast(Cell, one) for one in self.cells]

    def zero_state(self, batch: int) -> State:
        """The state before the first step: (B, H) for each layer, direction and state, in this order."""
        if self.first is not None:
            return tuple(row.expand(batch, -1) for row in self.first)
        return tuple(s for one in self.layers for s in one.zero_state(batch))

    def forward(
        self,
        x: Annotated[Tensor, "B T D"],
        state: State | None = None,
        lengths: Annotated[Tensor, "B"] | None = None,
        *,
        draws: Draws | None = None,
        backend: Backend = "auto",
    ) -> tuple[Annotated[Tensor, "B T H"], State]:
        """Outputs of the top layer, 0 beyond each row's length, and the state after each row's last step.

        draws: where dropout comes from; none: evaluation. The state is ordered as `zero_state` has it.
        Raises:  ShapeError if the state has other shapes.
        """
        state = self.zero_state(len(x)) if state is None else state
        self._check(x, state)
        last: list[Tensor] = []
        S, D = self.states_a_cell, self.directions
        for layer in range(len(self.cells) // D):
            if layer:
                x = dropout(x, self.dropout[layer - 1], draws, locked=self.locked)
            outputs = []
            for i in range(layer * D, layer * D + D):
                one = self.layers[i]
                y, after = one(
                    x,
                    state[i * S : i * S + S],
                    lengths,
                    backend=backend,
                    reverse=i % D == 1,
                    weight=self._dropped_weight(one, draws),
                )
                outputs.append(y)
                last.extend(after)
            y = outputs[0] if D == 1 else torch.cat(outputs, -1)
            x = x + y if self.residual and x.shape == y.shape else y
        x = self._feed_forward(x)
        if len(self.feed_forward) and lengths is not None:
            x = x * (torch.arange(x.shape[1], device=x.device) < lengths.to(x.device)[:, None])[..., None]
        return x, tuple(last)

    def step(
        self, x: Annotated[Tensor, "B D"], state: State, *, draws: Draws | None = None
    ) -> tuple[Annotated[Tensor, "B H"], State]:
        """One step of time by the cells' formulas, without weight dropout: `forward` is slow for one step.

        Raises:  OptionError if the stack reads in both directions.
        """
        if self.directions > 1:
            raise OptionError("Stack.step: got a stack in both directions, expected one direction.")
        after: list[Tensor] = []
        for i, one in enumerate(self.layers):
            if i:
                x = dropout(x[:, None], self.dropout[i - 1], draws, locked=self.locked)[:, 0]
            S = self.states_a_cell
            new = one.step(one.project(x[:, None])[:, 0], state[i * S : i * S + S])
            after.extend(new)
            x = x + new[0] if self.residual and x.shape == new[0].shape else new[0]
        return self._feed_forward(x), tuple(after)

    def _dropped_weight(self, one: Cell, draws: Draws | None) -> Tensor | None:
        """The recurrent weights with some of them dropped; None where nothing is dropped."""
        if not self.weight_dropout or not draws:
            return None
        return drop_weights(one.weight_hidden, self.weight_dropout, draws)

    def _feed_forward(self, x: Tensor) -> Tensor:
        for layer in self.feed_forward:
            x = torch.tanh(layer(x))
        return x

    def _check(self, x: Tensor, state: State) -> None:
        expected = (len(x), self.hidden_size)
        if len(state) != len(self.cells) * self.states_a_cell or any(
            tuple(s.shape) != expected for s in state
        ):
            raise ShapeError(
                f"Stack: got a state of {len(state)} arrays {sorted({tuple(s.shape) for s in state})}, "
                f"expected {len(self.cells) * self.states_a_cell} of {expected}."
            )
