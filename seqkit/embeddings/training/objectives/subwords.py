"""Negative sampling of words that are means of n-grams' rows, as fastText: unseen words have vectors too.

Not handled: hierarchical and full softmax of such words; frozen words.
"""

from typing import Any, ClassVar

import numpy as np

from seqkit.core import rng
from seqkit.core.errors import OptionError
from seqkit.core.files import check_numbers
from seqkit.embeddings.training.frequencies import alias_table
from seqkit.embeddings.training.loss_options import SubwordsOptions
from seqkit.embeddings.training.window_objective import Block, WindowObjective
from seqkit.embeddings.vectors.ngrams import EOS, word_rows
from seqkit.embeddings.vectors.subword import SubwordVectors
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.kernels.fasttext import reference
from seqkit.kernels.fasttext.reference import SubwordRows
from seqkit.kernels.primitives.windows.settings import Noise, Windows
from seqkit.text.vocab import Vocab

__all__ = ["Subwords"]

DRAWN = 1 << 16  # bucket rows at once


class Subwords(WindowObjective):
    """loss = -log σ(o_t · h) - Σ_k log σ(-o_k · h),  k ~ count^noise_exponent,  h = mean of rows.

    Skip-gram: the rows are those of the centre word (its own and its n-grams'), every word around it is a t;
    CBOW: those of all words around it together, t is the centre. A row takes the whole gradient of h, or its
    share with cbow_gradient="mean". Source: Bojanowski et al. 2017, arXiv:1607.04606.
    """

    Options = SubwordsOptions
    options: SubwordsOptions
    reference_train = staticmethod(reference.train)
    gpu: ClassVar = "seqkit.kernels.fasttext.gpu"

    def input_rows(self) -> int:
        """Words, then buckets."""
        return len(self.vocab) + self.options.buckets

    def make_targets(self) -> SubwordRows:
        """The rows of each trained word, and noise."""
        o, tokens = self.options, self.vocab.tokens
        weights = self.counts.astype(float)
        weights[self.counts > 0] **= o.noise_exponent
        words = [EOS] * len(tokens)  # words without a vector need no n-grams
        for row in self.words.rows.tolist():
            words[row] = tokens[row]
        rows, ends = word_rows(words, np.arange(len(words)), len(words), o.min_n, o.max_n, o.buckets)
        return SubwordRows(rows.astype(np.int32), ends, Noise(o.negatives, alias_table(weights)))

    def train(self, block: Block, windows: Windows, lr: float) -> tuple[float, int]:
        """Run the kernel over one block."""
        from seqkit.kernels.fasttext.cpu import train

        how: dict[str, Any] = {"threads": self.threads, "deterministic": self.options.deterministic}
        return train(block.text, (windows, self.targets), self.matrices, lr, **how)

    def vectors(self) -> SubwordVectors:
        """The rows of the words that were trained, and all buckets."""
        self._download()
        rows, dim, o = self.words.rows, self.options.dim, self.options
        table = np.concatenate([self.input[rows, :dim], self.input[len(self.vocab) :, :dim]])
        vocab = Vocab(self.vocab.words(rows), self.vocab.counts[rows])
        return SubwordVectors(vocab, table, min_n=o.min_n, max_n=o.max_n, buckets=o.buckets)

    def _draw(self) -> None:
        super()._draw()
        words, dim = len(self.vocab), self.options.dim
        for start in range(0, self.options.buckets, DRAWN):
            rows = self.input[words + start : words + start + DRAWN, :dim]
            rows[:] = (rng.uniform(rng.stream(self.options.seed, 0, start), rows.shape) - 0.5) / dim

    def _take(self, initial: Vectors | None) -> None:
        """Start words' own rows at vectors (fastText's -pretrainedVectors), or all rows at a like table."""
        if not isinstance(initial, SubwordVectors):
            if self.extended is not None:
                raise OptionError(
                    "extend: got vectors without n-grams, expected SubwordVectors, as old words would "
                    "be means with n-grams that were never trained. Give SubwordVectors, or leave extend out."
                )
            super()._take(initial)
            return
        for name in ("min_n", "max_n", "buckets"):
            ours, theirs = getattr(self.options, name), getattr(initial, name)
            if ours != theirs:
                raise OptionError(f"initial: got {name} {theirs}, expected {ours}. Make them equal.")
        check_numbers("initial", initial.table)
        super()._take(Vectors(initial.vocab, initial.table[: len(initial)]))
        self.input[len(self.vocab) :, : self.options.dim] = initial.table[len(initial) :]

    def _make_windows(self) -> Windows:
        if self.frozen:
            raise OptionError(
                "frozen: a word shares rows with words spelt like it, so none can stay by itself. "
                "Leave it out."
            )
        return super()._make_windows()
