import torch

from seqkit.kernels.fasttext.gpu import train
from seqkit.kernels.fasttext.reference import SubwordRows
from seqkit.kernels.primitives.windows.settings import Noise
from tests.kernels.launches.word2vec import WORDS, kept, matrix, text


def launch():
    def run(dim, negatives=5, **windows):
        noise = Noise(negatives, torch.zeros(WORDS, dtype=torch.uint64))
        rows = torch.zeros(WORDS, dtype=torch.int32), torch.arange(WORDS + 1)
        stretch, settings = text(**windows)
        train(stretch, (settings, SubwordRows(*rows, noise)), (matrix(dim), matrix(dim)), 0.025, kept=kept())

    for dim in (100, 300):
        for cbow in (False, True):
            run(dim, cbow=cbow)
    run(100, 15, window=10)
    run(300, 15, window=10, cbow=True, divide=True)
