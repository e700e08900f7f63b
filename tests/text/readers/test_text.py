"""text.readers.text and text.readers.text.compressed: every form of text, nothing lost, one sentence for what is bad."""

import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core.errors import FormatError, OptionError
from seqkit.text.readers import compressed
from seqkit.text.readers import text as readers
from seqkit.text.readers.text import read

TEXT = "one two\nthree é ὕ\u2028x\u0085y\u00a0z\r\n\nlast"


def zst(data):
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


def zst_streamed(data):
    """As of a pipe, whose length is not known when it is begun."""
    import zstandard

    return zstandard.ZstdCompressor(write_content_size=False).compress(data)


PACKS = [bytes, gzip.compress, bz2.compress, lzma.compress, zst, zst_streamed]
NAMES = ["plain", "gz", "bz2", "xz", "zst", "zst-streamed"]


@pytest.mark.parametrize("pack", PACKS, ids=NAMES)
def test_compression_is_told_by_content_not_by_name(tmp_path, pack):
    path = tmp_path / "text.dat"
    path.write_bytes(pack(TEXT.encode()))
    plain = TEXT.replace("\r\n", "\n").replace("\r", "\n")
    assert "".join(read(path)) == plain
    assert "".join(read(path)) == plain  # and again


@pytest.mark.parametrize("pack", PACKS[1:], ids=NAMES[1:])
def test_archive_cut_short_anywhere_or_damaged_is_named(tmp_path, pack):
    whole = pack(b"hello world " * 500)
    path = tmp_path / "t"
    for size in range(6, len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(FormatError, match=r"the archive is (cut short|damaged) after [\d,]+ bytes"):
            "".join(read(path))


def test_bomb_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(compressed, "FREE", 1 << 20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"0 " * (5 << 20)))
    with pytest.raises(FormatError, match="at most 1000-fold is read"):
        for _ in read(path):
            pass


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200),
    st.integers(1, 40),
)
def test_pieces_together_are_the_text_at_any_piece_size(text, size):
    data = text.encode()
    longest = max(
        map(len, re.split(rb"[ \n\t\r]", data))
    )  # only these end a piece, whatever Unicode calls a space
    old, readers.PIECE = readers.PIECE, max(size, longest + 8)
    try:
        pieces = list(readers.Text("x")._decode(io.BytesIO(data), "x"))
    finally:
        readers.PIECE = old
    assert "".join(pieces) == text.removeprefix("\ufeff")
    assert all(piece[-1] in " \n\t\r" for piece in pieces[:-1])


def test_endless_line_is_read_in_pieces(tmp_path):
    path = tmp_path / "t"
    path.write_text("word " * 1_000_000)
    pieces = list(read(path))
    assert len(pieces) > 3
    assert sum(map(len, pieces)) == 5_000_000


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"ok\nbad \xff here", "line 2, byte 7: 0xff is not valid UTF-8"),
        (b"a b\nc\x00d", "line 2, byte 5: a NUL byte"),
        (b"x" * (3 << 20), "line 1 holds a word of more than 1,048,576 bytes"),
        (b"\xc0\xaf", "byte 0: 0xc0 is not valid"),
        (b"\xed\xa0\x80", "0xed is not valid"),
    ],
)
def test_what_is_not_text_is_named_with_line_and_byte(tmp_path, data, message):
    path = tmp_path / "t"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=message):
        "".join(read(path))


def test_replace_counts_the_bytes_it_replaced(tmp_path):
    path = tmp_path / "t"
    path.write_bytes(b"a \xff b \xfe \xef\xbf\xbd")
    text = read(path, errors="replace")
    assert "".join(text) == "a \ufffd b \ufffd \ufffd"
    assert text.replaced == 2


def test_utf8_byte_order_mark_is_no_text(tmp_path):
    path = tmp_path / "t"
    path.write_bytes(b"\xef\xbb\xbfabc")
    assert "".join(read(path)) == "abc"


def test_missing_file_suggests_a_near_name(tmp_path):
    (tmp_path / "wiki.txt").write_text("x")
    with pytest.raises(FormatError, match=r"no such file, folder or match. Did you mean 'wiki.txt'"):
        read(tmp_path / "wikl.txt")


def test_folder_and_glob_are_read_in_name_order(tmp_path):
    for name in ("b.txt", "a.txt", "c.log"):
        (tmp_path / name).write_text(name + "\n")
    assert "".join(read(tmp_path)) == "a.txt\nb.txt\nc.log\n"
    assert "".join(read(f"{tmp_path}/*.txt")) == "a.txt\nb.txt\n"


