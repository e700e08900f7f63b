"""Hierarchical softmax: the centre word's probability as a walk down the Huffman tree of the vocabulary."""

from typing import Any, ClassVar

import numpy as np

from seqkit.embeddings.training.huffman import huffman
from seqkit.embeddings.training.loss_options import HierarchicalSoftmaxOptions
from seqkit.embeddings.training.window_objective import Block, WindowObjective
from seqkit.kernels.primitives.windows.settings import Windows
from seqkit.kernels.word2vec import reference
from seqkit.kernels.word2vec.reference import Paths

__all__ = ["HierarchicalSoftmax"]


class HierarchicalSoftmax(WindowObjective):
    """loss = -log p(w | h),  p(w | h) = Π_n σ(± o_n · h) over the inner nodes n on the path to w.

    The sign is + where the path goes to the heavier branch; the probabilities of all words sum to 1. w is the
    centre word, o_n a node's row; h a context word's vector (skip-gram) or the mean of the context (CBOW).
    Source: Morin & Bengio 2005; Mikolov et al. 2013, arXiv:1310.4546 eq. 3.
    """

    Options = HierarchicalSoftmaxOptions
    options: HierarchicalSoftmaxOptions
    reference_train = staticmethod(reference.train)
    gpu: ClassVar = "seqkit.kernels.word2vec.gpu"

    def output_rows(self) -> int:
        """The inner nodes: one less than the words."""
        return max(int(np.count_nonzero(self.counts)) - 1, 1)

    def make_targets(self) -> Paths:
        """The path of each word."""
        return Paths(*huffman(self.counts))

    def train(self, block: Block, windows: Windows, lr: float) -> tuple[float, int]:
        """Run the kernel over one block."""
        from seqkit.kernels.word2vec.cpu import train

        how: dict[str, Any] = {"threads": self.threads, "deterministic": self.options.deterministic}
        return train(block.text, (windows, self.targets), self.matrices, lr, **how)
