"""Negative sampling: tell the true centre word from K words drawn as noise.

Not handled: noise drawn afresh for each context word (a window shares its K draws).
"""

from typing import Any, ClassVar

from seqkit.embeddings.training.frequencies import alias_table
from seqkit.embeddings.training.loss_options import NegativeSamplingOptions
from seqkit.embeddings.training.window_objective import Block, WindowObjective
from seqkit.kernels.primitives.windows.settings import Noise, Windows
from seqkit.kernels.word2vec import reference

__all__ = ["NegativeSampling"]


class NegativeSampling(WindowObjective):
    """loss = -log σ(o_w · h) - Σ_k log σ(-o_k · h),  k ~ count^noise_exponent.

    w is the centre word, o its output row; h a context word's vector (skip-gram) or the mean of the context
    (CBOW). Course notation: θ_t = o, e_c = h. Source: Mikolov et al. 2013, arXiv:1310.4546 eq. 4.
    """

    Options = NegativeSamplingOptions
    options: NegativeSamplingOptions
    reference_train = staticmethod(reference.train)
    gpu: ClassVar = "seqkit.kernels.word2vec.gpu"

    def make_targets(self) -> Noise:
        """The word itself, and noise."""
        weights = self.counts.astype(float)
        weights[self.counts > 0] **= self.options.noise_exponent
        return Noise(self.options.negatives, alias_table(weights))

    def train(self, block: Block, windows: Windows, lr: float) -> tuple[float, int]:
        """Run the kernel over one block."""
        from seqkit.kernels.word2vec.cpu import train

        how: dict[str, Any] = {"threads": self.threads, "deterministic": self.options.deterministic}
        return train(block.text, (windows, self.targets), self.matrices, lr, **how)
