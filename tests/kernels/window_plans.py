"""Small random texts, windows and targets for the kernel tests."""

import numpy as np

from seqkit.core import rng
from seqkit.embeddings.training.frequencies import alias_table
from seqkit.embeddings.training.huffman import huffman
from seqkit.kernels.primitives.simd.rows import aligned, padded
from seqkit.kernels.primitives.windows.settings import Noise, Stretch, Windows
from seqkit.kernels.word2vec.reference import Paths


def text(tokens: int = 400, vocab: int = 30, seed: int = 0) -> Stretch:
    """Zipf-like ids with id 0 for unknown, and sentence starts with empty and one-word sentences among them."""
    random = np.random.default_rng(seed)
    ids = np.minimum(random.zipf(1.3, tokens) - 1, vocab - 1).astype(np.int32)
    cuts = np.sort(random.integers(0, tokens, tokens // 15))
    return Stretch(ids, np.concatenate([[0, 0], cuts, [tokens]]).astype(np.int64), 0, tokens)


def windows(
    ids: np.ndarray, vocab: int = 30, *, lock: bool = False, subsample: bool = True, **settings
) -> Windows:
    """Windows over `ids`; settings override the fields of Windows."""
    keep = np.full(vocab, 1 << 32, np.uint64)
    keep[0] = 0
    if subsample:
        keep[1:4] = 1 << 31
    fields = {
        "window": 5,
        "shrink": True,
        "cbow": False,
        "divide": False,
        "seeds": np.array([rng.stream(3, i) for i in range(3)]),
        "keep": keep,
        "locked": (np.arange(vocab) % 3 == 0).astype(np.uint8) if lock else np.zeros(0, np.uint8),
    }
    return Windows(**(fields | settings))


def counts(ids: np.ndarray, vocab: int = 30) -> np.ndarray:
    """How often each word stands in `ids`, at least once; the unknown word 0 never."""
    found = np.maximum(np.bincount(ids, minlength=vocab), 1)
    found[0] = 0
    return found


def noise(ids: np.ndarray, vocab: int = 30, negatives: int = 5) -> Noise:
    """Noise over the counts of `ids`."""
    return Noise(negatives, alias_table(counts(ids, vocab) ** 0.75))


def plan(
    ids: np.ndarray, vocab: int = 30, *, tree: bool = False, negatives: int = 5, **settings
) -> tuple[Windows, Noise | Paths]:
    """Windows and targets for the word2vec kernel."""
    targets = Paths(*huffman(counts(ids, vocab))) if tree else noise(ids, vocab, negatives)
    return windows(ids, vocab, **settings), targets


def matrices(
    vocab: int = 30, dim: int = 20, seed: int = 1, scale: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Random input and output rows with zero padding; the output is not zero, so that every gradient is seen."""
    random = np.random.default_rng(seed)
    pair = aligned(vocab, padded(dim)), aligned(vocab, padded(dim))
    for matrix in pair:
        matrix[:, :dim] = random.normal(0, scale, (vocab, dim))
    return pair
