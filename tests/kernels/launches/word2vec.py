import numpy as np
import torch

from seqkit.kernels.primitives.windows.gpu import Kept
from seqkit.kernels.primitives.windows.settings import Noise, Stretch, Windows
from seqkit.kernels.word2vec.gpu import train
from seqkit.kernels.word2vec.reference import Paths

TOKENS, WORDS = 32_768, 1000


def text(**windows):
    ids = torch.zeros(TOKENS, dtype=torch.int32)
    seeds, keep = torch.zeros(3, dtype=torch.uint64), torch.zeros(WORDS, dtype=torch.uint64)
    locked = torch.zeros(0, dtype=torch.uint8)
    settings = {"window": 5, "shrink": True, "cbow": False, "divide": False, "locked": locked} | windows
    starts = torch.from_numpy(np.array([0, TOKENS]))
    return Stretch(ids, starts, 0, TOKENS), Windows(seeds=seeds, keep=keep, **settings)


def kept():
    ones = torch.zeros(TOKENS, dtype=torch.int32)
    return Kept(ones, torch.arange(TOKENS), ones, torch.ones(WORDS))


def matrix(dim):
    return torch.zeros(WORDS, -(-dim // 16) * 16)[:, :dim]


def launch():
    noise = Noise(5, torch.zeros(WORDS, dtype=torch.uint64))
    paths = Paths(torch.zeros(WORDS, dtype=torch.int32), torch.zeros(WORDS), torch.arange(WORDS + 1))
    for dim in (100, 300):
        for cbow in (False, True):
            for targets in (noise, paths):
                stretch, windows = text(cbow=cbow)
                train(stretch, (windows, targets), (matrix(dim), matrix(dim)), 0.025, kept=kept())
    stretch, windows = text(locked=torch.zeros(WORDS, dtype=torch.uint8), window=10)
    train(stretch, (windows, Noise(15, noise.table)), (matrix(100), matrix(100)), 0.025)
    train(stretch, (windows, Noise(15, noise.table)), (matrix(300), matrix(300)), 0.025)
    stretch, windows = text(cbow=True, divide=True, window=10)
    train(stretch, (windows, Noise(15, noise.table)), (matrix(128), matrix(128)), 0.025, kept=kept())
