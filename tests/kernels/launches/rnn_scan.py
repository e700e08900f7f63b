from unittest import mock

import torch

from seqkit.kernels.rnn_scan import fused
from seqkit.kernels.rnn_scan.arrays import Backward, Forward

T = 3
FAMILIES = {"lstm": [], "layer-norm-lstm": [4, 1, 1], "gru": [1], "gru-before": [], "rnn": [], "relu-rnn": []}
GATES = {"lstm": 4, "layer-norm-lstm": 4, "gru": 3, "gru-before": 3}


def run(name, size, sizes, lengths, dtype):
    """A step forward and a step back, with tensors that only lend their types."""
    zeros, (B, H) = torch.zeros, size
    G = GATES.get(name, 1) * H
    states = tuple(zeros(B, H) for _ in range(2 if "lstm" in name else 1))
    parameters = tuple(zeros(3, H) if size == 3 else zeros(size * H) for size in sizes)
    with mock.patch.object(fused, "has_kernels", lambda device: True):
        loop = fused.families.load(name)(zeros(T, B, G, dtype=dtype), zeros(G, H), states, parameters)
    forward, backward = loop.kernels()
    given = tuple(loop.states), loop.inputs, tuple(loop.own())
    forward(2, Forward(loop.gx, loop.product, loop.gates, *given), lengths)
    d, du = tuple(zeros(B, H) for _ in states), loop.buffer(T, G, low=True)
    room = zeros(B, H) if name == "gru-before" else zeros(B, H, dtype=dtype)
    back = Backward(zeros(T, B, H), room, d, loop.gates, tuple(loop.states), du, du, tuple(loop.own()))
    backward(2, back, lengths)


def launch():
    for dtype, ragged in ((torch.float32, False), (torch.float32, True), (torch.bfloat16, True)):
        for H in (20, 1024):
            for name, sizes in [*FAMILIES.items(), ("lstm", [3])]:
                for B in (8, 96) if name == "gru-before" else (32,):
                    lengths = torch.zeros(B, dtype=torch.int64) if ragged else None
                    run(name, (B, H), sizes, lengths, dtype)