def test_columns_of_jsonl_csv_tsv_and_parquet(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = ["a, b", 'c "d"', "é\nf"]
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps({"text": row, "n": 1}) for row in rows))
    (tmp_path / "t.csv").write_text('n,text\n1,"a, b"\n2,"c ""d"""\n3,"é\nf"\n')
    (tmp_path / "t.tsv").write_text('n\ttext\n1\ta, b\n2\t"c ""d"""\n3\t"é\nf"\n')
    pq.write_table(pa.table({"text": rows}), tmp_path / "t.parquet")
    for name in ("t.jsonl", "t.csv", "t.tsv", "t.parquet"):
        assert "".join(read(tmp_path / name, column="text")) == "".join(row + "\n" for row in rows), name


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.jsonl", '{"text": "a"}\n{', "line 2 is not JSON"),
        ("t.jsonl", '{"tex": "a"}', "line 1 has no text in 'text'; it has tex. Did you mean 'tex'"),
        ("t.csv", "n,tekst\n1,a", "no column 'text'; it has n, tekst"),
        ("t.csv", "n,text\n1", "line 2 ends before column 'text'"),
        ("t.parquet", "PAR1", "not a readable Parquet file"),
    ],
)
def test_bad_columns_are_named(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(FormatError, match=message):
        "".join(read(tmp_path / name, column="text"))


def test_column_of_plain_text_is_refused(tmp_path):
    (tmp_path / "t.txt").write_text("x")
    with pytest.raises(OptionError, match=r"only .jsonl, .csv, .tsv and .parquet have columns"):
        "".join(read(tmp_path / "t.txt", column="text"))


def test_nltk_corpus_by_name(data):
    data("nltk_data/corpora/brown.zip")
    first = next(iter(read("nltk:brown")))
    assert first.startswith("The Fulton County Grand Jury said Friday")
    with pytest.raises(FormatError, match="NLTK has no corpus of that name"):
        next(iter(read("nltk:no_such_thing")))


ROWS = "pos\ta good film\nneg\ta bad film\n\npos\tgood\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be"])
def test_law_of_line_ends_and_marks_in_every_reader(tmp_path, end, encoding):
    """A file of Windows, of an old Mac or of a spreadsheet gives what a plain one gives."""
    from seqkit.text.readers import conll, parallel, table
    from seqkit.text.readers.labelled import labelled

    def put(name, text):
        mark = "\ufeff" if encoding == "utf-16-be" else ""
        (tmp_path / name).write_bytes((mark + text.replace("\n", end)).encode(encoding))
        return tmp_path / name

    assert "".join(read(put("t.txt", ROWS))) == ROWS
    assert [row.labels[0] for row in labelled(put("l.tsv", ROWS.replace("\n\n", "\n")))] == [
        "pos",
        "neg",
        "pos",
    ]
    assert [s.words for s in conll.sentences(put("c.conll", ROWS.replace(" ", "_")))] == [
        ["pos", "neg"],
        ["pos"],
    ]
    assert parallel.pairs(put("a.txt", "x\ny\n"), put("b.txt", "u\nv\n")) == (["x", "y"], ["u", "v"])
    assert table.content(put("s.txt", ROWS)) == ROWS


def test_line_end_that_is_cut_by_a_piece_is_one(tmp_path, monkeypatch):
    from seqkit.text.readers import text

    for size in range(2, 12):
        monkeypatch.setattr(text, "PIECE", size)
        (tmp_path / "t").write_bytes(b"a b\r\nc d\r\r\ne\r")
        assert "".join(read(tmp_path / "t")) == "a b\nc d\n\ne\n"


def packed(path, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_zip_of_one_file_is_read_and_other_archives_are_told(tmp_path):
    assert "".join(read(packed(tmp_path / "text8.zip", text8="some text\n"))) == "some text\n"
    with pytest.raises(FormatError, match=r"two.zip: is a zip of 2 files, expected one. Unpack it first."):
        "".join(read(packed(tmp_path / "two.zip", a="a", b="b")))
    with tarfile.open(tmp_path / "t.tar", "w") as archive:
        archive.add(tmp_path / "text8.zip", "a")
    with pytest.raises(FormatError, match=r"t.tar: is a tar archive, expected a file. Unpack it first."):
        "".join(read(tmp_path / "t.tar"))
    whole = (tmp_path / "text8.zip").read_bytes()
    for size in range(5, len(whole)):
        (tmp_path / "cut.zip").write_bytes(whole[:size])
        with pytest.raises(FormatError, match=r"cut.zip: (is a zip that cannot be read|the archive is)"):
            "".join(read(tmp_path / "cut.zip"))
