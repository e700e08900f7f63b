"""Labelled texts from every format, and one clear sentence for everything that is wrong with a file."""

import gzip
import json

import pytest

from seqkit.core.errors import FormatError, OptionError
from seqkit.text.readers.labelled import labelled, to_targets

ROWS = [("good fun", "pos"), ("a bore, truly", "neg")]
CONTENTS = {
    "a.txt": "pos good fun\nneg a bore, truly\n",
    "b.txt": "__label__pos good fun\n__label__neg  a bore, truly",
    "c.tsv": "pos\tgood fun\nneg\ta bore, truly\n",
    "d.tsv": "text\tid\tlabel\ngood fun\t1\tpos\na bore, truly\t2\tneg\n",
    "e.csv": 'label,text\npos,good fun\nneg,"a bore, truly"\n',
    "f.jsonl": '{"text": "good fun", "label": "pos"}\n\n{"text": "a bore, truly", "label": "neg", "x": 1}\n',
}


def pairs(rows):
    return [(row.text, row.labels[0]) for row in rows]


@pytest.mark.parametrize("name", CONTENTS)
def test_every_format_gives_the_same_texts_and_labels(tmp_path, name):
    (tmp_path / name).write_text(CONTENTS[name])
    found = labelled(tmp_path / name)
    assert pairs(found) == ROWS
    assert found[1].where.startswith(f"{tmp_path / name}: line ")
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(CONTENTS[name].encode()))
    assert pairs(labelled(tmp_path / f"{name}.gz")) == ROWS


def test_files_and_folders_are_named_by_their_label(tmp_path):
    (tmp_path / "pol.pos").write_bytes("caf\xe9\nnice\n".encode("windows-1252"))
    (tmp_path / "neg.txt").write_bytes(b"bad\n")
    found = labelled(tmp_path, format="files", encoding="windows-1252")
    assert pairs(found) == [("bad", "neg"), ("café", "pos"), ("nice", "pos")]
    (tmp_path / "d" / "pos").mkdir(parents=True)
    (tmp_path / "d" / "pos" / "1.txt").write_text("a long\ndocument\n")
    assert pairs(labelled(tmp_path / "d", format="folders")) == [("a long document", "pos")]


def test_several_labels_are_several_tasks_and_an_empty_one_is_missing(tmp_path):
    (tmp_path / "a.csv").write_text("text,tone,topic\nx y,good,\nz,,food\n")
    (tmp_path / "a.jsonl").write_text(
        '{"text": "x y", "tone": "good", "topic": null}\n{"text": "z", "tone": "", "topic": "food"}\n'
    )
    for name in ("a.csv", "a.jsonl"):
        assert to_targets(labelled(tmp_path / name, label=["tone", "topic"])) == [
            ["good", None],
            [None, "food"],
        ]
    with pytest.raises(OptionError, match="got 2 labels a text, expected one for lines"):
        labelled(tmp_path / "a.csv", format="lines", label=["tone", "topic"])


