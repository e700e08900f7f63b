"""The one reader of rows: the same rules for quotes, line ends, marks, long cells and places, whoever reads."""

import bz2
import gzip
import io
import json
import lzma

import pytest
from text.readers.test_text import zst, zst_streamed

from seqkit.core.errors import FormatError, OptionError
from seqkit.diagnosis.sheet import FIELDS, read_sheet
from seqkit.embeddings.alignment import read_dictionary
from seqkit.embeddings.maps.maps import read_words
from seqkit.embeddings.testsets import similarity
from seqkit.embeddings.testsets.analogies import read_questions
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.language_model.minimal_pairs import read_pairs
from seqkit.text.readers import table
from seqkit.text.readers.conll import sentences
from seqkit.text.readers.labelled import labelled
from seqkit.text.readers.parallel import pairs
from seqkit.text.readers.text import read

LONG = "x" * 200_000  # csv alone stops at 131,072


def rows(text, kind, **settings):
    found = table.records(io.StringIO(text, newline="\n"), "t", table.SEPARATORS[kind], **settings)
    return list(found)


def test_lines_of_pieces_end_at_newlines_alone():
    assert list(table.lines(["a\u2028b", "c\r\n\x85", "\n", "last"])) == ["a\u2028bc\r\n", "\x85\n", "last"]


def test_tsv_has_no_quotes_unless_asked_for_and_csv_has():
    text = '"a\tb" c\n'
    assert rows(text, "tsv", quotes=False) == [(1, ['"a', 'b" c'])]
    assert rows('x,"a ""b"", c"\n', "csv", quotes=True) == [(1, ["x", 'a "b", c'])]


def test_row_stands_where_it_begins_and_empty_lines_are_counted():
    assert rows('a,"b\nc"\n\nd,e\r\n', "csv", quotes=True) == [(1, ["a", "b\nc"]), (4, ["d", "e"])]
    assert rows("a\r\n\r\nb\rc", "tsv", quotes=False) == [(1, ["a"]), (3, ["b\rc"])]


@pytest.mark.parametrize("text", ['a,"b', 'a,"b"c\n', "a\rb\n"])
def test_broken_quotes_and_old_line_ends_are_named_where_the_row_begins(text):
    with pytest.raises(FormatError, match="^t: line 2 is not ','-separated"):
        rows("a,b\n" + text + "\nmore\nlines\n", "csv", quotes=True)


def test_key_that_stands_twice_deep_nesting_and_what_is_no_object_are_named():
    for line, message in (
        ('{"a": 1, "a": 2}', "line 2 is not JSON .the key 'a' stands twice"),
        ("[" * 100_000, "line 2 is not JSON"),
        ("3", "line 2 is not a JSON object"),
    ):
        with pytest.raises(FormatError, match=message):
            list(table.objects(['{"a": {"a": 1}}\n', line], "t"))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zst], ids=["plain", "gz", "zst"])
def test_long_cell_and_byte_order_mark_are_read_by_every_reader(tmp_path, pack):
    mark = b"\xef\xbb\xbf"

    def put(name, text):
        (tmp_path / name).write_bytes(pack(mark + text.encode()))
        return tmp_path / name

    for kind, separator in (("tsv", "\t"), ("csv", ",")):
        path = put(f"l.{kind}", f"text{separator}label\n{LONG}{separator}x\n")
        assert labelled(path)[0].text == LONG
        assert "".join(read(path, column="text")) == LONG + "\n"
    assert labelled(put("l.jsonl", f'{{"text": "{LONG}", "label": "x"}}\n'))[0].text == LONG
    assert read_pairs(put("p.tsv", f"good\tbad\n{LONG}\tb\n"))[0].good == LONG
    assert read_pairs(put("p.jsonl", f'{{"good": "{LONG}", "bad": "b"}}\n'))[0].good == LONG
    assert pairs(put("q.tsv", f"source\ttarget\n{LONG}\tb\n"))[0] == [LONG]
    assert pairs(put("l.txt", f"{LONG}\n"), put("r.txt", "b\n"))[0] == [LONG]
    assert next(sentences(put("t.conll", f"{LONG} O\n\n"))).words == [LONG]
    assert read_questions(put("a.txt", f": x\n{LONG} b c d\n"))[0].questions[0][0] == LONG
    assert similarity.read_pairs(put("s.txt", f"{LONG}\tb\t1\nc\td\t2\n"))[0][0] == LONG
    assert read_dictionary(put("d.txt", f"{LONG}\tb\n")) == [(LONG, "b")]
    assert read_words(str(put("w.txt", LONG)))[1] == [LONG]
    head, row = ",".join([*FIELDS, "odd", "comment"]), ",".join(["1", "", LONG, *[""] * 4, "x", ""])
    assert read_sheet(put("s.csv", f"{head}\n{row}\n")).shares[0].value == 1


