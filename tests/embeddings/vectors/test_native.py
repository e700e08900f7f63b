"""seqkit's own format of vectors, and how a format is told by its first bytes."""

import re

import crafted
import numpy as np
import pytest

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError
from seqkit.core.files import stored
from seqkit.embeddings.vectors import quantisation
from seqkit.embeddings.vectors.files import Reading, formats
from seqkit.embeddings.vectors.formats._layout import HEAD, layout
from seqkit.embeddings.vectors.formats.fasttext_binary import FastTextBinary
from seqkit.embeddings.vectors.formats.native import Native
from seqkit.embeddings.vectors.ngrams import NgramTable
from seqkit.embeddings.vectors.subword import SubwordContents
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

VOCAB = Vocab(["a", "b c", "é"], [3, 2, 1])
MATRIX = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
TABLE = np.random.default_rng(1).normal(size=(3 + 5, 4)).astype(np.float32)


def subwords(min_n=2, max_n=3, buckets=5):
    return SubwordContents(VOCAB, MATRIX, NgramTable(TABLE, min_n, max_n, buckets))


@pytest.mark.parametrize("dtype", ["float32", "fp16", "int8"])
def test_vectors_with_and_without_n_grams_come_back(tmp_path, dtype):
    contents = subwords()
    Native.save(contents, tmp_path / "n", dtype=dtype)
    arrays, meta = files.load(tmp_path / "n", "vectors")
    assert meta == {
        "words": 3,
        "dim": 4,
        "dtype": dtype,
        "subwords": {"min_n": 2, "max_n": 3, "buckets": 5},
    }
    assert arrays["table.matrix"].dtype == arrays["matrix"].dtype == quantisation.DTYPES[dtype]
    found = formats.load("native").load(tmp_path / "n", Reading())
    ngrams = found.ngrams
    assert (ngrams.min_n, ngrams.max_n, ngrams.buckets) == (2, 3, 5)
    for got, made in ((ngrams.table, TABLE), (found.matrix, MATRIX)):
        np.testing.assert_array_equal(got, quantisation.decode(quantisation.encode(made, dtype)))
    assert (found.vocab.tokens, found.vocab.counts.tolist()) == (["a", "b c", "é"], [3, 2, 1])
    Vectors(VOCAB, MATRIX).save(tmp_path / "v", dtype=dtype)
    arrays, meta = files.load(tmp_path / "v", "vectors")
    assert meta == {"words": 3, "dim": 4, "dtype": dtype}
    for limit in (None, 1, 3, 9):
        first = Vectors.load(tmp_path / "v", limit=limit)
        assert first.vocab.tokens == VOCAB.tokens[:limit]
        np.testing.assert_array_equal(first.matrix, found.matrix[:limit])


def test_arrays_are_written_as_float32_unless_told(tmp_path):
    Native.write(tmp_path / "v", VOCAB.to_arrays(), {"matrix": MATRIX})
    assert files.load(tmp_path / "v", "vectors")[1] == {"words": 3, "dim": 4, "dtype": "float32"}


def test_first_rows_of_vectors_with_n_grams_have_none(tmp_path):
    Native.save(subwords(), tmp_path / "n")
    found = Native.load(tmp_path / "n", Reading(limit=2))
    assert (found.vocab.tokens, hasattr(found, "ngrams")) == (["a", "b c"], False)


@pytest.mark.parametrize(
    ("min_n", "max_n", "buckets"), [(0, 0, 5), (3, 3, 5), (1, 3, 5), (0, 1, 5), (4, 0, 5)]
)
def test_n_grams_of_any_length_are_read(tmp_path, min_n, max_n, buckets):
    Native.save(subwords(min_n, max_n, buckets), tmp_path / "n")
    ngrams = Native.load(tmp_path / "n", Reading()).ngrams
    assert (ngrams.min_n, ngrams.max_n, ngrams.buckets) == (min_n, max_n, buckets)


ARRAYS = {
    **VOCAB.to_arrays(),
    "matrix": MATRIX,
    "table.matrix": TABLE,
}
SUBWORDS = {"min_n": 2, "max_n": 3, "buckets": 5}
META = {"words": 3, "dim": 4, "dtype": "float32", "subwords": SUBWORDS}


