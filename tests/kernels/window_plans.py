"""Small random texts and plans for the kernel tests."""

import numpy as np

from seqkit.core import rng
from seqkit.embeddings.training.huffman import huffman
from seqkit.embeddings.training.noise import alias_table
from seqkit.kernels.primitives.simd.rows import aligned, padded
from seqkit.kernels.primitives.windows.plan import Plan


def text(tokens: int = 400, vocab: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Zipf-like ids with id 0 for unknown, and sentence starts with empty and one-word sentences among them."""
    random = np.random.default_rng(seed)
    ids = np.minimum(random.zipf(1.3, tokens) - 1, vocab - 1).astype(np.int32)
    cuts = np.sort(random.integers(0, tokens, tokens // 15))
    return ids, np.concatenate([[0, 0], cuts, [tokens]]).astype(np.int64)


def plan(
    ids: np.ndarray,
    vocab: int = 30,
    *,
    tree: bool = False,
    lock: bool = False,
    subsample: bool = True,
    **settings,
) -> Plan:
    """A plan over the counts of `ids`; settings override Plan's fields."""
    counts = np.maximum(np.bincount(ids, minlength=vocab), 1)
    counts[0] = 0
    keep = np.full(vocab, 1 << 32, np.uint64)
    keep[0] = 0
    if subsample:
        keep[1:4] = 1 << 31
    points, labels, ends = (
        huffman(counts) if tree else (np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(1, np.int64))
    )
    fields = {
        "window": 5,
        "shrink": True,
        "cbow": False,
        "divide": False,
        "tree": tree,
        "negatives": 5,
        "seeds": np.array([rng.stream(3, i) for i in range(3)]),
        "keep": keep,
        "noise": alias_table(counts**0.75),
        "points": points,
        "labels": labels,
        "ends": ends,
        "locked": (np.arange(vocab) % 3 == 0).astype(np.uint8) if lock else np.zeros(0, np.uint8),
    }
    return Plan(**(fields | settings))


def matrices(
    vocab: int = 30, dim: int = 20, seed: int = 1, scale: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Random input and output rows with zero padding; the output is not zero, so that every gradient is seen."""
    random = np.random.default_rng(seed)
    pair = aligned(vocab, padded(dim)), aligned(vocab, padded(dim))
    for matrix in pair:
        matrix[:, :dim] = random.normal(0, scale, (vocab, dim))
    return pair
