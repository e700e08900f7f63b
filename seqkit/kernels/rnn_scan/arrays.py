"""The arrays of a whole run over time, T first, that the compiled passes of a family take beside the step t.

gx, product (U h of the step), inputs (h as the products read it), dgx, du and through (what flows back
through U) are float32, or bfloat16 as its bits. states, dstates (their gradients after the step) and own
(what the family alone needs) are tuples.
"""

from typing import Any, NamedTuple


class Forward(NamedTuple):
    """The run that a forward pass reads, and writes at step t."""

    gx: Any
    product: Any
    gates: Any
    states: Any
    inputs: Any
    own: Any


class Backward(NamedTuple):
    """The run back.

    A pass adds dy[t] and `through` to dh, the gradient of h after the step, and leaves in dh what goes to h
    before the step other than through U.
    """

    dy: Any
    through: Any
    dstates: Any
    gates: Any
    states: Any
    dgx: Any
    du: Any
    own: Any
