"""Vectors, lists and calls for the tests of the bias measures: each member called in one way, by name."""

import numpy as np

from seqkit.debias.measuring.base import Options
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


CALLS = {
    "weat": lambda v, a, b, o: member("weat")(v, X, Y, a, b, options=o),
    "seat": lambda v, a, b, o: member("seat")(
        *(rows(v, w) for w in (X, Y, a, b)), pooling="mean", pool=rows(v, v.vocab.tokens[24:]), options=o
    ),
    "sc-weat": lambda v, a, b, o: member("sc-weat")(v, X, a, b, options=o),
    "rnd": lambda v, a, b, o: member("rnd")(v, X, a, b, options=o),
    "rnsb": lambda v, a, b, o: member("rnsb")(v, X, a, b, splits=3, options=o),
    "ect": lambda v, a, b, o: member("ect")(v, X, a, b, options=o),
    "mac": lambda v, a, b, o: member("mac")(v, X, [a, b], options=o),
    "ripa": lambda v, a, b, o: member("ripa")(v, X, list(zip(a, b, strict=True)), options=o),
    "direct-bias": lambda v, a, b, o: member("direct-bias")(v, X, basis_of(v), options=o),
    "indirect-bias": lambda v, a, b, o: member("indirect-bias")(v, "y0", X, basis_of(v), options=o),
    "analogies": lambda v, a, b, o: member("analogies")(v, (a[0], b[0]), topn=5, options=o),
    "gonen-clusters": lambda v, a, b, o: member("gonen-clusters")(
        v, basis_of(v), n=20, seeds=(1, 2), options=o
    ),
    "gonen-svm": lambda v, a, b, o: member("gonen-svm")(v, basis_of(v), n=40, seeds=(1, 2), options=o),
    "gonen-mlp": lambda v, a, b, o: member("gonen-mlp")(
        v, basis_of(v), n=40, seeds=(1,), hidden=5, steps=20, options=o
    ),
    "gonen-neighbours": lambda v, a, b, o: member("gonen-neighbours")(v, X, basis_of(v), k=20, options=o),
}


def member(name):
    return measures.load(name)


def call(name, vectors, a=A, b=B, options=FAST):
    return CALLS[name](vectors, a, b, options)
