"""Readers of tagged sentences: the published counts, what is skipped, and an error with file and line for what is broken."""

import io
import json
from collections import Counter

import pytest

from seqkit.core.errors import FormatError, OptionError
from seqkit.text.bioes import detect, spans
from seqkit.text.readers.conll import format_of, sentences, write

CONLL = "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\n# . O O\r\n\n\n\n1\u00a0000 CD I-NP O"
CONLLU = "# text = Don't go\n1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_\n" + "".join(
    f"{i}\t{word}\t_\t{upos}\t{xpos}\t_\t0\troot\t_\t_\n"
    for i, word, upos, xpos in [
        ("1", "Do", "AUX", "VBP"),
        ("2", "n't", "PART", "_"),
        ("2.1", "you", "PRON", "PRP"),
        ("3", "a b", "VERB", "VB"),
    ]
)


def put(folder, name, text):
    (folder / name).write_bytes(text.encode())
    return folder / name


def parts(found):
    return [(s.words, s.tags) for s in found]


def test_column_files_are_read_without_docstart_lines(tmp_path):
    path = put(tmp_path, "a.conll", CONLL)
    found = list(sentences(path))
    assert parts(found) == [(["EU", "rejects"], ["I-ORG", "O"]), (["#"], ["O"]), (["1\u00a0000"], ["O"])]
    assert [s.where for s in found] == [f"{path}: line {n}" for n in (3, 6, 10)]
    assert next(sentences(path, column=2)).tags == ["NNP", "VBZ"]
    assert next(sentences(path, tagged=False)).tags is None


def test_tabs_hold_words_with_spaces(tmp_path):
    assert parts(sentences(put(tmp_path, "a.tsv", "New York\tLOC\nis\tO\n"))) == [
        (["New York", "is"], ["LOC", "O"])
    ]


def test_conllu_skips_multiword_tokens_and_empty_nodes(tmp_path):
    path = put(tmp_path, "a.conllu", CONLLU + "\n" + CONLLU)
    assert parts(sentences(path)) == [(["Do", "n't", "a b"], ["AUX", "PART", "VERB"])] * 2
    assert next(sentences(path, column="xpos")).tags == ["VBP", None, "VB"]
    assert next(sentences(path, column=5)).tags == ["VBP", None, "VB"]


def test_json_lines_and_text(tmp_path):
    path = put(tmp_path, "a.jsonl", '{"words": ["a", "b"], "tags": ["X", null], "ner": ["O", "O"]}\n\n')
    assert parts(sentences(path)) == [(["a", "b"], ["X", None])]
    assert next(sentences(path, column="ner")).tags == ["O", "O"]
    text = put(tmp_path, "a.txt", "It isn't.\n\nNo\n")
    assert parts(sentences(text, tagged=False)) == [(["It", "is", "n't", "."], None), (["No"], None)]
    assert next(sentences(text, tagged=False, unit="whitespace")).words == ["It", "isn't."]


@pytest.mark.parametrize("unit", ["word", "treebank"])
def test_words_of_a_text_are_its_own_characters(tmp_path, unit):
    text = put(tmp_path, "a.txt", '"Bo" lebt in Rom.\n')
    assert next(sentences(text, tagged=False, unit=unit)).words == ['"', "Bo", '"', "lebt", "in", "Rom", "."]


def test_what_is_written_is_read_again():
    for format in ("conll", "jsonl"):
        file = io.BytesIO()
        write(file, ["a b", "#"], ["O", "B-X"], format)
        assert (
            file.getvalue().decode()
            == {
                "conll": "a b\tO\n#\tB-X\n\n",
                "jsonl": json.dumps({"words": ["a b", "#"], "tags": ["O", "B-X"]}) + "\n",
            }[format]
        )
    with pytest.raises(FormatError, match="a column cannot hold. Write"):
        write(io.BytesIO(), ["a\tb"], ["O"], "conll")


@pytest.mark.parametrize(
    ("name", "text", "settings", "message"),
    [
        ("a.conll", "a NN O\nb NN\n", {}, r"a.conll: line 2 has 2 columns, expected 3 as above: 'b NN'"),
        ("a.conll", "a\nb\n", {}, r"a.conll: line 1 has 1 column, expected the tags in column 2"),
        ("a.conll", "a O\n", {"column": 3}, r"line 1 has 2 columns, expected the tags in column 3"),
        ("a.conll", "a\t\tO\n", {}, r"line 1 has 2 columns, expected 3"),
        ("a.conllu", "1\ta\tb\n", {}, r"line 1 has 3 columns between tabs, expected 10"),
        ("a.conllu", CONLLU.replace("3\ta b", "4\ta b"), {}, r"line 6 has the id '4', expected 3"),
        ("a.jsonl", "{\n", {}, r"a.jsonl: line 1 is not JSON"),
        ("a.jsonl", '{"words": [], "tags": []}\n', {}, r'line 1 has no "words", a list of one word or more'),
        ("a.jsonl", '{"words": ["a"]}\n', {}, r'line 1 has no "tags", a list of texts; it has words'),
        ("a.jsonl", '{"words": ["a"], "tags": ["O", "O"]}\n', {}, r"line 1 has 1 words and 2 tags"),
        ("a.txt", "a\n", {}, r"plain text has no tags"),
        ("a.conll", "\n-DOCSTART- -X- O O\n", {}, r"a.conll: got no sentence"),
        ("a.conll", "", {}, r"got no sentence"),
    ],
)
def test_what_is_broken_is_named_with_file_and_line(tmp_path, name, text, settings, message):
    with pytest.raises(FormatError, match=message):
        list(sentences(put(tmp_path, name, text), **settings))


