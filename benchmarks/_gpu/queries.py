"""A step of `python -m benchmarks gpu`: neighbours, counts and removals against the CPU, and how long they take."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seqkit.embeddings.cooccurrence.options import CountOptions
from seqkit.embeddings.vectors.neighbours import nearest_rows
from seqkit.kernels.affine_rows import gpu as affine_rows
from seqkit.kernels.affine_rows import reference as affine_reference
from seqkit.kernels.cooccurrence import cpu as count_cpu
from seqkit.kernels.cooccurrence import gpu as count_gpu
from seqkit.kernels.near_pairs import gpu as near_pairs
from seqkit.kernels.near_pairs import reference as near_reference
from seqkit.kernels.primitives.windows.settings import Stretch
from seqkit.kernels.second_moments import gpu as second_moments
from seqkit.kernels.second_moments import reference as moments_reference
from seqkit.kernels.top_k import gpu as top_k

Timed = tuple[Any, float]


def timed(call: Callable[[], Any]) -> Timed:
    """The result of the second call, and its seconds; results lie on the host, so that nothing is left to do."""
    call()
    started = time.perf_counter()
    found = call()
    return found, time.perf_counter() - started


def near(random: np.random.Generator, dry: bool, place: torch.device) -> dict[str, Any]:
    """Neighbours of 1 and of many rows: seconds, and how many ids are the CPU's."""
    size, dim, many = (400, 20, 30) if dry else (400_000, 300, 4096)
    matrix = random.normal(size=(size, dim)).astype(np.float32)
    matrix[size // 2 : size // 2 + 50] = matrix[0]  # more ties than are picked
    norms = np.linalg.norm(matrix, axis=1)
    started = time.perf_counter()
    rows = top_k.put(matrix, norms, place)
    float(rows.lengths[0])
    found: dict[str, Any] = {"upload, s": time.perf_counter() - started}
    for by in ("cosine", "euclidean"):
        for count in (1, many):
            asked = matrix[:count] / (norms[:count, None] if by == "cosine" else 1)
            (ids, scores), took = timed(lambda: top_k.nearest(rows, asked, 10, by=by))  # noqa: B023
            few = slice(0, min(count, 256))
            wanted = nearest_rows(asked[few], matrix, norms, 10, by=by)  # type: ignore[arg-type]
            if by == "euclidean":
                scores = scores - (asked.astype(np.float64) ** 2).sum(1, keepdims=True)
            far = float(np.abs(scores[few] - wanted[1]).max() / np.abs(wanted[1]).max())
            same = float((ids[few] == wanted[0]).mean())
            found[f"{by}, {count} of {size:,} x {dim}"] = {
                "s": took,
                "ids of the CPU": same,
                "scores apart": far,
            }
    return found


def counts(random: np.random.Generator, dry: bool, place: torch.device) -> dict[str, Any]:
    """Counting: seconds, and whether the bytes are the CPU's."""
    tokens = 3000 if dry else 20_000_000
    ids = (random.zipf(1.2, tokens) % 60_000).astype(np.int32)
    starts = np.append(np.arange(0, tokens, 1000), tokens)
    rows, weights = np.arange(60_000, dtype=np.int32), CountOptions().weights
    text, indexing = timed(
        lambda: count_cpu.index(
            Stretch(ids, starts, 0, tokens), rows, 60_000, weights, symmetric=True, holes=False
        )
    )
    threads = torch.get_num_threads()
    made, usual = timed(lambda: list(count_cpu.count(text, threads=threads, room=1 << 21)))
    found, took = timed(lambda: list(count_gpu.count(text, place)))
    parts = [[np.concatenate(part) for part in zip(*each, strict=True)] for each in (made, found)]
    same = all(a.tobytes() == b.tobytes() for a, b in zip(*parts, strict=True))
    return {"index, s": indexing, "cpu, s": usual, "gpu, s": took, "same bytes": same, "tokens": tokens}


def removals(random: np.random.Generator, dry: bool, place: torch.device) -> dict[str, Any]:
    """What bias measure and bias remove do there: seconds of both, and how far apart."""
    size, few, dim = (300, 60, 10) if dry else (200_000, 10_000, 300)
    matrix, free = random.normal(size=(size, dim)).astype(np.float32), random.random(size) < 0.9
    linear, shift = random.normal(size=(dim, dim)), random.normal(size=dim)
    unit = matrix[:few] / np.linalg.norm(matrix[:few].astype(np.float64), axis=1, keepdims=True)
    asked = unit, unit[0], 1.35, 1e-9, 200 * few
    jobs: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "affine": (
            lambda: (affine_reference.affine(matrix, linear, shift, True),),
            lambda: (affine_rows.affine(matrix, linear, shift, True, place),),
        ),
        "moments": (
            lambda: moments_reference.sums(matrix, free),
            lambda: second_moments.sums(matrix, free, place),
        ),
        "pairs": (lambda: near_reference.best(*asked)[2:], lambda: near_pairs.best(*asked, place)[2:]),
    }
    found = {}
    for name, (usual, ours) in jobs.items():
        (wanted, slow), (got, quick) = timed(usual), timed(ours)
        far = max(float(np.abs(a - b).max(initial=0)) for a, b in zip(wanted, got, strict=True))
        found[name] = {"cpu, s": slow, "gpu, s": quick, "apart": far}
    return found


def queries(dry: bool, data: Path) -> dict[str, Any]:
    """Neighbours, counts and removals."""
    random, place = np.random.default_rng(0), torch.device("cpu" if dry else "cuda")
    return {part.__name__: part(random, dry, place) for part in (near, counts, removals)}
