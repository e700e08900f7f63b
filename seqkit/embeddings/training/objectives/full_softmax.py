"""Full softmax: the exact probability of every word. Costs V · dim a window: for V up to some 10,000."""

import functools
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from seqkit.core.types import Array
from seqkit.embeddings.training.loss_options import FullSoftmaxOptions
from seqkit.embeddings.training.window_objective import Block, WindowObjective
from seqkit.kernels.full_softmax import reference
from seqkit.kernels.primitives.windows.settings import Windows

__all__ = ["FullSoftmax"]


class FullSoftmax(WindowObjective):
    """loss = -log p(t | h),  p(· | h) = softmax(O h).

    Skip-gram: h is the centre word's vector and every context word is a target t; CBOW: h is the mean of the
    context and t the centre word. Course notation: p(t | c) = exp(θ_t · e_c) / Σ_j exp(θ_j · e_c).
    On a CPU always deterministic. Source: Mikolov et al. 2013, arXiv:1310.4546 eq. 2.
    """

    Options = FullSoftmaxOptions
    options: FullSoftmaxOptions
    reference_train = staticmethod(reference.train)
    gpu: ClassVar = "seqkit.kernels.full_softmax.gpu"

    def output_rows(self) -> int:
        """The trained words."""
        return int(np.count_nonzero(self.counts))

    def make_targets(self) -> Array:
        """The output row of each trained word, -1 for others."""
        rows = np.cumsum(self.counts > 0, dtype=np.int32) - 1
        return np.where(self.counts > 0, rows, -1).astype(np.int32)

    def train(self, block: Block, windows: Windows, lr: float) -> tuple[float, int]:
        """Run the kernel over one block."""
        from seqkit.kernels.full_softmax.cpu import train

        how: dict[str, Any] = {"batch": self.options.batch, "threads": self.threads}
        return train(block.text, (windows, self.targets), self.matrices, lr, **how)

    def gpu_kernel(self) -> Callable[..., tuple[float, int]]:
        """Mini-batches of as many tokens as on the CPU."""
        return functools.partial(super().gpu_kernel(), batch=self.options.batch)