def test_settings_that_are_none_are_refused(tmp_path):
    path = put(tmp_path, "a.conllu", CONLLU)
    with pytest.raises(OptionError, match="got 'upo', expected one of id, .*Did you mean 'upos'"):
        list(sentences(path, column="upo"))
    with pytest.raises(OptionError, match="got column 'ner', expected a number from 1"):
        list(sentences(path, format="conll", column="ner"))
    with pytest.raises(OptionError, match="got 'conl', expected one of conll"):
        list(sentences(path, format="conl"))


def test_formats_are_told_from_names():
    assert [format_of(n) for n in ("a.conllu.gz", "b.jsonl", "c.txt", "eng.train.gz", "stdin")] == [
        "conllu",
        "jsonl",
        "text",
        "conll",
        "conll",
    ]


def test_published_counts_of_conll_2003(data):
    found = list(sentences(data("tagging/conll2003/eng.train.gz")))
    assert (len(found), sum(len(s.words) for s in found)) == (14041, 203621)
    assert Counter(span.kind for s in found for span in spans(s.tags)) == {
        "LOC": 7140,
        "PER": 6600,
        "ORG": 6321,
        "MISC": 3438,
    }
    assert detect(s.tags for s in found) == "iob1"


def test_published_counts_of_english_ewt(data):
    found = list(sentences(data("tagging/ud_english_ewt/en_ewt-ud-dev.conllu.gz")))
    assert (len(found), sum(len(s.words) for s in found)) == (2001, 25147)
    assert len({tag for s in found for tag in s.tags}) == 17


def test_columns_that_count_are_no_words(tmp_path):
    counted = put(tmp_path, "a.tsv", "1\tAnna\tB-PER\n2\tlebt\tO\n\n1\tBo\tB-PER\n")
    with pytest.raises(
        FormatError, match=r"line 1: the first column counts 1, 2, expected words.*--word-column 2"
    ):
        list(sentences(counted))
    assert [s.words for s in sentences(counted, word_column=2)] == [["Anna", "lebt"], ["Bo"]]
    with pytest.raises(FormatError, match="line 1 has 3 columns, expected words in column 4"):
        list(sentences(counted, word_column=4))
    digits = put(tmp_path, "b.tsv", "1\tX\n\n1\tX\nof\tX\n\n1\tX\n2\tX\n")
    assert len(list(sentences(digits))) == 3  # words were seen first


CSV = 'Sentence #,Word,POS,Tag\nSentence: 1,Dora,NN,B-PER\n,"lebt, ja",NN,O\nSentence: 2,Kiel,NN,B-LOC\n'


def test_a_table_has_a_word_a_row_and_says_where_a_sentence_begins(tmp_path):
    found = list(sentences(put(tmp_path, "ner.csv", CSV)))
    assert [(s.words, s.tags) for s in found] == [
        (["Dora", "lebt, ja"], ["B-PER", "O"]),
        (["Kiel"], ["B-LOC"]),
    ]
    assert [s.tags for s in sentences(tmp_path / "ner.csv", column="POS")] == [["NN", "NN"], ["NN"]]
    other = put(tmp_path, "other.csv", CSV.replace("Sentence #", "doc").replace("Word", "w"))
    with pytest.raises(FormatError, match="line 1: no column of words; it has doc, w, POS, Tag"):
        list(sentences(other))
    with pytest.raises(FormatError, match="no column of sentences; .* Name it by --sentence-column"):
        list(sentences(other, word_column="w"))
    assert len(list(sentences(other, word_column="w", sentence_column="doc"))) == 2


def test_lists_are_called_as_datasets_call_them(tmp_path):
    found = list(sentences(put(tmp_path, "a.jsonl", '{"tokens": ["Bo", "."], "ner_tags": [1, 0]}\n')))
    assert (found[0].words, found[0].tags) == (["Bo", "."], ["1", "0"])
    two = put(tmp_path, "b.jsonl", '{"tokens": ["Bo"], "ner_tags": [1], "pos_tags": ["N"]}\n')
    with pytest.raises(
        FormatError, match='has no "tags", a list of texts; it has tokens, ner_tags, pos_tags'
    ):
        list(sentences(two))
    assert next(sentences(two, column="pos_tags")).tags == ["N"]
