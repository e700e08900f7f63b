import torch

from seqkit.kernels.primitives.windows.gpu import contexts
from tests.kernels.launches.word2vec import kept, text


def launch():
    contexts(torch.arange(1024), kept(), text()[1])
