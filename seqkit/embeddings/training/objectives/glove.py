"""GloVe: vectors whose inner products are the logarithms of co-occurrence counts, by weighted least squares.

Not handled: counting (cooccurrence), the run (embeddings.training.trainer).
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np

from seqkit.core import rng
from seqkit.core.device import threads as count_threads
from seqkit.core.errors import FormatError, ModelFileError, OptionError
from seqkit.core.options import to_json
from seqkit.core.score import Loss
from seqkit.core.types import Array, Arrays, Floats
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.training.loss_options import GloVeOptions
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.kernels.glove.reference import Parameters, rule
from seqkit.kernels.primitives.simd.rows import aligned, padded
from seqkit.text.vocab import SPECIALS, Vocab
from seqkit.train.checkpoint import take_state

__all__ = ["GloVeObjective"]

BLOCKS = 24  # blocks of words at least, so that the tiles of a round keep many threads busy
BLOCK_BYTES = 4 << 20  # of one matrix, in a block of words: what a tile touches stays in the caches
PARTS = 1  # times a tile is visited in an epoch
FINE_PARTS, FINE_BYTES = (
    32,
    16 << 20,
)  # the same where a matrix fits into the last cache: nearly a full shuffle, and as fast
STEPS = 64  # steps an epoch at least, where there are as many rounds
RAREST = 100  # words whose mean stands for an unknown one


class TileRounds(NamedTuple):
    """Sets of tiles that share no row and no column, and which part of each is meant."""

    tiles: Annotated[Array, "R B"]
    parts: Annotated[Array, "R"]
    num_parts: int


class GloVeObjective:
    """cost = Σ ½ f(X_ij) (θ_i · e_j + b_i + b'_j - log X_ij)²,  over X_ij > 0,  f(x) = min(1, (x / x_max)^α).

    AdaGrad, one pair at a time; the loss of a pair is taken before its change, and its mean is what the C
    program prints. A step is a set of tiles that share no row and no column (kernels.glove), so the bytes do
    not depend on the threads of a CPU. Course notation: θ_i, e_j, b_i, b'_j. Source: Pennington, Socher &
    Manning 2014, eq. 8; stanfordnlp/GloVe.
    """

    Options = GloVeOptions
    options: GloVeOptions
    learns_from: ClassVar[Literal["text", "counts"]] = "counts"
    unit: ClassVar = "pairs"
    schedule: ClassVar = "constant"
    gpu: ClassVar = "seqkit.kernels.glove.gpu"
    state_names: ClassVar = ("words", "contexts", "word_biases", "context_biases")

    def __init__(
        self,
        counts: Cooccurrence,
        options: GloVeOptions,
        *,
        threads: int | None = None,
        device: str = "cpu",
    ) -> None:
        from seqkit.kernels.glove.tiles.cpu import order

        self.counts, self.options, self.threads = counts, options, count_threads(threads)
        size, words = padded(options.dim), len(counts.vocab)
        if not len(counts.columns):
            raise FormatError(
                "glove: no two words ever stand near each other, so nothing can be learnt. Give more text."
            )
        self.words, self.contexts = self._start(0), self._start(1)
        draws = rng.uniform(rng.stream(options.seed, 0, 2), (2, words))
        self.word_biases, self.context_biases = (
            np.stack([(draw - 0.5) / options.dim, np.ones(words)], 1).astype(np.float32) for draw in draws
        )
        edges = _edges(counts, max(64, min(BLOCK_BYTES // (8 * size), 1 << 16)))
        try:
            self.tiles = order(
                counts.ends,
                counts.columns,
                counts.values,
                edges,
                mirror=counts.options.symmetric,
                seed=rng.stream(options.seed, 1),
                threads=self.threads,
            )
        except FormatError as error:
            raise ModelFileError(f"{error} The counts are damaged; count again.") from error
        self.resident: Any = None  # what lies on a GPU; the arrays here are those of the last download
        if device != "cpu":
            from seqkit.kernels.glove.gpu import pairs_of
            from seqkit.kernels.primitives.resident.gpu import Parameters as Resident

            self.resident = Resident({name: getattr(self, name) for name in self.state_names}, device)
            self.pairs = pairs_of(self.tiles, self.resident.device)

    @staticmethod
    def first_lr(options: Any) -> float:
        """0.05."""
        return 0.05

    def batches(self, source: Cooccurrence, *, epochs: int) -> "Rounds":
        """Sets of tiles, signed with settings and counts."""
        return Rounds(self, {"counts": source.fingerprint, **to_json(self.options)})

    def step(self, batch: TileRounds, lr: float) -> Loss:
        """Learn from the pairs of some tiles."""
        o = self.options
        how = rule(o.adagrad, lr, o.x_max, o.alpha)
        if self.resident is not None:
            from seqkit.kernels.glove import gpu

            spans = self.tiles.spans(batch.tiles, batch.parts[:, None], batch.num_parts).reshape(-1, 2)
            there = Parameters(*self.resident.tensors.values())
            return Loss(*gpu.train(self.pairs, spans, there, how, dim=o.dim))
        from seqkit.kernels.glove.cpu import train

        parameters = Parameters(self.words, self.contexts, self.word_biases, self.context_biases)
        return Loss(*train(self.tiles, *batch, parameters, how, threads=self.threads))

    def state(self) -> Arrays:
        """Vectors and biases, each with its sums of squares."""
        self._download()
        return {name: getattr(self, name) for name in self.state_names}

    def restore(self, arrays: Arrays) -> None:
        """Put them back."""
        take_state({name: getattr(self, name) for name in self.state_names}, arrays)
        if self.resident is not None:
            self.resident.upload()

    def vectors(self, output: str | None = None) -> Vectors:
        """The vector of each word, as `output` (or the option of that name) says."""
        self._download()
        output, dim = output or self.options.output, self.options.dim
        theta, e = self.words[:, :dim], self.contexts[:, :dim]
        parts: dict[str, Any] = {
            "sum": lambda: theta + e,
            "mean": lambda: (theta + e) / 2,
            "words": theta.copy,
            "contexts": e.copy,
        }
        if output not in parts:
            raise OptionError(f"vectors: got output {output!r}, expected one of {', '.join(parts)}.")
        matrix: Floats = parts[output]()
        vocab = self.counts.vocab
        unk = SPECIALS["unk"]
        if self.options.unknown and unk not in vocab:
            matrix = np.concatenate(
                [matrix, matrix[-RAREST:].mean(0, keepdims=True, dtype=np.float64).astype(np.float32)]
            )
            vocab = Vocab([*vocab.tokens, unk], [*vocab.counts.tolist(), 0], {"unk": len(vocab)})
        return Vectors(vocab, matrix)

    @property
    def memory(self) -> int:
        """Bytes of the parameters and the ordered pairs."""
        own = (getattr(self, name) for name in self.state_names)
        return sum(array.nbytes for array in (*own, self.tiles.places, self.tiles.logs))

    def _download(self) -> None:
        if self.resident is not None:
            self.resident.download()

    def _start(self, which: int) -> Floats:
        """(U - ½) / dim, and sums of squares of 1."""
        dim, size, words = self.options.dim, padded(self.options.dim), len(self.counts.vocab)
        matrix = aligned(words, 2 * size)
        matrix[:, :dim] = (rng.uniform(rng.stream(self.options.seed, 0, which), (words, dim)) - 0.5) / dim
        matrix[:, size:] = 1.0
        return matrix


class Rounds:
    """The batches of GloVe: rounds, each a part of each tile of one permutation of the blocks.

    All rounds together visit every pair once. Their order is drawn for each epoch; the order within a tile is
    drawn once, as the C program shuffles once.
    """

    def __init__(self, objective: GloVeObjective, signature: dict[str, Any]) -> None:
        self.tiles, self.seed = objective.tiles, objective.options.seed
        self.size = int(self.tiles.ends[-1])
        self.parts = FINE_PARTS if objective.words.nbytes <= FINE_BYTES else PARTS
        self.signature = signature

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[TileRounds, int]]:
        """Sets of rounds of epoch `number`, without the first `skip`."""
        blocks = len(self.tiles.edges) - 1
        columns = rng.permutation(rng.stream(self.seed, 2 + number, 0), blocks)
        rounds = rng.permutation(rng.stream(self.seed, 2 + number, 1), blocks * self.parts)
        each = max(1, len(rounds) // STEPS)
        for start in range(skip * each, len(rounds), each):
            shifts, parts = np.divmod(rounds[start : start + each], self.parts)
            wanted = np.arange(blocks) * blocks + columns[(np.arange(blocks) + shifts[:, None]) % blocks]
            spans = self.tiles.spans(wanted, parts[:, None], self.parts)
            yield TileRounds(wanted, parts, self.parts), int((spans[..., 1] - spans[..., 0]).sum())


def _edges(counts: Cooccurrence, limit: int) -> Array:
    """First words of blocks of at most `limit` words and, if that is less, about equal numbers of pairs."""
    words = len(counts.vocab)
    pairs = np.diff(counts.ends)
    if counts.options.symmetric:
        pairs = pairs + np.bincount(counts.columns.clip(0, words - 1), minlength=words)
    before = np.append(0, np.cumsum(pairs))
    edges = [0]
    while edges[-1] < words:
        full = int(np.searchsorted(before, before[edges[-1]] + before[-1] / BLOCKS, "right")) - 1
        edges.append(min(words, edges[-1] + limit, max(edges[-1] + 1, full)))
    return np.array(edges)
