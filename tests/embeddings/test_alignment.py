"""Alignment: a turned copy is turned back, CSLS is its formula, precision counts and says what is missing."""

import json

import numpy as np
import pytest
from shell import run

from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError
from seqkit.embeddings import alignment
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


def make(words=60, dim=7, seed=0, prefix="w"):
    matrix = np.random.default_rng(seed).normal(size=(words, dim)).astype(np.float32)
    return Vectors(Vocab([f"{prefix}{i}" for i in range(words)], np.zeros(words, np.int64)), matrix)


def turned(vectors, seed=5, prefix="x"):
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(vectors.dim, vectors.dim)))
    tokens = [prefix + token[1:] for token in vectors.vocab.tokens]
    return Vectors(
        Vocab(tokens, vectors.vocab.counts), (vectors.matrix.astype(np.float64) @ rotation).astype(np.float32)
    ), rotation


def test_a_turned_copy_is_recovered_to_a_millionth():
    vectors = make()
    target, rotation = turned(vectors)
    made = alignment.align(vectors, target, [(f"w{i}", f"x{i}") for i in range(30)])
    np.testing.assert_allclose(made.rotation, rotation, atol=1e-6)
    np.testing.assert_allclose(made.rotation @ made.rotation.T, np.eye(7), atol=1e-12)
    np.testing.assert_allclose(made(vectors).matrix, target.matrix, atol=1e-5)
    assert (made.count, made.missing) == (30, 0)
    rest = [(f"w{i}", f"x{i}") for i in range(30, 60)]
    assert alignment.precision(made(vectors), target, rest).value == 1.0


def test_few_pairs_leave_an_orthogonal_map_and_no_pair_is_an_error():
    vectors = make()
    target, _ = turned(vectors)
    made = alignment.align(vectors, target, [("w1", "x1"), ("w1", "nobody"), ("no", "x2")])
    np.testing.assert_allclose(made.rotation @ made.rotation.T, np.eye(7), atol=1e-12)
    assert (made.count, made.missing) == (1, 2)
    with pytest.raises(VocabularyError, match="none of the 1 pairs has both words known"):
        alignment.align(vectors, target, [("no", "x2")])
    with pytest.raises(VocabularyError, match="none of the 0 pairs"):
        alignment.align(vectors, target)


def test_without_a_dictionary_words_spelt_alike_are_taken():
    vectors = make()
    target, rotation = turned(vectors, prefix="w")
    made = alignment.align(vectors, target)
    np.testing.assert_allclose(made.rotation, rotation, atol=1e-6)
    assert made.count == 60


@pytest.mark.parametrize(
    ("k", "neighbours", "restrict"), [(1, 10, None), (5, 3, None), (3, 100, None), (2, 4, 20)]
)
def test_csls_is_its_formula_word_by_word(k, neighbours, restrict, monkeypatch):
    monkeypatch.setattr(alignment, "QUERIES", 7)
    source, target = make(40, 5, 1), make(50, 5, 2, "x")
    unit = [
        v.matrix.astype(np.float64) / np.linalg.norm(v.matrix.astype(np.float64), axis=1)[:, None]
        for v in (source, target)
    ]
    x, y = unit[0][:restrict], unit[1][:restrict]
    found = alignment.retrieve(
        source, target, [f"w{i}" for i in range(40)], k, neighbours=neighbours, restrict=restrict
    )
    for i, pairs in enumerate(found):
        scores = []
        for j in range(len(y)):
            mean_x = np.mean(sorted(unit[0][i] @ y.T, reverse=True)[:neighbours])
            mean_y = np.mean(sorted(x @ y[j], reverse=True)[:neighbours])
            scores.append(2 * unit[0][i] @ y[j] - mean_x - mean_y)
        expected = np.argsort(-np.array(scores), kind="stable")[:k]
        assert [word for word, _ in pairs] == [f"x{j}" for j in expected]
        np.testing.assert_allclose([score for _, score in pairs], np.array(scores)[expected], atol=1e-5)


def test_csls_finds_past_a_hub_where_cosine_does_not():
    basis = np.eye(11, dtype=np.float32)
    words = Vocab([f"w{i}" for i in range(10)], [0] * 10)
    source = Vectors(words, basis[:10] + 1.5 * basis[10])  # cosine with its own word 0.55, with the hub 0.83
    target = Vectors(Vocab([*words.tokens, "hub"], [0] * 11), basis)
    pairs = [(word, word) for word in words]
    assert alignment.precision(source, target, pairs, method="cosine").value == 0
    assert alignment.precision(source, target, pairs, neighbours=3).value == 1


def test_precision_counts_a_word_once_and_says_what_is_missing():
    vectors = make(20)
    pairs = [("w1", "w1"), ("w1", "w2"), ("w3", "w4"), ("w5", "nobody"), ("no", "w1"), ("w19", "w19")]
    score = alignment.precision(vectors, vectors, pairs, method="cosine", restrict=10)
    assert (score.name, score.value, score.count, score.missing) == ("precision@1", 0.5, 2, 3)
    assert score.interval[0] <= 0.5 <= score.interval[1]
    assert alignment.precision(vectors, vectors, pairs, 20, method="cosine").value == 1.0


@pytest.mark.parametrize(
    ("make_it", "error", "message"),
    [
        (lambda: alignment.align(make(dim=4), make(dim=5)), ShapeError, "got vectors of 4 and 5 numbers"),
        (
            lambda: alignment.align(make(), make())(make(dim=3)),
            ShapeError,
            "got vectors of 3 numbers, expected 7",
        ),
        (
            lambda: alignment.retrieve(make(), make(), ["w1"], method="clsl"),
            OptionError,
            "expected csls or cosine",
        ),
        (lambda: alignment.retrieve(make(), make(), ["w1"], 0), OptionError, "got k 0 and neighbours 10"),
        (
            lambda: alignment.retrieve(make(), make(), ["no"]),
            VocabularyError,
            "'no' is not in the vocabulary",
        ),
        (lambda: alignment.precision(make(), make(), [("a", "b")]), VocabularyError, "none of the 1 words"),
    ],
)
def test_what_cannot_be_is_named(make_it, error, message):
    with pytest.raises(error, match=message):
        make_it()


def test_dictionaries_are_read_strictly(tmp_path):
    path = tmp_path / "d.txt"
    path.write_text("a b\nnew york\tneu york\n\nc  d\n")
    assert alignment.read_dictionary(path) == [("a", "b"), ("new york", "neu york"), ("c", "d")]
    path.write_text("a b\nc d e\n")
    with pytest.raises(FormatError, match="line 2 is 'c d e', expected two words"):
        alignment.read_dictionary(path)
    path.write_text("\n")
    with pytest.raises(FormatError, match="holds no pair"):
        alignment.read_dictionary(path)
    path.write_bytes(b"\xff")
    with pytest.raises(FormatError, match="not valid utf-8"):
        alignment.read_dictionary(path)


def test_command_turns_and_measures(tmp_path):
    vectors = make()
    target, _ = turned(vectors)
    vectors.save(tmp_path / "a")
    target.save(tmp_path / "b")
    (tmp_path / "d.txt").write_text("".join(f"w{i} x{i}\n" for i in range(40)))
    done = run("embed", "align", "a", "b", "--dictionary", "d.txt", "--out", "c", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (told["pairs"], told["scores"][0]["value"], told["scores"][0]["count"]) == (40, 1.0, 40)
    np.testing.assert_allclose(Vectors.load(tmp_path / "c").matrix, target.matrix, atol=1e-5)
