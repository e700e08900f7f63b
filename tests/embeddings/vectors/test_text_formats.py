"""Text formats of vectors against a plain reader, in blocks of any size; what is wrong is told to the letter."""

import gzip
import warnings

import numpy as np
import pytest
from refusing import refused

from seqkit.core.errors import FormatError
from seqkit.embeddings.vectors.files import Reading, formats
from seqkit.embeddings.vectors.formats import _text
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

LINES = [b"a 1 2.5 -3", b"new york 0 1e-3 +4.", b"\xc3\xa9 .5 7 8", b"1 2 3 4", b"long" * 9 + b" 5 6 7"]
ROWS = [[1, 2.5, -3], [0, 1e-3, 4], [0.5, 7, 8], [2, 3, 4], [5, 6, 7]]
WORDS = ["a", "new york", "é", "1", "long" * 9]


@pytest.mark.parametrize("name", ["word2vec", "glove"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b" \n", b" \r\n"])
@pytest.mark.parametrize("block", [12, 30, 1000])
@pytest.mark.parametrize("compiled", [False, True])
def test_rows_are_read_as_written_whatever_ends_a_line_or_a_block(
    tmp_path, monkeypatch, name, end, block, compiled
):
    monkeypatch.setattr(_text, "BLOCK", block)
    monkeypatch.setattr(_text, "COMPILE_FROM", 0 if compiled else 1 << 30)
    head = b"5 3" + end if name == "word2vec" else b""
    path = tmp_path / "v"
    for limit in (None, 1, 2, 4, 5, 9):
        for bom, pack in ((b"", bytes), (b"\xef\xbb\xbf", bytes), (b"", gzip.compress)):
            path.write_bytes(pack(bom + head + end.join([*LINES, b""])))
            found = Vectors.load(path, name, limit=limit)
            assert found.vocab.tokens == WORDS[:limit]
            np.testing.assert_array_equal(found.matrix, np.array(ROWS[:limit], np.float32))
            assert not found.vocab.counts.any()
            assert formats.load(name).load(path, Reading(limit=limit)).matrix.dtype == np.float32


@pytest.mark.parametrize("block", [16, 1000])
@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"b 1 2", "has 2 numbers, expected 3. The file may be cut short; check its size."),
        (b"b", "has 0 numbers, expected 3. The file may be cut short; check its size."),
        (b"X 1 2", "has 2 numbers, expected 3. The file may be cut short; check its size."),
        (
            b"b 1 2\t",
            "has 2 numbers, expected 3. The file may be cut short; check its size.",
        ),
        (
            b"b 1 +NaN 3",
            "holds +NaN, which is not a finite number. Correct the file, or pass drop_nonfinite=True.",
        ),
        (
            b"b 1 -inf 3",
            "holds -inf, which is not a finite number. Correct the file, or pass drop_nonfinite=True.",
        ),
        (
            b"b 1 2 Infinity",
            "holds Infinity, which is not a finite number. Correct the file, or pass drop_nonfinite=True.",
        ),
        (
            b"b x 2 y",
            "holds b'y' where a number is expected. If the file is binary, use format=\"word2vec-binary\".",
        ),
        (
            b"b 1 " + b"y" * 41 + b" 3",
            f"holds b'{'y' * 40}' where a number is expected. If the file is binary, use "
            'format="word2vec-binary".',
        ),
    ],
)
def test_line_that_is_wrong_is_told_with_its_number(tmp_path, monkeypatch, block, line, told):
    monkeypatch.setattr(_text, "BLOCK", block)
    lines = [b"a 1 2 3", line, b"c 1 2 3", b""]
    assert refused(tmp_path / "v", b"\n".join(lines), "glove") == f"line 2 {told}"
    assert refused(tmp_path / "v", b"\r\n".join([b"3 3", *lines]), "word2vec") == f"line 3 {told}"
    if block == 1000:
        cut = b"\n".join([b"2 3", b"a 1 2 3", line])
        assert refused(tmp_path / "v", cut, "word2vec").startswith(f"line 3 {told}")


