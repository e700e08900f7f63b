"""What the objectives on windows of a text share: batches, two matrices, subsampling, start, vectors.

A member (objectives/*.py) adds its Options, its output rows, its targets, its kernel and its reference.
"""

import hashlib
import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from seqkit.core import rng
from seqkit.core.device import threads as count_threads
from seqkit.core.errors import OptionError, VocabularyError
from seqkit.core.options import to_json
from seqkit.core.score import Loss
from seqkit.core.types import Array, Arrays, Floats, Ids
from seqkit.embeddings.training.extension import extended, of_text
from seqkit.embeddings.training.frequencies import keep_thresholds
from seqkit.embeddings.training.loss_options import WindowObjectiveOptions
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.kernels.primitives.simd.rows import aligned, padded
from seqkit.kernels.primitives.windows.settings import Matrices, Stretch, Windows
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab
from seqkit.train.checkpoint import take_state

BLOCK = 1 << 20  # tokens a step at most
GRAIN = 1 << 10  # blocks are whole multiples of this: one round of the deterministic kernel
LR = {"skipgram": 0.025, "cbow": 0.05}  # word2vec.c's defaults


@dataclass(frozen=True)
class Block:
    """The tokens [low, high) of a text, in one epoch."""

    ids: Ids
    starts: Array
    epoch: int
    low: int
    high: int

    @property
    def text(self) -> Stretch:
        """The first argument of every kernel."""
        return Stretch(self.ids, self.starts, self.low, self.high)


class Blocks:
    """The batches of a corpus: blocks of tokens in reading order; every token in exactly one."""

    def __init__(self, corpus: Corpus, epochs: int, signature: dict[str, Any]) -> None:
        self.corpus, self.size = corpus, corpus.num_tokens
        steps = 200  # so that the rate falls in small steps on small texts too
        self.block = min(BLOCK, max(1, self.size * epochs // steps // GRAIN) * GRAIN)
        self.signature = {"corpus": corpus.fingerprint, "block": self.block, **signature}

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Block, int]]:
        """The blocks of epoch `number`, without the first `skip`."""
        for low in range(skip * self.block, self.size, self.block):
            high = min(low + self.block, self.size)
            yield Block(self.corpus.ids, self.corpus.starts, number, low, high), high - low


