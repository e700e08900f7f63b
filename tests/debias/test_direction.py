"""Directions against float64 brute force, the traps of published code, and every degenerate input."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError
from seqkit.debias.direction import METHODS, find_direction
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


def make(sets=6, columns=2, dim=12, seed=0, shift=1.0):
    """Random words; those of column 0 have +shift along the first axis, the others -shift."""
    matrix = np.random.default_rng(seed).normal(size=(sets * columns, dim))
    matrix[:, 0] += np.where(np.arange(sets * columns) % columns == 0, shift, -shift)
    words = [f"w{i}" for i in range(sets * columns)]
    rows = tuple(tuple(words[i * columns : (i + 1) * columns]) for i in range(sets))
    return Vectors(Vocab(words, [0] * len(words)), matrix.astype(np.float32)), rows


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def pairs(vectors, rows):
    x = vectors.matrix.astype(np.float64)
    x = unit(x).reshape(len(rows), len(rows[0]), -1)
    return x[:, 0], x[:, 1]


BRUTE = {
    "mean": lambda a, b: (a - b).mean(0),
    "unit-mean": lambda a, b: unit(a - b).sum(0),
    "sums": lambda a, b: unit(a.sum(0)) - unit(b.sum(0)),
    "pair": lambda a, b: a[0] - b[0],
}


@pytest.mark.parametrize("method", BRUTE)
def test_direction_is_the_formula(method):
    vectors, rows = make()
    got = find_direction(vectors, rows, method=method)
    np.testing.assert_allclose(got.basis[0], unit(BRUTE[method](*pairs(vectors, rows))), atol=1e-12)
    assert got.explained == (1.0,)


def test_pca_is_the_uncentred_second_moment_of_half_differences():
    vectors, rows = make()
    a, b = pairs(vectors, rows)
    moment = sum(np.outer(d, d) for d in (a - b) / 2)
    values, axes = np.linalg.eigh(moment)
    got = find_direction(vectors, rows, dims=3)
    np.testing.assert_allclose(np.abs(np.sum(got.basis * axes[:, :-4:-1].T, axis=1)), 1, atol=1e-12)
    np.testing.assert_allclose(got.explained, (values / values.sum())[:-4:-1], atol=1e-12)


def test_pca_of_centred_differences_would_lose_the_direction():
    """Running a PCA class on the differences removes their mean, which is the direction."""
    vectors, rows = make(sets=10, dim=20, shift=2.0)
    a, b = pairs(vectors, rows)
    right = find_direction(vectors, rows).basis[0]
    assert abs(right @ unit((a - b).mean(0))) > 0.99
    assert abs(right @ PCA(1).fit(a - b).components_[0]) < 0.5


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("columns", [2, 3, 4])
def test_positive_is_the_first_column(method, columns):
    vectors, rows = make(columns=columns)
    swapped = tuple((row[1], row[0], *row[2:]) for row in rows)
    g, h = find_direction(vectors, rows, method=method), find_direction(vectors, swapped, method=method)
    first = unit(vectors.matrix.astype(np.float64))[::columns] @ g.basis[0]
    rest = unit(vectors.matrix.astype(np.float64)) @ g.basis[0]
    assert first.mean() > rest.mean()
    if columns == 2:
        np.testing.assert_allclose(g.basis, -h.basis, atol=1e-12)
    np.testing.assert_allclose(g.basis @ g.basis.T, np.eye(len(g.basis)), atol=1e-12)


def test_sets_of_n_words_span_n_minus_1_directions_of_class_means():
    vectors, rows = make(columns=4, dim=9)
    got = find_direction(vectors, rows, method="mean", dims=3)
    x = unit(vectors.matrix.astype(np.float64)).reshape(len(rows), 4, -1)
    means = x.mean(0) - x.mean((0, 1))
    np.testing.assert_allclose(means @ got.basis.T @ got.basis, means, atol=1e-12)
    with pytest.raises(OptionError, match="got dims 4, expected at most 3 from 6 sets of 4 words by 'mean'"):
        find_direction(vectors, rows, method="mean", dims=4)


def test_raw_vectors_weigh_by_length_when_asked():
    vectors, rows = make()
    x = vectors.matrix.astype(np.float64).reshape(6, 2, -1)
    got = find_direction(vectors, rows, method="mean", unit=False)
    np.testing.assert_allclose(got.basis[0], unit((x[:, 0] - x[:, 1]).mean(0)), atol=1e-12)


def replaced(vectors, row, value):
    matrix = vectors.matrix.copy()
    matrix[row] = value
    return Vectors(vectors.vocab, matrix)


def test_degenerate_input_gets_a_named_error():
    vectors, rows = make()
    for value, kind in ((0, "zero"), (np.nan, "nan or inf"), (np.inf, "nan or inf")):
        with pytest.raises(FormatError, match=f"the vector of 'w5' is {kind}"):
            find_direction(replaced(vectors, 5, value), rows)
    with pytest.raises(FormatError, match=r"the words \('w4', 'w5'\) have the same vector"):
        find_direction(replaced(vectors, 5, 2 * vectors.matrix[4]), rows)
    with pytest.raises(FormatError, match="the differences of the 2 sets cancel out"):
        find_direction(vectors, (("w0", "w1"), ("w1", "w0")), method="mean")
    for dims in (0, 12, 13):
        with pytest.raises(OptionError, match=rf"got dims {dims}, expected 1 to 11"):
            find_direction(vectors, rows, dims=dims)
    with pytest.raises(OptionError, match="got dims 7, expected at most 6 from 6 sets of 2 words by 'pca'"):
        find_direction(vectors, rows, dims=7)
    with pytest.raises(OptionError, match="got 0 sets"):
        find_direction(vectors, ())
    with pytest.raises(OptionError, match="got method 'mena', expected one of pca, mean"):
        find_direction(vectors, rows, method="mena")
    with pytest.raises(VocabularyError, match="'w99' is not in the vocabulary"):
        find_direction(vectors, (("w0", "w99"),))
    with pytest.raises(ShapeError, match=r"got rows of shape \(2, 3\), expected \(N, 12\)"):
        find_direction(vectors, rows).project(np.zeros((2, 3)))


def test_gender_of_real_vectors_separates_words_that_were_not_used(data):
    vectors = Vectors.load(data("embeddings/glove.6B.50d.top2446.txt.gz"))
    words, lost = WordSets.gender().known(vectors, limit=0.5, need=("definitional",))
    assert "bridegroom" in lost["equalize"]
    assert lost["definitional"] == ("herself", "lady", "gentleman", "grandmother", "grandfather")
    g = find_direction(vectors, words.definitional)
    assert g.explained[0] > 0.3
    cosines = {
        word: g.project(vectors[[word]] / np.linalg.norm(vectors[word]))[0, 0]
        for word in ("sister", "queen", "king", "prince")
    }
    assert min(cosines["sister"], cosines["queen"]) > max(cosines["king"], cosines["prince"])
