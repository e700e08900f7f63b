"""Cross-entropy of a linear layer, all logits at once: the specification."""

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

IGNORE = -1  # a target that is not scored


def linear_cross_entropy(
    h: Annotated[Tensor, "N H"],
    weight: Annotated[Tensor, "V H"],
    bias: Annotated[Tensor, "V"] | None,
    targets: Annotated[Tensor, "N"],
) -> Tensor:
    """Σ_n -log softmax(W h_n + b)[target_n] over targets other than -1, in nats."""
    logits = linear(h, weight, bias)
    return cross_entropy(
        logits.to(torch.promote_types(logits.dtype, torch.float32)),
        targets,
        ignore_index=IGNORE,
        reduction="sum",
    )