def test_texts_without_labels(tmp_path):
    (tmp_path / "a.txt").write_text("one text\nanother\n")
    (tmp_path / "a.jsonl").write_text('{"text": "one text"}\n{"text": "another"}\n')
    for name in ("a.txt", "a.jsonl"):
        found = labelled(tmp_path / name, labels=False)
        assert [(row.text, row.labels) for row in found] == [("one text", ()), ("another", ())]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "pos fine\n\nneg bad\n", "a.txt: line 2 is empty, expected a label and a text"),
        ("a.txt", "pos fine\nneg\n", "a.txt: line 2: got 'neg', expected a label, white space and a text"),
        ("a.tsv", "pos\tfine\nneg\t \n", "a.tsv: line 2: the text is empty"),
        ("a.tsv", "pos\tfine\nneg\n", "a.tsv: line 2 has 1 column, expected 2 .label, text."),
        ("a.tsv", "a\tb\tc\nx\ty\tz\n", "a.tsv: line 1: no column 'label'; it has a, b, c"),
        (
            "a.csv",
            "text,lable\nfine,pos\n",
            "a.csv: line 1: no column 'label'; it has text, lable. Did you mean 'lable'?",
        ),
        ("a.csv", 'label,text\npos,"fine\n', "a.csv: line 2 is not ','-separated"),
        ("a.jsonl", '{"text": "fine", "label": "pos"}\n{"text"\n', "a.jsonl: line 2 is not JSON"),
        (
            "a.jsonl",
            '{"text": "fine", "lable": "pos"}\n',
            "a.jsonl: line 1 has no label in 'label'; it has lable, text",
        ),
        (
            "a.jsonl",
            '{"text": 3, "label": "pos"}\n',
            "a.jsonl: line 1: 'text' is 3, expected a text in quotes",
        ),
        (
            "a.jsonl",
            '{"txt": "fine", "label": "pos"}\n',
            "a.jsonl: line 1 has no text in 'text'; it has label, txt",
        ),
        ("a.txt", "", "a.txt: got no text, expected at least one"),
        ("a.txt", "pos fine\nneg b\0d\n", "a.txt: line 2: a NUL character"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(FormatError, match=message):
        labelled(tmp_path / name)


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
def test_a_line_ends_where_the_file_says(tmp_path, name):
    comma = "," if name == "a.csv" else "\t"
    (tmp_path / name).write_text(f"pos{comma}one\u2028line\x85of\x0ctext\nneg{comma}two\n", encoding="utf-8")
    assert [row.text for row in labelled(tmp_path / name)] == ["one\u2028line\x85of\x0ctext", "two"]


PAIRS = [
    ("I liked it", "pos"),
    ("I hated it", "neg"),
    ("a good one", "pos"),
    ("a bad one", "neg"),
    ("fine", "pos"),
]


@pytest.mark.parametrize("head", [["label", "body"], ["sentiment", "body"]])
def test_a_header_of_other_names_is_never_a_row(tmp_path, head):
    (tmp_path / "a.csv").write_text(",".join(head) + "\n" + "".join(f"{b},{a}\n" for a, b in PAIRS))
    with pytest.raises(FormatError, match="'body'|no column 'text'"):
        labelled(tmp_path / "a.csv")
    assert pairs(labelled(tmp_path / "a.csv", label=head[0], text="body")) == PAIRS
    (tmp_path / "b.csv").write_text("review,sentiment\n" + "".join(f"{a},{b}\n" for a, b in PAIRS))
    with pytest.raises(
        FormatError, match="line 1: got 'review' and 'sentiment', expected the names of the col"
    ):
        labelled(tmp_path / "b.csv")
    assert pairs(labelled(tmp_path / "b.csv", label="sentiment", text="review")) == PAIRS


def test_columns_have_numbers_where_there_is_no_header(tmp_path):
    (tmp_path / "a.csv").write_text("".join(f"{b},{i},{a}\n" for i, (a, b) in enumerate(PAIRS)))
    with pytest.raises(FormatError, match="no column 'label'; it has pos, 0, I liked it"):
        labelled(tmp_path / "a.csv")
    assert pairs(labelled(tmp_path / "a.csv", label="1", text="3")) == PAIRS
    with pytest.raises(FormatError, match="line 1: no column '4'; it has 1, 2, 3"):
        labelled(tmp_path / "a.csv", label="1", text="4")
    (tmp_path / "b.tsv").write_text(
        "x\ty\tbody\n" + "".join(f"{b}\t{i}\t{a}\n" for i, (a, b) in enumerate(PAIRS))
    )
    assert pairs(labelled(tmp_path / "b.tsv", label="1", text="body")) == PAIRS


def test_json_is_lines_or_one_array_and_labels_may_be_numbers(tmp_path):
    rows = [{"text": text, "stars": 4.0 if label == "pos" else 1} for text, label in PAIRS]
    wanted = [(text, "4.0" if label == "pos" else "1") for text, label in PAIRS]
    (tmp_path / "a.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "b.json").write_text("\n" + json.dumps(rows, indent=1))
    assert pairs(labelled(tmp_path / "a.json", label="stars")) == wanted
    assert pairs(labelled(tmp_path / "b.json", label="stars")) == wanted
    (tmp_path / "c.json").write_text('[{"text": "x", "stars": {"a": 1}}]')
    with pytest.raises(
        FormatError, match=r"item 1: got \{'a': 1\} in 'stars', expected a text, a number or a list"
    ):
        labelled(tmp_path / "c.json", label="stars")
    (tmp_path / "d.json").write_text("[1]")
    with pytest.raises(FormatError, match="item 1 is not a JSON object"):
        labelled(tmp_path / "d.json")


def test_plain_text_is_no_labelled_text(tmp_path):
    words = [f"word{i} and more of it\n" for i in range(40)]
    (tmp_path / "plain.txt").write_text("".join(words))
    with pytest.raises(FormatError, match="got 40 different first words in 40 lines, expected a label"):
        labelled(tmp_path / "plain.txt")
    (tmp_path / "marked.txt").write_text("".join(f"__label__{line}" for line in words))
    assert len(labelled(tmp_path / "marked.txt")) == 40


def test_bytes_of_another_encoding_are_named_and_an_unknown_encoding_too(tmp_path):
    (tmp_path / "a.txt").write_bytes("pos fine\nneg caf\xe9\n".encode("windows-1252"))
    with pytest.raises(
        FormatError,
        match="a.txt: line 2, byte 16: 0xe9 is not valid utf-8. Convert the file, or give its encoding",
    ):
        labelled(tmp_path / "a.txt")
    assert labelled(tmp_path / "a.txt", encoding="windows-1252")[1].text == "café"
    with pytest.raises(OptionError, match="encoding: got 'utf-99'"):
        labelled(tmp_path / "a.txt", encoding="utf-99")
    with pytest.raises(OptionError, match="format: got 'jsnl', .* Did you mean 'jsonl'"):
        labelled(tmp_path / "a.txt", format="jsnl")


def test_a_byte_order_mark_is_no_part_of_the_first_label(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfpos fine\n")
    assert labelled(tmp_path / "a.txt")[0].labels == ("pos",)


@pytest.mark.parametrize(
    ("name", "settings", "count", "labels"),
    [
        ("sentiment/sst/stsa.binary.train", {}, 6920, {"0", "1"}),
        ("classification/trec/TREC.train", {"encoding": "windows-1252"}, 5452, None),
    ],
)
def test_public_files_are_read_whole(data, name, settings, count, labels):
    rows = labelled(data(name), **settings)
    assert len(rows) == count
    assert labels is None or {row.labels[0] for row in rows} == labels


def test_what_is_read_is_what_json_wrote(tmp_path):
    texts = ['tab\there "quoted"', "naïve 日本", "back\\slash"]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": t, "label": "x"}) + "\n" for t in texts))
    assert [row.text for row in labelled(tmp_path / "a.jsonl")] == texts