@pytest.mark.parametrize(
    ("arrays", "meta", "told"),
    [
        ({"matrix": None}, {}, "matrix: got no such array, expected one."),
        ({"matrix": MATRIX.T.copy()}, {}, "matrix: got shape (4, 3) of float32, expected (3, 4) of float32."),
        (
            {"matrix": MATRIX.astype(float)},
            {},
            "matrix: got shape (3, 4) of float64, expected (3, 4) of float32.",
        ),
        ({}, {"dtype": "fp16"}, "matrix: got shape (3, 4) of float32, expected (3, 4) of float16."),
        ({}, {"words": 2}, "matrix: got shape (3, 4) of float32, expected (2, 4) of float32."),
        ({}, {"subwords": None}, "got table.matrix, expected settings of its n-grams beside it"),
        ({}, {"subwords": SUBWORDS | {"min_n": 4}}, "got n-grams of 4 to 3 characters"),
        ({}, {"subwords": SUBWORDS | {"max_n": 1}}, "got n-grams of 2 to 1 characters"),
        (
            {},
            {"subwords": SUBWORDS | {"buckets": 6}},
            "matrix: got shape (8, 4) of float32, expected (9, 4) of float32.",
        ),
        ({"table.matrix": None}, {}, "matrix: got no such array, expected one."),
        (
            {"table.matrix": TABLE[:, :3].copy()},
            {},
            "matrix: got shape (8, 3) of float32, expected (8, 4) of float32.",
        ),
        ({"counts": np.array([1, 2, -3])}, {}, ""),
    ],
)
def test_folder_that_is_not_whole_is_refused(tmp_path, arrays, meta, told):
    given = {name: array for name, array in (ARRAYS | arrays).items() if array is not None}
    settings = {name: value for name, value in (META | meta).items() if value is not None}
    files.save(tmp_path / "v", "vectors", given, settings)
    with pytest.raises(ModelFileError) as error:
        Native.load(tmp_path / "v", Reading())
    assert str(error.value).startswith(f"{tmp_path / 'v'}: the vectors are not whole ({told}")
    assert str(error.value).endswith(").")


def test_folder_that_is_no_vectors_is_refused(tmp_path):
    files.save(tmp_path / "v", "vectors", ARRAYS, META | {"dtype": "int4"})
    with pytest.raises(
        ModelFileError, match="meta: got 'int4' as dtype, expected one of float32, fp16, int8"
    ):
        Native.load(tmp_path / "v", Reading())
    files.save(tmp_path / "c", "corpus", ARRAYS, META)
    with pytest.raises(ModelFileError, match="holds corpus, expected vectors"):
        Native.load(tmp_path / "c", Reading())


@pytest.mark.parametrize(
    ("dtype", "name", "early"),
    [
        ("int8", "matrix", True),
        ("int8", "scales", True),
        ("int8", "table.matrix", True),
        ("fp16", "matrix", True),
        ("float32", "matrix", False),
    ],
)
def test_codes_of_a_large_file_are_compared_when_it_is_opened(tmp_path, monkeypatch, dtype, name, early):
    for module, what in ((files, "VERIFY_BELOW"), (files, "READ_AT_ONCE"), (stored, "BLOCK")):
        monkeypatch.setattr(module, what, 4)
    Native.save(subwords(), tmp_path / "n", dtype=dtype)
    arrays, _ = files.load(tmp_path / "n", "vectors")
    manifest = crafted.manifest(tmp_path / "n")
    at = (tmp_path / "n" / manifest["arrays"]).read_bytes().index(arrays[name].tobytes())
    manifest["blocks"]["crc32"][at // 4] ^= 1
    crafted.reseal(tmp_path / "n", manifest)
    with pytest.raises(ModelFileError, match="do not match their checksum"):
        found = Native.load(tmp_path / "n", Reading())
        assert not early
        files.check(found.matrix)


def test_format_is_asked_in_the_order_of_how_sure_it_is(tmp_path):
    names = sorted(formats.names(), key=lambda name: formats.load(name).priority)
    assert names == ["native", "fasttext", "fasttext-binary", "glove", "word2vec", "word2vec-binary"]
    (tmp_path / "folder").mkdir()
    assert Native.matches(b"", tmp_path / "folder")
    assert not Native.matches(b"", tmp_path / "nothing")
    assert FastTextBinary.matches(b"\xba\x16\x4f\x2f rest", tmp_path)
    assert not FastTextBinary.matches(b"\xba\x16\x4f", tmp_path)


FLOATS = np.array([1.5, -0.25], "<f4").tobytes()  # holds a zero byte, so it is no text


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"", None),
        (b"2 2", None),  # a header alone is none: a binary of that size has no rows yet
        (b"2 2\n", "text"),
        (b"a 1 2\nb 3 4\n", None),
        (b"\n2 2\n", None),
        (b"\xef\xbb\xbf2 2\na 1 2\n", "text"),
        (b"2 2\na 1 2\nb 3 4\n", "text"),
        (b"2 2\r\na 1 2\r\nb 3 4\r\n", "text"),
        (b"2 2\na " + FLOATS + b"\n", "binary"),
        (
            b"2 2\n\xc3\xa9\t1,5 2\n",
            "text",
        ),  # characters, though not numbers: who reads it says what is wrong
        (b"2 2\n\xff\xfe 1 2\n", "text"),  # a word that is not UTF-8 beside numbers
        (b"2 2\n\xff\xfe 1 x\n", "binary"),
        (b"2 2\n\xff\xfe 1 2 \r\n", "text"),
        (b"2 2\n\xff\xfe 1\n", "binary"),
        (b"2 2\n\xff 1 2\t\n", "binary"),
        (b"2 2\n\xff 1 2X\n", "binary"),
        (b"2 2\n\xff 1\t2\n", "binary"),
        (b"2 2\n\xff x 2\n", "binary"),
        (b"2 2\n\xff\xfe a 1 2\n", "text"),  # the word holds a space
        (b"2 2\n\xff 1 nan\n\xff -inf +Infinity\n", "text"),
        (b"2 2\n\xff 1 2\n\n\xff 3 4\n", "text"),
        (b"2 2\n\xff 1 2\n\xff 3\n", "binary"),
        (b"2 2\n\x00 1 2\n\x01 3 4\n", "text"),
        (b"2 2\na 1 2\nb\xc3", "text"),  # half a character at the end of the head
        (b"2 2\nab \xe6\x97", "text"),
        (b"2 2\nab \xf0\x9f\x98", "text"),
        (b"2 2\nab \xc3x", "binary"),
        (b"2 2\nab \xf0\x9f\x98x", "binary"),
        (b"2 2\nab \xff", "binary"),
    ],
)
def test_what_follows_a_header_is_told_from_its_bytes(tmp_path, head, found):
    assert layout(head, tmp_path) == found