def test_file_of_another_encoding_is_named_with_what_to_do(tmp_path):
    (tmp_path / "a.tsv").write_bytes(b"good\tbad\ncaf\xe9\tb\n")
    with pytest.raises(
        FormatError, match="a.tsv: line 2, byte 12: 0xe9 is not valid utf-8. Convert the file"
    ):
        read_pairs(tmp_path / "a.tsv")


def test_parquet_rows_know_their_place_and_their_columns(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": ["a", None], "n": [1, 2]}), path)
    found = list(table.parquet(path, ["n", "text"]))
    assert [row.cells for row in found] == [{"n": 1, "text": "a"}, {"n": 2, "text": None}]
    assert found[1].where == f"{path}: row 2"
    assert "".join(read(path, column="text")) == "a\n\n"
    with pytest.raises(FormatError, match="row 1: 'n' is 1, expected a text"):
        found[0].text("n")
    with pytest.raises(FormatError, match="no column 'txt'; it has text, n. Did you mean 'text'"):
        "".join(read(path, column="txt"))
    with pytest.raises(FormatError, match="got no name of a column, expected one of text, n. Name it"):
        "".join(read(path))
    with pytest.raises(FormatError, match="'n' is 1, expected a text"):
        "".join(read(path, column="n"))


def test_column_of_what_has_none_is_refused_by_name(tmp_path):
    (tmp_path / "a.txt").write_text("x\n")
    with pytest.raises(OptionError, match="got column 'text', but only .jsonl, .csv, .tsv and .parquet have"):
        "".join(read(tmp_path / "a.txt", column="text"))


def test_every_reader_of_rows_takes_every_kind_of_table(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [("pos", "a good, long film"), ("neg", 'he said "no"')]
    columns = {name: [row[i] for row in rows] for i, name in enumerate(("label", "text"))}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows)
    )
    (tmp_path / "a.tsv").write_text("".join("\t".join(row) + "\n" for row in [("label", "text"), *rows]))
    (tmp_path / "a.csv").write_text('label,text\npos,"a good, long film"\nneg,"he said ""no"""\n')
    for kind in table.KINDS:
        path = tmp_path / f"a.{kind}"
        assert [(row.labels[0], row.text) for row in labelled(path)] == rows
        assert list(zip(*pairs(path, names=("label", "text")), strict=True)) == rows
        found = read_pairs(path, good="label", bad="text")
        assert [(pair.good, pair.bad) for pair in found] == rows


READERS = {
    "labelled": labelled,
    "pairs": pairs,
    "minimal pairs": read_pairs,
    "questions": read_questions,
    "similarity": similarity.read_pairs,
    "dictionary": read_dictionary,
    "words of a map": lambda path: read_words(str(path)),
    "sheet": read_sheet,
    "vectors": Vectors.load,
    "text": lambda path: list(read(path)),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zst, zst_streamed])
def test_every_reader_names_an_archive_that_is_cut_short_or_damaged(tmp_path, reader, pack):
    whole = pack(b"one two three four\n" * 500)
    for number, data in enumerate((whole[: len(whole) // 2], whole[:9] + b"\xff" * 40)):
        (tmp_path / f"{number}.txt").write_bytes(data)
        with pytest.raises(FormatError, match=rf"{number}.txt: the archive is (cut short|damaged) after"):
            READERS[reader](tmp_path / f"{number}.txt")
