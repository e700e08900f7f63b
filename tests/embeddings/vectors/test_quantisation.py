"""Vectors in fewer bytes: how far each number may be off, what is kept on disk, what is refused, what is told."""

import json

import crafted
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import run

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, OptionError
from seqkit.embeddings.testsets.compression import compare
from seqkit.embeddings.vectors import quantisation
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


def make(words=50, dim=20, seed=0, scale=1.0):
    matrix = (np.random.default_rng(seed).normal(size=(words, dim)) * scale).astype(np.float32)
    return Vectors(Vocab([f"w{i}" for i in range(words)], np.arange(words)), matrix)


@given(seed=st.integers(0, 99), scale=st.sampled_from([1e-30, 1e-3, 1.0, 1e4, 1e30]))
def test_law_int8_is_off_by_half_a_step_at_most_and_keeps_the_sign(seed, scale):
    matrix = make(9, 7, seed, scale).matrix.copy()
    matrix[3] = 0
    found = quantisation.decode(quantisation.encode(matrix, "int8"))
    step = np.abs(matrix).max(1, keepdims=True) / 127
    assert (np.abs(found.astype(np.float64) - matrix) <= step * 0.501).all()
    assert (found[3] == 0).all()
    assert (np.sign(found) * np.sign(matrix) >= 0).all()


def test_fp16_is_numpys_rounding(monkeypatch):
    monkeypatch.setattr(quantisation, "ROWS", 7)
    matrix = make().matrix
    assert (
        quantisation.decode(quantisation.encode(matrix, "fp16"))
        == matrix.astype(np.float16).astype(np.float32)
    ).all()
    codes = quantisation.encode(matrix, "int8")
    monkeypatch.setattr(quantisation, "ROWS", 1000)
    assert (quantisation.encode(matrix, "int8")["matrix"] == codes["matrix"]).all()


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("fp16", 2), ("int8", 1)])
def test_the_folder_keeps_the_dtype_and_reading_gives_float32(dtype, size, tmp_path):
    vectors = make(200, 50)
    vectors.save(tmp_path / "v", dtype=dtype)
    arrays, meta = files.load(tmp_path / "v", "vectors")
    assert (arrays["matrix"].dtype.itemsize, meta["dtype"]) == (size, dtype)
    again = Vectors.load(tmp_path / "v")
    assert again.matrix.dtype == np.float32
    assert again.vocab == vectors.vocab
    np.testing.assert_allclose(again.matrix, vectors.matrix, atol={4: 0, 2: 2e-3, 1: 2e-2}[size])
    assert len(Vectors.load(tmp_path / "v", limit=3)) == 3
    again.save(tmp_path / "w", dtype=dtype)  # what was rounded once does not change again
    assert (Vectors.load(tmp_path / "w").matrix == again.matrix).all()


@pytest.mark.parametrize(
    "change",
    [
        {"scales": None},
        {"scales": np.ones(3, np.float32)},
        {"scales": np.full(4, np.nan, np.float32)},
        {"scales": np.full(4, -1, np.float32)},
        {"scales": np.ones(4, np.float64)},
        {"scales": np.full(4, 3e38, np.float32)},
        {"matrix": np.full((4, 2), -128, np.int8)},
        {"matrix": np.ones((4, 2), np.float16)},
        {"matrix": np.ones((4, 2), np.int32)},
        {"matrix": np.ones(4, np.int8)},
        {"matrix": np.ones((3, 2), np.int8)},
    ],
    ids=str,
)
def test_arrays_that_nobody_wrote_are_refused(change, tmp_path):
    vectors = make(4, 2)
    arrays = {**quantisation.encode(vectors.matrix, "int8"), **vectors.vocab.to_arrays()} | change
    crafted.save(
        tmp_path / "v",
        "vectors",
        {name: array for name, array in arrays.items() if array is not None},
        {"words": 4, "dim": 2, "dtype": "int8"},
    )
    with pytest.raises(ModelFileError, match="the vectors are not whole|scales: got nan at place 0"):
        Vectors.load(tmp_path / "v")


def test_numbers_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(FormatError, match="1e\\+06 is a number that fp16 cannot hold"):
        Vectors(Vocab(["a"], [0]), np.array([[1e6]], np.float32)).save(tmp_path / "v", dtype="fp16")
    with pytest.raises(
        OptionError, match="got 'int4', expected one of float32, fp16, int8. Did you mean 'int8'"
    ):
        make().save(tmp_path / "v", dtype="int4")
    assert list(tmp_path.iterdir()) == []


def test_what_changed_is_measured(tmp_path):
    before = make(300, 30)
    after = Vectors(before.vocab, quantisation.decode(quantisation.encode(before.matrix, "int8")))
    (tmp_path / "s.txt").write_text("w1 w2 9\nw3 w4 5\nw5 w6 1\n")
    error, kept, test = compare(before, after, similarities=[tmp_path / "s.txt"])
    assert 0 < error.after.value < 0.02
    assert 0.9 < kept.after.value < 1
    assert (kept.after.count, kept.after.signature["neighbours"]) == (300, 10)
    assert test.before.count == test.after.count == 3
    assert [change.after.value for change in compare(before, before)] == [0.0, 1.0]
    with pytest.raises(OptionError, match="expected the same words"):
        compare(before, make(299, 30))


def test_command_tells_what_was_lost(tmp_path):
    make(100, 10).save(tmp_path / "v")
    done = run("embed", "quantise", "v", "--to", "fp16", "--out", "w", "--json", cwd=tmp_path)
    assert [row["name"] for row in json.loads(done.stdout)] == ["relative error", "neighbours kept"]


def test_glove_in_a_quarter_of_the_bytes_answers_as_before(data):
    before = Vectors.load(data("embeddings/glove.6B.50d.top2446.txt.gz"))
    after = Vectors(before.vocab, quantisation.decode(quantisation.encode(before.matrix, "int8")))
    changes = {c.name: c for c in compare(before, after, [data("analogy/questions-words.txt")])}
    assert changes["neighbours kept"].after.value > 0.95
    assert abs(changes["total"].before.value - changes["total"].after.value) < 0.01
