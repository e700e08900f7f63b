import numpy as np
import torch

from seqkit.kernels.glove.gpu import Pairs, train
from seqkit.kernels.glove.reference import Parameters, rule


def launch():
    pairs = Pairs(*(torch.zeros(1 << 16, dtype=torch.int32) for _ in range(2)), torch.zeros(1 << 16))
    for dim in (100, 300):
        matrices = [torch.ones(1000, 2 * -(-dim // 16) * 16) for _ in range(2)]
        parameters = Parameters(*matrices, *(torch.ones(1000, 2) for _ in range(2)))
        train(pairs, np.array([[0, 1 << 16]]), parameters, rule("c", 0.05, 10.0, 0.75), dim=dim)
