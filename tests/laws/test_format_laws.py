"""Laws of every format of vectors, and every row of the table of what readers get silently wrong elsewhere."""

import gzip
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core.errors import FormatError, ModelFileError, OptionError
from seqkit.embeddings.vectors.files import formats
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

NAMES = formats.names()
FILES = [name for name in NAMES if name != "native"]
WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=" \n\r\t\0"), min_size=1, max_size=12
)


def make(words, dim=3, seed=0):
    bits = np.random.default_rng(seed).integers(0, 2**32, (len(words), dim), dtype=np.uint32)
    matrix = bits.view(np.float32)
    return Vectors(
        Vocab(list(words), [0] * len(words)), np.where(np.isfinite(matrix), matrix, 1.5).astype(np.float32)
    )


def path_of(folder, name):
    return folder / ("v.vec" if name == "fasttext" else "v")


@pytest.mark.parametrize("name", NAMES)
@given(words=st.lists(WORDS, unique=True, min_size=1, max_size=8), seed=st.integers(0, 99))
def test_law_any_word_and_any_float_come_back_exactly(name, words, seed, tmp_path_factory):
    path = path_of(tmp_path_factory.mktemp("f"), name)
    vectors = make(words, seed=seed)
    vectors.save(path, name)
    again = Vectors.load(path, name)
    assert again.vocab.tokens == vectors.vocab.tokens
    assert again.matrix.tobytes() == vectors.matrix.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_law_format_is_told_by_content(name, tmp_path):
    path = path_of(tmp_path, name)
    make(["a", "é", "42", "1.5"], dim=5).save(path, name)
    assert Vectors.load(path).vocab.tokens == ["a", "é", "42", "1.5"]