@pytest.mark.parametrize("block", [16, 1000])
def test_last_line_without_an_end_is_told_or_taken_if_asked(tmp_path, monkeypatch, block):
    monkeypatch.setattr(_text, "BLOCK", block)
    told = "has no line end, so its last number may be cut. Get the file again, add a line end, or pass lenient=True."
    whole = b"a 1 2 3\nb 4 5 6"
    assert refused(tmp_path / "v", whole, "glove") == f"line 2 {told}"
    found = Vectors.load(tmp_path / "v", "glove", lenient=True)
    assert (found.vocab.tokens, found.matrix.tolist()) == (["a", "b"], [[1, 2, 3], [4, 5, 6]])
    assert refused(tmp_path / "v", b"2 3\n" + whole, "word2vec") == f"line 3 {told}"
    assert refused(tmp_path / "v", b"a 1 2 3", "glove") == f"line 1 {told}"
    assert len(Vectors.load(tmp_path / "v", "glove", lenient=True)) == 1


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (1, "the header says 1 rows, the file has 2. Get it again, or pass lenient=True."),
        (3000, "the header says 3,000 rows, the file has 2. Get it again, or pass lenient=True."),
    ],
)
def test_header_must_say_the_rows(tmp_path, rows, told):
    content = b"%d 1\na 1\nb 2\n" % rows
    assert refused(tmp_path / "v", content, "word2vec") == told
    assert Vectors.load(tmp_path / "v", "word2vec", lenient=True).vocab.tokens == ["a", "b"]
    assert Vectors.load(tmp_path / "v", "word2vec", limit=1).vocab.tokens == ["a"]
    if rows > 2:
        assert refused(tmp_path / "v", content, "word2vec", limit=7) == told


@pytest.mark.parametrize("block", [4, 1000])
def test_rows_beyond_the_header_are_found_and_those_beyond_the_limit_not_read(tmp_path, monkeypatch, block):
    monkeypatch.setattr(_text, "BLOCK", block)
    told = "the header says 1 rows, the file has 2. Get it again, or pass lenient=True."
    assert refused(tmp_path / "v", b"1 1\na 1\nb 2\n", "word2vec") == told
    (tmp_path / "v").write_bytes(b"a 1\nb 2\nc 3\n" + b"d x\n")
    if block == 4:
        assert Vectors.load(tmp_path / "v", "glove", limit=1).vocab.tokens == ["a"]
    assert refused(tmp_path / "v", b"a 1\nb 2\nc 3\nd x\n", "glove").startswith("line 4 holds b'x'")


def test_single_line_and_a_first_line_like_a_header_are_rows_of_glove(tmp_path):
    (tmp_path / "v").write_bytes(b"a 1 2 3\n")
    assert Vectors.load(tmp_path / "v", "glove").matrix.tolist() == [[1, 2, 3]]
    (tmp_path / "v").write_bytes(b"5 3\n6 4\n")
    found = Vectors.load(tmp_path / "v", "glove")
    assert (found.vocab.tokens, found.matrix.tolist()) == (["5", "6"], [[3], [4]])
    told = refused(tmp_path / "v", b"x 1 2\na b 1 2 3\n", "glove")
    assert told.startswith("line 2 holds b'b' where a number is expected.")


@pytest.mark.parametrize(("length", "fits"), [(40, True), (45, True), (55, False)])
def test_line_may_be_as_long_as_four_blocks(tmp_path, monkeypatch, length, fits):
    monkeypatch.setattr(_text, "BLOCK", 10)
    content = b"a 1\n" + b"c" * (length - 2) + b" 1\n"
    if fits:
        (tmp_path / "v").write_bytes(content)
        assert len(Vectors.load(tmp_path / "v", "glove")) == 2
    else:
        assert "is longer than 40 bytes" in refused(tmp_path / "v", content, "glove")


@pytest.mark.parametrize("first", [b"the 0.1 0.2", b"-1 2", b"2", b"1 2 3", b"1.5 2", b"1" * 19 + b" 2"])
def test_first_line_that_is_no_header_is_told(tmp_path, first):
    told = "expected a header of two numbers. Without one it is the glove format."
    line = first + b"\n"
    assert refused(tmp_path / "v", line + b"a 1 2\n", "word2vec") == f"line 1 is {line!r}, {told}"
    long = b"x" * 61
    assert refused(tmp_path / "v", long + b"\n", "word2vec") == f"line 1 is {long[:60]!r}, {told}"


