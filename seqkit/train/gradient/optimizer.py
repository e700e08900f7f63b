"""The torch optimiser that the options ask for; weight decay on matrices alone, not on biases and gains."""

import torch
from torch.nn import Parameter

from seqkit.train.gradient.options import GradientOptions


def make_optimizer(parameters: list[Parameter], o: GradientOptions) -> torch.optim.Optimizer:
    """An optimiser whose learning rate is set before each update."""
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": o.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    fused = all(p.device.type == "cuda" for p in parameters)
    way = {"fused": True} if fused else {"foreach": True}
    if o.optimizer in ("sgd", "asgd", "momentum"):
        return torch.optim.SGD(
            groups, lr=1.0, momentum=o.momentum if o.optimizer == "momentum" else 0.0, **way
        )
    if o.optimizer == "rmsprop":  # torch has no fused one
        alpha = 0.99 if o.beta2 is None else o.beta2
        return torch.optim.RMSprop(groups, lr=1.0, alpha=alpha, eps=o.eps, foreach=True)
    adam = torch.optim.AdamW if o.optimizer == "adamw" else torch.optim.Adam
    return adam(groups, lr=1.0, betas=(o.beta1, 0.999 if o.beta2 is None else o.beta2), eps=o.eps, **way)
