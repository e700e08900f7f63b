"""What vectors lose when they are written in fewer bytes: errors, neighbours, scores on test sets.

Not handled: the writing (vectors.quantisation).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.core import rng
from seqkit.core.errors import OptionError, VocabularyError
from seqkit.core.score import Score
from seqkit.core.types import Array
from seqkit.embeddings.testsets.testsets import evaluate
from seqkit.embeddings.vectors.neighbours import nearest_others
from seqkit.embeddings.vectors.vectors import Vectors

SAMPLE, NEIGHBOURS = 1000, 10


@dataclass(frozen=True)
class Change:
    """One measure before and after.  before is None where it compares the two."""

    name: str
    before: Score | None
    after: Score

    def to_json(self) -> dict[str, Any]:
        """Both scores as plain JSON values."""
        return {
            "name": self.name,
            "before": self.before and self.before.to_json(),
            "after": self.after.to_json(),
        }


def compare(
    before: Vectors,
    after: Vectors,
    analogies: Iterable[Path] = (),
    similarities: Iterable[Path] = (),
    *,
    restrict: int | None = None,
    seed: int = 1,
) -> list[Change]:
    """What changed: mean |x - x̂| / |x|, the share of ten nearest words kept, each test set before and after.

    The nearest words are those of 1,000 words drawn by `seed`, among the first `restrict`.
    Raises:  OptionError if the two do not hold the same words; VocabularyError for vectors that are all zero.
    """
    if before.vocab.tokens != after.vocab.tokens or before.dim != after.dim:
        raise OptionError(f"compare: got {before} and {after}, expected the same words and as many numbers.")
    alive = np.flatnonzero(before.norms > 0)
    if not len(alive):
        raise VocabularyError(
            f"compare: all {len(before):,} vectors are zero, so there is nothing to measure."
        )
    rows = alive[rng.permutation(rng.stream(seed, 78), len(alive))[:SAMPLE]]
    lost = (
        np.linalg.norm(after.matrix[rows].astype(np.float64) - before.matrix[rows], axis=1)
        / before.norms[rows]
    )
    settings = {"restrict": restrict, "seed": seed}
    missing = len(before) - len(rows)
    changes = [
        Change(
            "relative error", None, Score("relative error", float(lost.mean()), len(rows), missing, settings)
        )
    ]
    near = [_nearest(vectors, rows, restrict) for vectors in (before, after)]
    if near[0].shape[1]:
        kept = np.mean(
            [len(set(a) & set(b)) / len(a) for a, b in zip(near[0].tolist(), near[1].tolist(), strict=True)]
        )
        score = Score(
            "neighbours kept", float(kept), len(rows), missing, settings | {"neighbours": near[0].shape[1]}
        )
        changes.append(Change("neighbours kept", None, score))
    sets = list(analogies), list(similarities)
    if any(sets):
        both = [evaluate(vectors, *sets, restrict=restrict) for vectors in (before, after)]
        changes += [Change(a.name, a, b) for a, b in zip(*both, strict=True)]
    return changes


def _nearest(vectors: Vectors, rows: Array, restrict: int | None) -> Array:
    """The ten nearest other rows of each."""
    return nearest_others(rows, vectors.matrix[rows], vectors.space, NEIGHBOURS, restrict=restrict)