class WindowObjective(ABC):
    """A learner of word vectors: input rows (the vectors), output rows, and a kernel that changes both."""

    Options: ClassVar[type[WindowObjectiveOptions]]
    reference_train: ClassVar[Callable[..., tuple[float, int]]]  # `train` in plain Python
    learns_from: ClassVar[Literal["text", "counts"]] = "text"
    unit: ClassVar = "tokens"
    schedule: ClassVar = "linear"
    gpu: ClassVar[str] = ""  # the module whose `train` runs on a GPU, with the signature of the reference
    options: WindowObjectiveOptions

    def __init__(
        self,
        corpus: Corpus,
        options: WindowObjectiveOptions,
        *,
        threads: int | None = None,
        device: str = "cpu",
        initial: Vectors | None = None,
        extend: bool = False,
        frozen: Iterable[str] = (),
    ) -> None:
        if extend and initial is None:
            raise OptionError("extend: got no vectors to extend. Give them as initial=.")
        self.extended = initial if extend else None
        if self.extended is None:
            self.words = of_text(corpus.vocab, options.min_count)
        else:
            self.words = extended(corpus.vocab, self.extended, options.min_count)
        self.vocab, self.counts = self.words.vocab, self.words.counts
        self.options, self.threads, self.frozen = options, count_threads(threads), sorted(set(frozen))
        size = padded(options.dim)
        self.input, self.output = aligned(self.input_rows(), size), aligned(self.output_rows(), size)
        self._draw()
        self._take(initial)
        self.windows, self.targets = self._make_windows(), self.make_targets()
        self.resident: Any = None  # what lies on a GPU; the matrices here are those of the last download
        if device != "cpu":
            from seqkit.kernels.primitives.resident.gpu import Resident

            matrices = {"input": self.input, "output": self.output}
            self.resident = Resident(matrices, options.dim, (self.windows, self.targets), device)

    @staticmethod
    def first_lr(options: WindowObjectiveOptions) -> float:
        """0.025 for skip-gram, 0.05 for CBOW."""
        return LR[options.context]

    def batches(self, source: Corpus, *, epochs: int) -> Blocks:
        """Blocks of tokens, signed with settings, frozen words and the vectors that are extended."""
        old = None if self.extended is None else self.extended.vocab
        signature = {
            **to_json(self.options),
            "frozen": _hash(self.frozen) if self.frozen else None,
            "extended": old and _hash([*old.tokens, *map(str, old.counts.tolist())]),
        }
        return Blocks(source, epochs, signature)

    def input_rows(self) -> int:
        """The number of input rows, those of the words first."""
        return len(self.vocab)

    def output_rows(self) -> int:
        """The number of output rows."""
        return len(self.vocab)

    @abstractmethod
    def make_targets(self) -> Any:
        """What the member's kernel predicts by: its own type, as the kernel says."""

    @abstractmethod
    def train(self, block: Block, windows: Windows, lr: float) -> tuple[float, int]:
        """Run the kernel over one block."""

    def gpu_kernel(self) -> Callable[..., tuple[float, int]]:
        """`train` of the module `gpu`."""
        train: Callable[..., tuple[float, int]] = importlib.import_module(self.gpu).train
        return train

    def step(self, batch: Block, lr: float) -> Loss:
        """Learn from one block of tokens."""
        windows = self.epoch_windows(batch.epoch)
        if self.resident is not None:
            return Loss(*self.resident.train(self.gpu_kernel(), batch.text, windows, lr))
        return Loss(*self.train(batch, windows, lr))

    def epoch_windows(self, epoch: int) -> Windows:
        """The windows with the seeds of an epoch."""
        seeds = np.array([rng.stream(self.options.seed, 1 + epoch, purpose) for purpose in range(3)])
        return self.windows._replace(seeds=seeds)

    def state(self) -> Arrays:
        """Both matrices; draws depend on seed and place alone, so there is nothing else."""
        self._download()
        return {"input": self.input, "output": self.output}

    def restore(self, arrays: Arrays) -> None:
        """Put both matrices back."""
        take_state({"input": self.input, "output": self.output}, arrays)
        if self.resident is not None:
            self.resident.parameters.upload()

    def vectors(self) -> Vectors:
        """The input rows of the words that were trained, behind those of all words of extended vectors."""
        self._download()
        rows, vocab = self.words.rows, self.vocab
        return Vectors(Vocab(vocab.words(rows), vocab.counts[rows]), self.input[rows, : self.options.dim])

    @property
    def matrices(self) -> Matrices:
        """What a kernel changes."""
        return self.input, self.output

    @property
    def memory(self) -> int:
        """Bytes of both matrices."""
        return self.input.nbytes + self.output.nbytes

    def _download(self) -> None:
        if self.resident is not None:
            self.resident.parameters.download()

    def _draw(self) -> None:
        words, dim = len(self.vocab), self.options.dim
        self.input[:words, :dim] = (rng.uniform(rng.stream(self.options.seed, 0), (words, dim)) - 0.5) / dim

    def _make_windows(self) -> Windows:
        locked = np.zeros(len(self.vocab) if self.frozen else 0, np.uint8)
        there = np.zeros(len(self.vocab), bool)
        there[self.words.rows] = True
        for word in self.frozen:
            if not there[token_id := self.vocab.id(word)]:
                raise VocabularyError(
                    f"frozen: {word!r} was seen less than {self.options.min_count} times, so it is not "
                    "trained."
                )
            locked[token_id] = 1
        o = self.options
        return Windows(
            window=o.window,
            shrink=o.shrink,
            cbow=o.context == "cbow",
            divide=o.cbow_gradient == "mean",
            seeds=np.zeros(3, np.uint64),
            keep=keep_thresholds(self.words.read, o.subsample),
            locked=locked,
        )

    def _take(self, initial: Vectors | None) -> None:
        if initial is None:
            return
        matrix: Floats = initial.matrix
        if matrix.shape[1] != self.options.dim:
            raise OptionError(
                f"initial: got vectors of {matrix.shape[1]} numbers, expected dim, {self.options.dim}. "
                "Make them equal."
            )
        for word, row in initial.vocab.index.items():
            if (token_id := self.vocab.index.get(word)) is not None:
                self.input[token_id, : self.options.dim] = matrix[row]


def _hash(words: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()
