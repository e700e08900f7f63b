"""Vectors in fewer bytes, and what that costs: fp16, or int8 with a scale for each row.

    fp16   x̂ = x rounded to 11 binary digits                    half the bytes
    int8   x̂ = s c,  s = max |x| / 127,  c = round(x / s)       a quarter, and 4 bytes a row

Not handled: arithmetic in fewer bytes; reading gives float32.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from seqkit.core import rng
from seqkit.core.errors import FormatError, OptionError, VocabularyError, did_you_mean
from seqkit.core.score import Score
from seqkit.core.types import Array, Arrays, Floats
from seqkit.embeddings.testsets.testsets import evaluate
from seqkit.embeddings.vectors.neighbours import nearest_others
from seqkit.embeddings.vectors.vectors import Vectors

DTYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "fp16": np.dtype("<f2"),
    "int8": np.dtype("i1"),
}
ROWS = 1 << 16  # rows that are in float32 at once beside the result
SAMPLE, NEIGHBOURS = 1000, 10


def encode(matrix: Annotated[Floats, "V D"], to: str) -> Arrays:
    """The arrays "matrix" and, for int8, "scales", that stand for a matrix.

    Raises:  OptionError for an unknown kind; FormatError for a number that fp16 cannot hold, or one that is
             not finite.
    """
    if to not in DTYPES:
        raise OptionError(
            f"quantise: {to!r} came, allowed are {', '.join(DTYPES)}.{did_you_mean(to, DTYPES)}"
        )
    if to == "float32":
        return {"matrix": matrix}
    codes = np.empty(matrix.shape, DTYPES[to])
    scales = np.zeros(len(matrix), np.float32)
    for start in range(0, len(matrix), ROWS):
        block = np.asarray(matrix[start : start + ROWS])
        high = np.abs(block).max(1, initial=0)
        if not np.isfinite(high).all() or (to == "fp16" and (high > 65504).any()):
            raise FormatError(
                f"quantise: {float(high.max()):g} is a number that {to} cannot hold. Use int8, or scale the "
                "vectors."
            )
        if to == "fp16":
            codes[start : start + ROWS] = block
            continue
        scale = (high / np.float32(127)).astype(np.float32)
        scales[start : start + ROWS] = scale
        wide = np.where(scale > 0, scale, 1)[:, None].astype(np.float64)
        codes[start : start + ROWS] = np.clip(np.rint(block / wide), -127, 127)
    return {"matrix": codes} if to == "fp16" else {"matrix": codes, "scales": scales}


def decode(arrays: Arrays) -> Annotated[Floats, "V D"]:
    """The float32 matrix that arrays stand for; one of float32 as it is, memory-mapped if it was.

    Raises:  FormatError if they are not what `encode` gives.
    """
    codes, scales = arrays["matrix"], arrays.get("scales")
    if (
        codes.ndim != 2
        or codes.dtype not in DTYPES.values()
        or (scales is not None) != (codes.dtype == DTYPES["int8"])
    ):
        raise FormatError(
            f"a matrix of shape {codes.shape} and {codes.dtype}, "
            f"{'with' if scales is not None else 'without'} scales"
        )
    if codes.dtype == DTYPES["float32"]:
        return codes
    found: Floats = codes.astype(np.float32)
    if scales is not None:
        whole = scales.shape == (len(codes),) and scales.dtype == np.float32
        if not whole or not (np.isfinite(scales) & (scales >= 0)).all() or (codes == -128).any():
            raise FormatError(
                f"scales of shape {scales.shape} and {scales.dtype}, or numbers in them, that int8 does "
                "not give"
            )
        with np.errstate(over="ignore"):  # told below
            found *= scales[:, None]
    if not np.isfinite(found).all():
        raise FormatError("numbers that are not finite")
    return found


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
    """What changed: mean |x - x̂| / |x|, the share of ten nearest words kept, and each test set before and
    after.

    The nearest words are those of 1,000 words drawn by `seed`, among the first `restrict`.
    Raises:  OptionError if the two do not hold the same words; VocabularyError for vectors that are all zero.
    """
    if before.vocab.tokens != after.vocab.tokens or before.dim != after.dim:
        raise OptionError(f"compare: {before} and {after} came, expected the same words and as many numbers.")
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
    told = {"restrict": restrict, "seed": seed}
    missing = len(before) - len(rows)
    changes = [
        Change("relative error", None, Score("relative error", float(lost.mean()), len(rows), missing, told))
    ]
    near = [_nearest(vectors, rows, restrict) for vectors in (before, after)]
    if near[0].shape[1]:
        kept = np.mean(
            [len(set(a) & set(b)) / len(a) for a, b in zip(near[0].tolist(), near[1].tolist(), strict=True)]
        )
        score = Score(
            "neighbours kept", float(kept), len(rows), missing, told | {"neighbours": near[0].shape[1]}
        )
        changes.append(Change("neighbours kept", None, score))
    sets = list(analogies), list(similarities)
    if any(sets):
        both = [evaluate(vectors, *sets, restrict=restrict) for vectors in (before, after)]
        changes += [Change(a.name, a, b) for a, b in zip(*both, strict=True)]
    return changes


def _nearest(vectors: Vectors, rows: Array, restrict: int | None) -> Array:
    """The ten nearest other rows of each."""
    last = len(vectors) if restrict is None else min(restrict, len(vectors))
    return nearest_others(rows, vectors.matrix[rows], vectors.matrix[:last], vectors.norms[:last], NEIGHBOURS)
