"""Vectors with a concept put in on purpose: a direction (or plane) that definitional words and half of the others carry."""

import numpy as np

from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


def planted(classes=2, dim=16, neutral=900, seed=0, sets=10):
    """Vectors, their word sets, the rows and true classes of the neutral words, and the concept's directions (K, D)."""
    random = np.random.default_rng(seed)
    frame = np.linalg.qr(random.normal(size=(dim, dim)))[0].T
    corners = np.eye(classes) - 1 / classes
    corners = np.linalg.svd(corners)[0][:, : classes - 1]
    corners = (
        corners / np.linalg.norm(corners, axis=1, keepdims=True) @ frame[: classes - 1]
    )  # (C, D): a simplex
    truth = random.integers(0, classes, neutral)
    noise = random.normal(size=(neutral, dim)) * np.linspace(1.5, 0.5, dim) @ frame[::-1]
    noise -= noise @ frame[: classes - 1].T @ frame[: classes - 1] * 0.5
    matrix = [noise + 3 * corners[truth]]
    words = [f"n{i}" for i in range(neutral)]
    groups = {}
    for kind in ("d", "e", "s"):  # definitional, equalize, specific
        base = random.normal(size=(sets, 1, dim))
        base -= base @ frame[: classes - 1].T @ frame[: classes - 1]
        matrix.append((base + 4 * corners + 0.01 * random.normal(size=(sets, classes, dim))).reshape(-1, dim))
        names = [f"{kind}{i}.{c}" for i in range(sets) for c in range(classes)]
        words += names
        groups[kind] = tuple(tuple(names[i * classes : (i + 1) * classes]) for i in range(sets))
    order = random.permutation(len(words))
    vectors = Vectors(
        Vocab([words[i] for i in order], [0] * len(words)), np.concatenate(matrix)[order].astype(np.float32)
    )
    sets_ = WordSets(
        "planted",
        groups["d"],
        groups["e"],
        tuple(word for row in groups["s"] for word in row),
        {"some": ("n0", "n1")},
    )
    return vectors, sets_, vectors.rows([f"n{i}" for i in range(neutral)]), truth, frame[: classes - 1]
