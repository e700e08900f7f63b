"""Vectors from counts: the largest singular vectors of positive pointwise mutual information.

File: seqkit/embeddings/training/objectives/ppmi.py. Not handled: to start from other vectors.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from scipy.sparse import csr_array

from seqkit.core import rng
from seqkit.core.options import option, to_json
from seqkit.core.score import Loss
from seqkit.core.types import Array, Arrays
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.cooccurrence.options import CountOptions
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["PPMI"]


class PPMI:
    """M_ij = max(0, log (X_ij X / (X_i X_j)));  Q ← orthonormal basis of M Mᵀ Q, once an epoch.

    The vectors are Q √|M Q| (Levy & Goldberg 2014). The loss is the share of ‖M‖² that Q does not reach.
    """

    @dataclass(frozen=True)
    class Options(CountOptions):
        """Settings: those of counting, and these."""

        dim: int = option(100, low=1, help="numbers in a vector")
        seed: int = option(1, low=0, help="seed of every draw")

    options: Options
    learns_from: ClassVar[Literal["text", "counts"]] = "counts"
    unit: ClassVar = "pairs"
    schedule: ClassVar = "constant"

    def __init__(self, counts: Cooccurrence, options: Options, *, threads: int | None = None) -> None:
        self.vocab, self.options = counts.vocab, options
        rows, columns, values = counts.pairs()
        margins = np.bincount(rows, values, len(self.vocab)), np.bincount(columns, values, len(self.vocab))
        pmi = np.log(values * values.sum() / (margins[0][rows] * margins[1][columns]))
        self.matrix = csr_array((np.maximum(pmi, 0), (rows, columns)), shape=(len(self.vocab),) * 2)
        self.basis: Array = rng.uniform(rng.stream(options.seed, 0), (len(self.vocab), options.dim)) - 0.5

    @staticmethod
    def first_lr(options: Any) -> float:
        """A number that the steps do not use."""
        return 1.0

    def batches(self, source: Cooccurrence, *, epochs: int) -> "Whole":
        """All counts at once, signed with settings and counts."""
        return Whole(source.num_pairs, {"counts": source.fingerprint, **to_json(self.options)})

    def step(self, batch: None, lr: float) -> Loss:
        """One round of orthogonal iteration."""
        self.basis = np.linalg.qr(self.matrix @ (self.matrix.T @ self.basis))[0].astype(np.float32)
        reached = float(np.square(self.matrix.T @ self.basis).sum())
        return Loss(1 - reached / float(np.square(self.matrix.data).sum()), 1)

    def state(self) -> Arrays:
        """The basis."""
        return {"basis": self.basis}

    def restore(self, arrays: Arrays) -> None:
        """Put it back."""
        self.basis = np.array(arrays["basis"])

    def vectors(self) -> Vectors:
        """The basis, each axis by the root of its singular value."""
        sizes = np.linalg.norm(self.matrix.T @ self.basis, axis=0)
        return Vectors(self.vocab, (self.basis * np.sqrt(sizes)).astype(np.float32))

    @property
    def memory(self) -> int:
        """Bytes of the matrix and the basis."""
        return int(self.matrix.data.nbytes + self.matrix.indices.nbytes + self.basis.nbytes)


class Whole:
    """An epoch of one batch."""

    def __init__(self, size: int, signature: dict[str, Any]) -> None:
        self.size, self.signature = size, signature

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[None, int]]:
        """The batch, unless it is skipped."""
        yield from [(None, self.size)][skip:]
