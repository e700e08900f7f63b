"""Negative sampling with noise words drawn by log(1 + count), on the kernel of word2vec.

File: seqkit/embeddings/training/objectives/log_noise.py.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqkit.core.options import option
from seqkit.embeddings.training.noise import alias_table
from seqkit.embeddings.training.window_objective import Block, WindowObjective, WindowObjectiveOptions
from seqkit.kernels.primitives.windows.plan import Plan

__all__ = ["LogNoise"]


class LogNoise(WindowObjective):
    """loss = -log σ(o_w · h) - Σ_k log σ(-o_k · h),  k ~ log(1 + count)."""

    @dataclass(frozen=True)
    class Options(WindowObjectiveOptions):
        """Settings."""

        negatives: int = option(5, low=1, high=1000, help="noise words for each window")

    options: Options

    def fields(self) -> dict[str, Any]:
        """The noise table."""
        return {"negatives": self.options.negatives, "noise": alias_table(np.log1p(self.counts))}

    def train(self, block: Block, plan: Plan, lr: float) -> tuple[float, int]:
        """Run the kernel over one block."""
        from seqkit.kernels.word2vec.cpu import train

        how: dict[str, Any] = {"threads": self.threads, "deterministic": self.options.deterministic}
        place = block.ids, block.starts, block.low, block.high
        return train(*place, plan, self.input, self.output, lr, **how)