@pytest.mark.parametrize("more", range(-20, 21))
def test_line_that_a_long_head_cuts_does_not_count(tmp_path, more):
    line = b"\xff 1.25 -3e-5\n"
    rest = (line * HEAD)[: HEAD - 64 + more]
    whole = rest.split(b"\n")[-1] in (b"", b"\xff 1.25 -3", line[:-1])  # two numbers, though not all digits
    assert layout(b"9 2\n" + rest, tmp_path) == ("text" if more >= 0 or whole else "binary")


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        (b"\xff" + b" 1.5" * 20_000, "text"),  # one line longer than the head: its last number may be cut
        (b"\xff" + b" 1.5" * 16_384 + b" -", "text"),
        (b"\xff" + b" 1.5" * 9_000 + b" x" + b" 1.5" * 9_000, "binary"),
        (b"\xff" * 70_000, "binary"),
        (b"\xff " + b"1" * 70_000, "binary"),
    ],
)
def test_only_line_that_a_head_holds_may_be_cut_in_its_last_number(tmp_path, rest, found):
    assert layout((b"1 99999\n" + rest)[:HEAD], tmp_path) == found


@pytest.mark.parametrize(
    ("head", "glove"),
    [
        (b"the 1 2\n", True),
        (b"new york 1\n", True),
        (b"the 1 2 \r\nx", True),
        (b"\xef\xbb\xbfthe -1.5e3\n", True),
        (b"1 2 3\n", True),
        (b"the 1", True),
        (b"the\n1 2\n", False),
        (b"5 3\nthe 1 2 3\n", False),
        (b"\xef\xbb\xbf5 3\nthe 1 2 3\n", False),
        (b"X 1\n", True),
        (b"the 1 x\n", False),
        (b"the nan\n", False),
        (b"the " + b"1" * 64 + b"\n", True),
        (b"the " + b"1" * 64 + b"x\n", True),  # who reads it says what is wrong
        (b"the " + b"1" * 63 + b"x\n", False),
    ],
)
def test_glove_begins_with_a_word_and_numbers(tmp_path, head, glove):
    assert formats.load("glove").matches(head, tmp_path / "v") == glove


@pytest.mark.parametrize(
    ("name", "head", "fasttext"),
    [
        ("v.vec", b"1 2\na 1 2\n", True),
        ("v.vec.gz", b"1 2\na 1 2\n", True),
        ("v.txt", b"1 2\na 1 2\n", False),
        ("v.vec", b"a 1 2\n", False),
        ("v.vec", b"1 2\na " + FLOATS, False),
    ],
)
def test_fasttexts_text_is_told_by_its_name(tmp_path, name, head, fasttext):
    assert formats.load("fasttext").matches(head, tmp_path / name) == fasttext


@pytest.mark.parametrize("name", ["fasttext", "glove", "word2vec", "word2vec-binary"])
def test_header_of_no_numbers_is_told_with_its_file(tmp_path, name):
    path = tmp_path / "v.vec"
    with pytest.raises(FormatError, match=f"^{re.escape(str(path))}: line 1: got 0 numbers a vector"):
        formats.load(name).matches(b"1 0\na", path)
