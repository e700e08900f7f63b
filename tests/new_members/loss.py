"""Negative sampling with noise words drawn by log(1 + count), on the kernel of word2vec.

File: seqkit/embeddings/training/objectives/log_noise.py.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqkit.core.options import option
from seqkit.embeddings.training.frequencies import alias_table
from seqkit.embeddings.training.loss_options import WindowObjectiveOptions
from seqkit.embeddings.training.window_objective import Block, WindowObjective
from seqkit.kernels.primitives.windows.settings import Noise, Windows
from seqkit.kernels.word2vec import reference

__all__ = ["LogNoise"]


class LogNoise(WindowObjective):
    """loss = -log σ(o_w · h) - Σ_k log σ(-o_k · h),  k ~ log(1 + count)."""

    @dataclass(frozen=True)
    class Options(WindowObjectiveOptions):
        """Settings."""

        negatives: int = option(5, low=1, high=1000, help="noise words for each window")

    options: Options
    reference_train = staticmethod(reference.train)

    def make_targets(self) -> Noise:
        """The word itself, and noise."""
        return Noise(self.options.negatives, alias_table(np.log1p(self.counts)))

    def train(self, block: Block, windows: Windows, lr: float) -> tuple[float, int]:
        """Run the kernel over one block."""
        from seqkit.kernels.word2vec.cpu import train

        how: dict[str, Any] = {"threads": self.threads, "deterministic": self.options.deterministic}
        return train(block.text, (windows, self.targets), self.matrices, lr, **how)
