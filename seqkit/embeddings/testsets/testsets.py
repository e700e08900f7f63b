"""Test sets over vectors in one call, and a description of a file of vectors: what the command line shows."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.core import files
from seqkit.core.errors import OptionError
from seqkit.core.score import Score
from seqkit.embeddings.testsets import similarity
from seqkit.embeddings.testsets.analogies import evaluate as answer
from seqkit.embeddings.testsets.analogies import read_questions
from seqkit.embeddings.vectors.vectors import Vectors


def evaluate(
    vectors: Vectors,
    analogies: Iterable[Path] = (),
    similarities: Iterable[Path] = (),
    *,
    method: str = "3cosadd",
    restrict: int | None = None,
    lower: bool = True,
) -> list[Score]:
    """All scores of all test files: each analogy section, semantic, syntactic and total; each similarity set.

    Raises:  OptionError if there is no test file.
    """
    scores: list[Score] = []
    for path in analogies:
        sections = read_questions(path, lower=lower)
        result = answer(vectors, sections, method=method, restrict=restrict)
        scores += [*result.sections, result.semantic, result.syntactic, result.total]
    for path in similarities:
        scores.append(
            similarity.evaluate(
                vectors, similarity.read_pairs(path, lower=lower), name=path.stem, restrict=restrict
            )
        )
    if not scores:
        raise OptionError("evaluate: no test set was given. Pass a file with --analogies or --similarity.")
    return scores


def describe(path: Path, *, verify: bool = False) -> dict[str, Any]:
    """Words, numbers a vector, norms, first words. verify: check every byte of a native folder."""
    if verify and path.is_dir():
        files.load(path, "vectors", verify=True)
    vectors = Vectors.load(path)
    norms = vectors.norms if len(vectors) else np.zeros(1)
    return {
        "words": len(vectors),
        "dim": vectors.dim,
        "first": vectors.vocab.tokens[:5],
        "norm_min": float(norms.min()),
        "norm_mean": float(norms.mean()),
        "norm_max": float(norms.max()),
    }