@pytest.mark.parametrize(("size", "fits"), [(0, False), (1, True), (1_000_000, True), (1_000_001, False)])
def test_numbers_of_a_vector_are_1_to_a_million(tmp_path, size, fits):
    told = refused(tmp_path / "v", b"1 %d\na 1 2\n" % size, "word2vec")
    expected = f"line 1: got {size:,} numbers a vector, expected 1 to 1,000,000."
    assert (told == expected) == (not fits)


def test_no_rows_are_read_and_written(tmp_path):
    (tmp_path / "v").write_bytes(b"0 7\n")
    found = Vectors.load(tmp_path / "v", "word2vec")
    assert found.matrix.shape == (0, 7)
    found.save(tmp_path / "w", "word2vec")
    assert (tmp_path / "w").read_bytes() == b"0 7\n"
    assert refused(tmp_path / "v", b"a\n", "glove") == "line 1 holds no numbers."
    assert refused(tmp_path / "v", b"\r\n", "glove") == "line 1 is empty."
    assert refused(tmp_path / "v", b"\xef\xbb\xbf \n", "glove") == "line 1 is empty."


def test_line_of_a_file_that_is_no_text_is_not_read_without_end(tmp_path, monkeypatch):
    path, most = tmp_path / "v", 1 << 24
    told = "line 1 is longer than 16,777,216 bytes. Is it a text file?"
    assert refused(path, b"1" * (most + 1), "glove") == told
    assert refused(path, b"a" + b" 1" * ((most - 2) // 2) + b"\n", "word2vec").startswith("line 1 is b'a 1 1")
    monkeypatch.setattr(_text, "BLOCK", 10)
    assert (
        refused(path, b"a 1\nb 1\n" + b"c" * 60, "glove")
        == "line 3 is longer than 40 bytes. Is it a text file?"
    )


def test_a_million_bytes_or_more_are_parsed_by_compiled_code(tmp_path, monkeypatch):
    from seqkit.kernels.parse_floats import cpu, reference

    calls = []
    for module in (cpu, reference):
        parse = module.parse_rows
        monkeypatch.setattr(
            module, "parse_rows", lambda *all_, m=module, p=parse: calls.append(m.__name__[-3:]) or p(*all_)
        )
    (tmp_path / "v").write_bytes(b"a 1\nb 2\n")
    for least, used in ((8, "cpu"), (9, "nce")):
        monkeypatch.setattr(_text, "COMPILE_FROM", least)
        Vectors.load(tmp_path / "v", "glove")
        assert calls == [used]
        calls.clear()


@pytest.mark.parametrize("name", ["word2vec", "glove", "word2vec-binary"])
def test_what_is_left_out_or_changed_is_counted_over_all_blocks(tmp_path, monkeypatch, name):
    from seqkit.embeddings.vectors.formats import word2vec_binary

    monkeypatch.setattr(_text, "BLOCK", 12)
    monkeypatch.setattr(word2vec_binary, "BLOCK", 12)
    words = [b"a", b"b", b"a", b"\xff", b"c", b"b", b"\xff", b"d", b"a"]
    values = [1, 2, 3, 4, 1e39, 6, np.inf if name.endswith("binary") else 1e39, 8, 9]
    with np.errstate(over="ignore"):
        rows = np.array(values).astype("<f4")
    pairs = list(zip(words, rows, values, strict=True))
    if name.endswith("binary"):
        content = b"9 1\n" + b"".join(word + b" " + row.tobytes() for word, row, _ in pairs)
    else:
        content = (b"9 1\n" if name == "word2vec" else b"") + b"".join(w + b" %r\n" % v for w, _, v in pairs)
    for pack in (bytes, gzip.compress):
        path = tmp_path / "v"
        path.write_bytes(pack(content))
        with pytest.warns(UserWarning) as caught:
            found = Vectors.load(path, name, drop_nonfinite=True, errors="replace")
        assert str(caught[0].message) == (
            f"{path}: 3 duplicate words, the first kept ('a', …); 2 rows with nan or inf left out; 2 words with "
            "invalid UTF-8 changed."
        )
        assert (found.vocab.tokens, found.matrix.ravel().tolist()) == (
            ["a", "b", "\ufffd", "d"],
            [1, 2, 4, 8],
        )
        with pytest.raises(FormatError) as told:
            Vectors.load(path, name, errors="replace")
        unit = {"word2vec": "line 6", "glove": "line 5", "word2vec-binary": "row 5"}[name]
        assert str(told.value) == (
            f"{path}: {unit}: the vector of 'c' holds nan, inf or a number beyond float32. Correct the file, or "
            "pass drop_nonfinite=True."
        )
        with pytest.raises(FormatError) as told:
            Vectors.load(path, name)
        unit = {"word2vec": "line 5", "glove": "line 4", "word2vec-binary": "row 4"}[name]
        assert str(told.value) == (
            f"{path}: {unit}: byte 0 of the word b'\\xff' is not valid UTF-8. Correct the file, or pass "
            'errors="replace".'
        )


def test_word_that_is_none_is_told(tmp_path):
    told = "Is the file of this format?"
    assert refused(tmp_path / "v", b"a 1\n 2\n", "glove") == f"line 2: no word. {told}"
    assert refused(tmp_path / "v", b"a 1\nb\0c 2\n", "glove") == f"line 2: a NUL byte in word. {told}"
    long = b"\xc3" * 50
    assert f"byte 0 of the word {long[:40]!r} is" in refused(
        tmp_path / "v", b"a 1\n" + long + b" 2\n", "glove"
    )


def test_numbers_so_large_that_their_squares_overflow_are_kept(tmp_path):
    (tmp_path / "v").write_bytes(b"a 3e38 3e38\nb 1 2\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Vectors.load(tmp_path / "v", "glove").matrix.tolist() == [
            [float(np.float32(3e38))] * 2,
            [1, 2],
        ]


def test_text_is_written_to_the_letter(tmp_path):
    matrix = np.array([[1, -0.1, 1e-10], [3e38, 0, 7]], np.float32)
    vectors = Vectors(Vocab(["a", "new york"], [1, 1]), matrix)
    lines = "a 1.0 -0.1 1e-10\nnew_york 3e+38 0.0 7.0\n"
    vectors.save(tmp_path / "w", "word2vec", space_as="_")
    assert (tmp_path / "w").read_text() == "2 3\n" + lines
    vectors.save(tmp_path / "g", "glove", space_as="_")
    assert (tmp_path / "g").read_text() == lines
    with pytest.raises(FormatError) as told:
        Vectors(Vocab(["a b", "a_b"], [0, 0]), np.ones((2, 2), np.float32)).save(
            tmp_path / "x", space_as="_", format="glove"
        )
    assert str(told.value) == "save: with '_' for spaces two words become one. Choose another character."
    with pytest.raises(FormatError) as told:
        vectors.save(tmp_path / "x", "glove")
    assert str(told.value) == (
        "save: the word 'new york' cannot be told apart from what stands around it in this format. Save as "
        '"native", or put another character for spaces with space_as="_".'
    )
    first = Vectors(Vocab(["\ufeffa", "b"], [0, 0]), np.ones((2, 1), np.float32))
    with pytest.raises(FormatError) as told:
        first.save(tmp_path / "x", "glove")
    assert str(told.value) == (
        "save: the first word '\\ufeffa' begins with a byte-order mark, which would be lost. Save as \"native\", or "
        'as "word2vec".'
    )
    marked = Vectors(Vocab(["a", "\ufeffb"], [0, 0]), np.ones((2, 1), np.float32))
    marked.save(tmp_path / "m", "glove")  # a mark that is not the first is kept
    assert Vectors.load(tmp_path / "m").vocab.tokens == ["a", "\ufeffb"]
    Vectors(Vocab([], []), np.ones((0, 2), np.float32)).save(tmp_path / "none", "glove")
    assert (tmp_path / "none").read_bytes() == b""


def test_reading_is_strict_unless_told():
    assert Reading() == Reading(lenient=False, drop_nonfinite=False, errors="strict", limit=None)
