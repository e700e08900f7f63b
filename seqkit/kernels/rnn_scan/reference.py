"""The plain loop over time: any cell, any device, gradients by autograd. This is the specification."""

from collections.abc import Callable
from typing import Annotated

import torch
from torch import Tensor

State = tuple[Tensor, ...]


def scan(
    step: Callable[[Tensor, State], State],
    gx: Annotated[Tensor, "B T G"],
    state: State,
    lengths: Annotated[Tensor, "B"] | None = None,
) -> tuple[Annotated[Tensor, "B T H"], State]:
    """state_t = step(gx_t, state_{t-1}) for t = 0 … T - 1; the outputs are the first state of each step.

    Row b has lengths[b] steps: after them its state stays as it is and its output is 0. What gx holds there
    is not read.
    """
    outputs = []
    for t in range(gx.shape[1]):
        new = step(gx[:, t], state)
        if lengths is None:
            outputs.append(new[0])
        else:
            live = (t < lengths)[:, None]
            new = tuple(torch.where(live, after, before) for after, before in zip(new, state, strict=True))
            outputs.append(torch.where(live, new[0], 0.0))
        state = new
    return torch.stack(outputs, 1) if outputs else state[0].new_zeros(len(gx), 0, state[0].shape[1]), state


def flip(
    x: Annotated[Tensor, "B T D"], lengths: Annotated[Tensor, "B"] | None = None
) -> Annotated[Tensor, "B T D"]:
    """Each row read from its own last step to its first; steps beyond its length stay where they are."""
    if lengths is None:
        return x.flip(1)
    t = torch.arange(x.shape[1], device=x.device)
    place = torch.where(t < lengths[:, None], lengths[:, None] - 1 - t, t)
    return x.gather(1, place[:, :, None].expand_as(x))