def test_law_no_two_formats_have_the_same_priority():
    assert len({formats.load(name).priority for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", FILES)
def test_law_compressed_files_read_the_same(name, tmp_path):
    path = path_of(tmp_path, name)
    make(["a", "b"]).save(path, name)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert Vectors.load(path, name).vocab.tokens == ["a", "b"]


@pytest.mark.parametrize("name", FILES)
def test_law_file_cut_anywhere_is_an_error_or_whole_lines_of_glove(name, tmp_path):
    path = path_of(tmp_path, name)
    vectors = make(["aa", "bb", "cc"])
    vectors.save(path, name)
    whole = path.read_bytes()
    for size in range(len(whole) - 2):
        path.write_bytes(whole[:size])
        try:
            got = Vectors.load(path, name)
        except FormatError:
            continue
        last = name in (
            "glove",
            "word2vec-binary",
        )  # no count, or only the line end after the last vector is gone
        assert last or size > len(whole) - 15  # within the digits of the last number nothing can be known
        assert got.vocab.tokens == vectors.vocab.tokens[: len(got)]


def test_native_notices_any_flipped_byte(tmp_path):
    make(["a", "b"]).save(tmp_path / "v")
    for path in sorted((tmp_path / "v").iterdir()):
        whole = path.read_bytes()
        for at in range(0, len(whole), 5):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises(ModelFileError):
                Vectors.load(tmp_path / "v").vocab.tokens  # noqa: B018
        path.write_bytes(whole)


def binary(header, *rows, end=b"\n"):
    return header + b"\n" + b"".join(w + b" " + np.array(v, "<f4").tobytes() + end for w, v in rows)


BAD = {  # name: (format, content, words of the error)
    "header says fewer rows": ("word2vec", b"1 2\na 1 2\nb 3 4\n", r"the header says 1 rows, the file has 2"),
    "header says more rows": ("word2vec", b"3 2\na 1 2\nb 3 4\n", r"the header says 3 rows, the file has 2"),
    "nan": ("word2vec", b"2 2\na 1 2\nb nan 4\n", r"line 3 holds nan, which is not a finite number"),
    "inf": ("glove", b"a 1 2\nb 3 -inf\n", r"line 2 holds -inf"),
    "overflow": (
        "glove",
        b"a 1 2\nb 1e400 2\n",
        r"line 2: the vector of 'b' holds nan, inf or a number beyond float32",
    ),
    "underscore in number": ("glove", b"a 1 2\nb 1_0 2\n", r"line 2 holds b'1_0' where a number is expected"),
    "unicode digits": ("glove", "a 1 2\nb ٣ 2\n".encode(), r"line 2 holds .* where a number is expected"),
    "one number short": ("glove", b"a 1 2\nb 1\n", r"line 2 has 1 numbers, expected 2"),
    "one number too many": ("word2vec", b"2 2\na 1 2 3\nb 1 2 3\n", r"line 2 has 3 numbers, expected 2"),
    "no numbers": ("glove", b"a\n", r"line 1 holds no numbers"),
    "dimension 0": ("word2vec", b"2 0\na\nb\n", r"line 1: got 0 numbers a vector"),
    "huge header": (
        "word2vec-binary",
        b"999999999999 300\nabc",
        r"999,999,999,999 rows of 300 numbers, which \d+ bytes cannot hold",
    ),
    "huge dimension": ("word2vec-binary", b"1 99999999999\nabc", r"99,999,999,999 numbers a vector"),
    "negative header": ("word2vec", b"-1 2\na 1 2\n", r"expected a header of two numbers"),
    "binary with extra bytes": (
        "word2vec-binary",
        binary(b"1 2", (b"a", [1, 2])) + b"xx",
        r"more bytes follow the 1 rows",
    ),
    "binary cut short": (
        "word2vec-binary",
        binary(b"1 2", (b"a", [1, 2]))[:-4],
        r"cannot hold|the file ends in row 1",
    ),
    "binary nan": (
        "word2vec-binary",
        binary(b"1 2", (b"a", [1, float("nan")])),
        r"row 1: the vector of 'a' holds nan",
    ),
    "NUL in word": ("glove", b"a 1 2\nb\0c 3 4\n", r"line 2: a NUL byte in word"),
    "no word": ("glove", b"a 1 2\n 3 4\n", r"line 2: no word"),
    "bad UTF-8": ("glove", b"a 1 2\nb\xff 3 4\n", r"line 2: byte 1 of the word b'b\\xff' is not valid UTF-8"),
    "text read as binary": (
        "word2vec-binary",
        b"2 2\na 1 2\nb 3 4\n",
        r"cannot hold|cut short|follow|UTF-8|nan|row",
    ),
    "binary read as text": (
        "word2vec",
        binary(b"1 9", (b"a", [1.5] * 9)),
        r"is expected|the header says|UTF-8|numbers",
    ),
    "glove read as word2vec": (
        "word2vec",
        b"the 0.1 0.2\n",
        r"expected a header of two numbers. Without one it is the glove format",
    ),
    "empty": (None, b"", r"is empty"),
    "empty line first": ("glove", b"\n", r"line 1 is empty"),
    "pickle": (None, b"\x80\x04\x95", r"looks like a pickle, zip or numpy file, which can run code"),
    "zip": (None, b"PK\x03\x04", r"is a zip that cannot be read"),
    "junk": (None, b"\x01\x02\x03", r"none of the formats"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_file_gets_one_sentence_with_its_place(case, tmp_path):
    name, content, message = BAD[case]
    path = tmp_path / "v"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message) as caught:
        Vectors.load(path, name)
    assert str(path) in str(caught.value)


def test_file_of_a_stranger_is_refused_by_its_name_too(tmp_path):
    path = tmp_path / "model.kv"
    path.write_bytes(b"a 1 2\n")
    with pytest.raises(FormatError, match="never opened here"):
        Vectors.load(path)


@pytest.mark.parametrize(
    ("content", "settings", "tokens", "warning"),
    [
        (b"1 2\na 1 2\nb 3 4\n", {"lenient": True}, ["a", "b"], None),
        (b"9 2\na 1 2\n", {"lenient": True}, ["a"], None),
        (b"3 2\na 1 2\nb 3 4\na 5 6\n", {}, ["a", "b"], r"1 duplicate words, the first kept \('a'"),
        (b"2 2\na 1 2\nb 1e39 4\n", {"drop_nonfinite": True}, ["a"], "1 rows with nan or inf left out"),
        (
            b"2 2\na 1 2\nb\xff 3 4\n",
            {"errors": "replace"},
            ["a", "b\ufffd"],
            "1 words with invalid UTF-8 changed",
        ),
        (b"2 2\na 1 2 \r\nb 3 4 \r\n", {}, ["a", "b"], None),
        (b"\xef\xbb\xbf2 2\na 1 2\nb 3 4\n", {}, ["a", "b"], None),
        (b"2 2\na 1 2\nb 3 4", {"lenient": True}, ["a", "b"], None),
        (b"3 2\na 1 2\nb 3 4\nc 5 6\n", {"limit": 2}, ["a", "b"], None),
    ],
)
def test_what_may_be_accepted_is_accepted_when_asked_and_reported(
    content, settings, tokens, warning, tmp_path
):
    path = tmp_path / "v"
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if warning:
            with pytest.warns(UserWarning, match=warning):
                vectors = Vectors.load(path, "word2vec", **settings)
        else:
            vectors = Vectors.load(path, "word2vec", **settings)
    assert vectors.vocab.tokens == tokens
    assert len(vectors) == len(tokens)


def test_duplicate_word_keeps_the_first_row_and_no_phantom(tmp_path):
    (tmp_path / "v").write_bytes(b"a 1 2\nb 3 4\na 5 6\n")
    with pytest.warns(UserWarning, match="duplicate"):
        vectors = Vectors.load(tmp_path / "v")
    assert vectors.matrix.tolist() == [[1, 2], [3, 4]]


def test_words_with_spaces_of_glove_are_read_from_the_right(tmp_path):
    (tmp_path / "v").write_bytes(
        ". . . 1 2\na 3 4\nat name@domain.com 5 6\n".replace(". . . 1", "a 3 4\n. . . 1").encode()
    )
    with pytest.warns(UserWarning, match="duplicate"):
        assert Vectors.load(tmp_path / "v", "glove").vocab.tokens == ["a", ". . .", "at name@domain.com"]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_binary_with_or_without_line_ends(end, tmp_path):
    (tmp_path / "v").write_bytes(binary(b"2 2", (b"a", [1, 2]), ("é".encode(), [3, 4]), end=end))
    vectors = Vectors.load(tmp_path / "v")
    assert vectors.vocab.tokens == ["a", "é"]
    assert vectors.matrix.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("word", ["new york", "\nstart", "tab\tbed", "", "nul\0", "\udc80", "cr\r"])
def test_word_that_would_not_come_back_is_refused_and_nothing_is_written(name, word, tmp_path):
    vectors = Vectors(Vocab(["ok", word], [0, 0]), np.ones((2, 2), np.float32))
    with pytest.raises(
        FormatError, match=r'Save as "native", or put another character for spaces with space_as'
    ):
        vectors.save(tmp_path / "v", name)
    assert list(tmp_path.iterdir()) == []


def test_space_may_be_written_as_another_character_unless_words_clash(tmp_path):
    vectors = Vectors(Vocab(["new york", "a_b"], [0, 0]), np.ones((2, 2), np.float32))
    vectors.save(tmp_path / "v", "word2vec", space_as="_")
    assert Vectors.load(tmp_path / "v").vocab.tokens == ["new_york", "a_b"]
    with pytest.raises(FormatError, match="two words become one"):
        Vectors(Vocab(["a b", "a_b"], [0, 0]), np.ones((2, 2), np.float32)).save(
            tmp_path / "w", "glove", space_as="_"
        )


def test_nan_is_never_saved(tmp_path):
    vectors = Vectors(Vocab(["a"], [0]), np.array([[np.nan]], np.float32))
    for name in NAMES:
        with pytest.raises(FormatError, match="the vector of 'a' holds nan or inf"):
            vectors.save(tmp_path / "v", name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["word2vec", "glove"])
def test_last_number_that_may_be_cut_is_refused(tmp_path, form):
    path = tmp_path / "v"
    make(["a", "b"], dim=3).save(path, form)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(FormatError, match=r"line \d has no line end, so its last number may be cut"):
        Vectors.load(path)
    assert len(Vectors.load(path, lenient=True)) == 2


def test_first_word_that_a_reader_would_change_is_not_written(tmp_path):
    marked = make(["\ufeffa", "b"])
    with pytest.raises(FormatError, match="byte-order mark, which would be lost"):
        marked.save(tmp_path / "v", "glove")
    for form in ("word2vec", "word2vec-binary", "native"):
        marked.save(tmp_path / form, form)
        assert Vectors.load(tmp_path / form).vocab.tokens == ["\ufeffa", "b"]


@pytest.mark.parametrize("seed", range(200))
def test_law_binary_of_any_numbers_is_told_from_text(seed):
    from seqkit.embeddings.vectors.formats._layout import layout

    random = np.random.default_rng(seed)
    rows, dim = random.integers(2, 9, 2)
    matrix = random.normal(0, 10.0 ** random.integers(-6, 6), (rows, dim)).astype("<f4")
    words = [f"w{i}" + "é" * (i % 2) for i in range(rows)]
    lines = list(zip(words, matrix, strict=True))
    end = b"\n" * int(random.integers(2))
    head = f"{rows} {dim}\n".encode()
    binary = head + b"".join(word.encode() + b" " + row.tobytes() + end for word, row in lines)
    text = head + "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in lines).encode()
    commas = text.replace(b".", b",")
    assert [layout(x, None) for x in (binary, text, commas)] == ["binary", "text", "text"]


def test_unknown_format_and_setting_are_named(tmp_path):
    with pytest.raises(OptionError, match="unknown format 'golve'; known: .*Did you mean 'glove'"):
        make(["a"]).save(tmp_path / "v", "golve")
    with pytest.raises(FormatError, match="no such file or folder"):
        Vectors.load(tmp_path / "nothing")


def test_large_text_goes_through_the_compiled_parser_to_the_same_numbers(tmp_path, monkeypatch):
    from seqkit.embeddings.vectors.formats import _text

    vectors = make([f"w{i}" for i in range(500)], dim=20)
    vectors.save(tmp_path / "v", "word2vec")
    monkeypatch.setattr(_text, "COMPILE_FROM", 0)
    monkeypatch.setattr(_text, "BLOCK", 1000)
    assert Vectors.load(tmp_path / "v").matrix.tobytes() == vectors.matrix.tobytes()


def test_gensim_and_we_read_each_others_files(tmp_path):
    gensim = pytest.importorskip("gensim.models")
    vectors = make(["a", "é", "c"], dim=4)
    for name, is_binary in (("word2vec", False), ("word2vec-binary", True)):
        vectors.save(tmp_path / name, name)
        theirs = gensim.KeyedVectors.load_word2vec_format(str(tmp_path / name), binary=is_binary)
        assert theirs.index_to_key == vectors.vocab.tokens
        np.testing.assert_array_equal(theirs.vectors, vectors.matrix)
        theirs.save_word2vec_format(str(tmp_path / "back"), binary=is_binary)
        again = Vectors.load(tmp_path / "back")
        np.testing.assert_allclose(again.matrix, vectors.matrix, rtol=1e-6)
