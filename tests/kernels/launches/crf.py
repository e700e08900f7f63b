import torch

from seqkit.kernels.crf import gpu


def launch():
    for classes in (3, 17, 64):
        x, mask = torch.zeros(32, 40, classes), torch.ones(32, 40, dtype=torch.bool)
        weights = torch.zeros(classes, classes), torch.zeros(2, classes)
        targets = torch.zeros(32, 40, dtype=torch.int64)
        for kind in (gpu.FREE, gpu.LOSS, gpu.HELD):
            _, saved = gpu.partition(x, mask, *weights, targets, kind)
            gpu.gradients(x, mask, *weights, targets, kind, saved, torch.zeros(32))
        gpu.partition(x, mask, *weights, keep=False)
        gpu.viterbi(x, mask, *weights)
