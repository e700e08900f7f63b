"""Vectors, lists and calls for the tests of the bias measures: each member called in one way, by name."""

import numpy as np

from seqkit.debias.measuring.assess import parameter_types
from seqkit.debias.measuring.base import Options, Role
from seqkit.debias.measuring.measures import measures
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

FAST = Options(resamples=50, draws=50)
A, B = [f"a{i}" for i in range(6)], [f"b{i}" for i in range(6)]
X, Y = [f"x{i}" for i in range(6)], [f"y{i}" for i in range(6)]
NAMES = [*A, *B, *X, *Y]


def letters(i):
    return "w" + "".join(chr(97 + i // 26**k % 26) for k in range(3))


def make(seed=0, words=300, dim=12):
    """The words of the lists, and others whose names are letters only."""
    names = [*NAMES, *(letters(i) for i in range(words))]
    matrix = np.random.default_rng(seed).normal(size=(len(names), dim)).astype(np.float32)
    return Vectors(Vocab(names, np.zeros(len(names), np.int64)), matrix)


def changed(vectors, matrix):
    return Vectors(vectors.vocab, np.asarray(matrix, np.float32))


def basis_of(vectors):
    """An orthonormal row: the difference of the unit rows of A and B, as any direction would do."""
    g = sum(rows(vectors, [a])[0] / np.linalg.norm(vectors[a].astype(float)) for a in A)
    g = g - sum(rows(vectors, [b])[0] / np.linalg.norm(vectors[b].astype(float)) for b in B)
    return (g / np.linalg.norm(g))[None] if g.any() else np.eye(1, vectors.dim)


def rows(vectors, words):
    return vectors[words].astype(np.float64)


SMALL = {  # settings that make a member fast; others run as they are
    "rnsb": {"splits": 3},
    "analogies": {"topn": 5},
    "gonen-clusters": {"n": 20, "seeds": (1, 2)},
    "gonen-svm": {"n": 40, "seeds": (1, 2)},
    "gonen-mlp": {"n": 40, "seeds": (1,), "hidden": 5, "steps": 20},
    "gonen-neighbours": {"k": 20},
}


def given(a, b):
    """What a parameter of each role gets; roles that are missing have a default."""
    return {
        Role.FIRST_TARGETS: X,
        Role.SECOND_TARGETS: Y,
        Role.FIRST_CLASS: a,
        Role.SECOND_CLASS: b,
        Role.NEUTRAL: X,
        Role.NEUTRAL_LISTS: [a, b],
        Role.CLASS_WORDS: X,
        Role.PLEASANT: a,
        Role.UNPLEASANT: b,
        Role.PAIRS: list(zip(a, b, strict=False)),
        Role.PAIR: (*a[:1], *b[:1]),
        Role.ANCHOR: "y0",
    }


def member(name):
    return measures.load(name)


def call(name, vectors, a=A, b=B, options=FAST):
    """The measure of that name, its parameters filled by their roles."""
    types = parameter_types(member(name))
    if Vectors not in types.values():  # seat: rows of sentences
        parts, others = (
            (rows(vectors, part) for part in (X, Y, a, b)),
            rows(vectors, vectors.vocab.tokens[24:]),
        )
        return member(name)(*parts, pooling="mean", pool=others, options=options)
    values = given(a, b) | ({Role.BASIS: basis_of(vectors)} if Role.BASIS in types.values() else {})
    filled = {p: values[kind] for p, kind in types.items() if isinstance(kind, Role) and kind in values}
    return member(name)(vectors, **filled, **SMALL.get(name, {}), options=options)
