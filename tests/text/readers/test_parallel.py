"""Texts in pairs: two files, TSV, JSON lines, compressed; what is wrong is named by file and line."""

import gzip
import json

import pytest

from seqkit.core.errors import FormatError
from seqkit.text.readers.parallel import pairs, rows


@pytest.fixture
def write(tmp_path):
    def put(name, text):
        (tmp_path / name).write_bytes(text.encode())
        return str(tmp_path / name)

    return put


def test_two_files_tsv_and_json_lines_give_the_same_pairs(write, tmp_path):
    expected = (["ein hund", "eine katze"], ["a dog", "a\u2028cat"])
    assert pairs(write("a.de", "ein hund\neine katze\n"), write("a.en", "a dog\r\na\u2028cat")) == expected
    assert pairs(write("b.tsv", "ein hund\ta dog\neine katze\ta\u2028cat\n")) == expected
    assert pairs(write("c.tsv", "source\ttarget\nein hund\ta dog\neine katze\ta\u2028cat\n")) == expected
    lines = [json.dumps({"source": x, "target": y, "id": 7}) for x, y in zip(*expected, strict=True)]
    assert pairs(write("d.jsonl", "\n".join(lines))) == expected
    (tmp_path / "e.tsv.gz").write_bytes(gzip.compress("ein hund\ta dog\neine katze\ta\u2028cat\n".encode()))
    assert pairs(tmp_path / "e.tsv.gz") == expected


def test_labels_of_json_lines_may_be_numbers(write):
    assert pairs(write("l.jsonl", '{"label": 1, "text": "good"}\n'), names=("label", "text")) == (
        ["1"],
        ["good"],
    )


def test_texts_alone(write):
    assert rows(write("a.txt", "{one}\n two\n")) == ["{one}", " two"]
    assert rows(write("a.jsonl", '{"source": "one"}\n')) == ["one"]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            "a\nb\nc\n",
            "x\ny\n",
            "second.txt: got 2 lines, expected 3 as in .*first.txt. Line n of one belongs to line n of the other",
        ),
        ("a\n \nc\n", "x\ny\nz\n", "first.txt: line 2 has an empty source"),
        ("a\nb\n", "x\n\n", "second.txt: line 2 has an empty target"),
        ("", "", "got no source with a target"),
        ("a\tx\nb\n", None, "first.txt: line 2 has 1 column, expected 2 .source, target."),
        ("a\tx\tu\n", None, "line 1: no column .source.; it has a, x, u"),
        ("a\tx\n\tx\n", None, "line 2 has an empty source"),
        ("", None, "first.txt: got no source with a target"),
        ("source\ttarget\n", None, "got no source with a target"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_by_file_and_line(write, first, second, message):
    with pytest.raises(FormatError, match=message):
        pairs(write("first.txt", first), None if second is None else write("second.txt", second))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"source": "a"}', "x.jsonl: line 2 has no text in 'target'; it has source"),
        ("[1]", "line 2 is not a JSON object"),
        ("{", "line 2 is not JSON"),
        ('{"source": ["a"], "target": "b"}', "line 2: 'source' is .'a'., expected a text"),
    ],
    ids=str,
)
def test_bad_json_lines_are_named(write, line, message):
    with pytest.raises(FormatError, match=message):
        pairs(write("x.jsonl", '{"source": "a", "target": "b"}\n' + line + "\n"))


def test_an_empty_text_is_refused_by_line_unless_it_may_be(write):
    path = write("t.txt", "a\n\nb\n")
    with pytest.raises(FormatError, match="t.txt: line 2 is empty"):
        rows(path)
    assert rows(path, empty=True) == ["a", "", "b"]
