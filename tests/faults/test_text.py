"""What may stand in a text or in a word, and texts of too little: the same comes back, or one sentence says what is wrong."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from in_process import refused
from in_process import run as command

import seqkit as sk
from seqkit.core.errors import FormatError, SeqkitError
from seqkit.embeddings.alignment import read_dictionary
from seqkit.embeddings.testsets import analogies, similarity
from seqkit.embeddings.vectors.files import formats
from seqkit.models.language_model import minimal_pairs
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.readers import conll, labelled, parallel, table
from seqkit.text.readers.text import read
from seqkit.text.vocab import Vocab

# names of what a text may hold beside letters: none of them ends a word or a line, but for the ASCII ones
ODD = {
    "line separator": "a\u2028b",
    "next line": "a\u0085b",
    "no-break space": "a\u00a0b",
    "zero width": "a\u200bb",
    "joiner": "\U0001f468\u200d\U0001f469",
    "combining": "e\u0301",
    "composed": "\u00e9",
    "right to left": "\u202eabc",
    "Arabic": "\u0643\u062a\u0627\u0628",
    "file separator": "a\x1cb",
    "vertical tab": "a\x0bb",
    "bell": "\x07",
    "byte order mark": "a\ufeff",
    "private": "\ue000",
    "noncharacter": "\uffff",
    "beyond 16 bits": "\U0001f600",
    "upper": "Word",
    "lower": "word",
    "markup": "<b>&amp;\"'",
    "number": "1e5",
    "long": "x" * 1_000_000,
}
WHITE = " \t\r\n\x0b\x0c"


def spoilt(word):
    return any(c in WHITE for c in word)


@pytest.mark.parametrize("name", formats.names())
def test_odd_words_come_back_from_every_format_of_vectors_or_are_refused(name, tmp_path):
    path = tmp_path / ("v.vec" if name == "fasttext" else "v")
    words = list(ODD.values())
    random = np.random.default_rng(0)

    def saved(some):
        vectors = sk.Vectors(
            Vocab(some, [0] * len(some)), random.normal(size=(len(some), 3)).astype(np.float32)
        )
        vectors.save(path, name)
        return vectors, sk.Vectors.load(path, name)

    good = []
    for word in words:
        with contextlib.suppress(FormatError):
            vectors, again = saved(["first", word])
            assert again.vocab.tokens == ["first", word]
            assert again.matrix.tobytes() == vectors.matrix.tobytes()
            good.append(word)
    assert {word for word in words if not spoilt(word)} - set(good) <= {ODD["long"]}
    vectors, again = saved(good)
    assert again.vocab.tokens == good


def test_odd_words_are_tokens_of_a_text_and_come_back_from_all_that_is_saved(tmp_path):
    words = [word for word in ODD.values() if not spoilt(word)]
    (tmp_path / "t.txt").write_text("\n".join([" ".join(words)] * 2), encoding="utf-8", newline="")
    corpus = Corpus.build(tmp_path / "t.txt", out=tmp_path / "c")
    assert len(corpus) == 2
    assert corpus.vocab.words(corpus.ids) == words * 2
    assert Corpus.load(tmp_path / "c").vocab.tokens == corpus.vocab.tokens
    model = sk.LanguageModel(hidden_size=4, epochs=1, batch=1, device="cpu", threads=1).fit(corpus)
    model.save(tmp_path / "lm")
    assert sk.LanguageModel.load(tmp_path / "lm", device="cpu").codec.vocab.tokens == model.codec.vocab.tokens
    sets = sk.WordSets("odd", lists={"l": tuple(words)})
    sets.save(tmp_path / "w.json")
    assert sk.WordSets.load(tmp_path / "w.json") == sets
    with (tmp_path / "t.jsonl").open("wb") as file:
        conll.write(file, words, ["X"] * len(words), "jsonl")
    assert next(iter(conll.sentences(tmp_path / "t.jsonl"))).words == words


@pytest.mark.parametrize("name", [name for name in ODD if name != "long"])
def test_odd_cell_of_a_table_comes_back(name, tmp_path):
    text = f"a {ODD[name]} b"
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text, "label": "x"}) + "\n")
    (tmp_path / "a.tsv").write_text(f"x\t{text}\n", encoding="utf-8", newline="")
    (tmp_path / "a.csv").write_text('x,"' + text.replace('"', '""') + '"\n', encoding="utf-8", newline="")
    for kind in ("jsonl", "tsv", "csv"):
        (row,) = labelled.labelled(tmp_path / f"a.{kind}")
        assert (row.text, row.labels) == (text, ("x",)), kind


@given(st.binary(max_size=60) | st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_bytes_are_the_text_that_utf_8_says_or_the_first_wrong_one_is_named(tmp_path_factory, data):
    assume(not data.startswith((b"\xff\xfe", b"\xfe\xff")))  # the marks of UTF-16
    path = tmp_path_factory.mktemp("b") / "t"
    path.write_bytes(data)
    try:
        expected = "".join(table.one_end([data.removeprefix(b"\xef\xbb\xbf").decode()]))
    except UnicodeDecodeError:
        expected = None
    try:
        assert "".join(read(path)) == expected
    except FormatError as error:
        assert expected is None or "\0" in expected or data.startswith((b"BZh", b"\x1f\x8b"))
        if (
            expected is None
            and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))
            and b"\0" not in data
        ):
            with pytest.raises(UnicodeDecodeError) as wrong:
                data.decode()
            assert f"byte {wrong.value.start:,}: 0x{data[wrong.value.start]:02x} is not valid UTF-8" in str(
                error
            )


def parquet(path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["a b", "c"], "label": ["x", "y"]}), path)


FILES = {  # name: what it holds, and how it is read
    "a.tsv": (b"x\ta b\ny\tc d\n", labelled.labelled),
    "a.csv": (b'label,text\nx,"a ""b"", c"\ny,d\n', labelled.labelled),
    "a.jsonl": (b'{"label": "x", "text": "a \\u00e9"}\n{"label": "y", "text": "b"}\n', labelled.labelled),
    "a.parquet": (parquet, labelled.labelled),
    "a.lines": (b"__label__x a b\n__label__y c\n", lambda path: labelled.labelled(path, format="lines")),
    "a.conll": (b"-DOCSTART- O\n\na X\nb Y\n\nc X\n", lambda path: list(conll.sentences(path))),
    "a.conllu": (
        b"# text\n1\ta\ta\tNOUN\t_\t_\t0\troot\t_\t_\n2\tb\tb\tVERB\t_\t_\t1\tx\t_\t_\n\n",
        lambda path: list(conll.sentences(path)),
    ),
    "pairs.tsv": (b"a b\tc d\ne\tf\n", parallel.pairs),
    "questions.txt": (b": q\na b c d\ne f g h\n", analogies.read_questions),
    "similar.txt": (b"a\tb\t1.5\nc\td\t2\n", similarity.read_pairs),
    "words.txt": (b"a b\nc d\n", read_dictionary),
    "minimal.tsv": (b"correct\twrong\na b\ta c\n", minimal_pairs.read_pairs),
    "sets.json": (b'{"a": ["b", "c"], "d": ["e"]}', sk.WordSets.load),
}


@pytest.mark.parametrize("name", FILES)
def test_file_cut_anywhere_or_with_any_byte_changed_is_read_or_refused_in_one_sentence(name, tmp_path):
    content, reader = FILES[name]
    path = tmp_path / name
    path.write_bytes(content) if isinstance(content, bytes) else content(path)
    whole = path.read_bytes()
    assert reader(path)
    step = max(1, len(whole) // 150)
    changed = [whole[:size] for size in range(0, len(whole), step)]
    for at in range(0, len(whole), step):
        changed += [
            whole[:at] + bytes([new]) + whole[at + 1 :] for new in (0, 0x0A, 0x22, 0xFF, whole[at] ^ 0x10)
        ]
    refusals = 0
    for data in changed:
        path.write_bytes(data)
        try:
            reader(path)
        except SeqkitError as error:
            refusals += 1
            assert error.exit_code in (2, 3), data  # 2: a column that is to be named
            assert name == "a.parquet" or "\n" not in str(error)  # a name of its columns may hold one
    assert refusals > 10


TEXTS = {
    "empty": "",
    "blank": "\n \n\n",
    "one word": "word\n",
    "one sentence": "a b\n",
    "all rare": "a b c d e f g h\n",
    "one word often": "a a a a a a a a\n" * 3,
}
LITTLE = ["--epochs", "1", "--quiet", "--out", "out"]
CPU = ["--device", "cpu", "--threads", "1", *LITTLE]
TRAIN = {
    "word2vec": ["embed", "train", "t.txt", "--dim", "4", "--threads", "1", *LITTLE],
    "word2vec of all words": [
        "embed",
        "train",
        "t.txt",
        "--min-count",
        "1",
        "--dim",
        "4",
        "--threads",
        "1",
        *LITTLE,
    ],
    "tree": [
        "embed",
        "train",
        "t.txt",
        "--loss",
        "hierarchical-softmax",
        "--dim",
        "4",
        "--threads",
        "1",
        *LITTLE,
    ],
    "subwords": ["embed", "train", "t.txt", "--loss", "subwords", "--dim", "4", "--threads", "1", *LITTLE],
    "full softmax": [
        "embed",
        "train",
        "t.txt",
        "--loss",
        "full-softmax",
        "--dim",
        "4",
        "--threads",
        "1",
        *LITTLE,
    ],
    "glove": [
        "embed",
        "train",
        "t.txt",
        "--loss",
        "glove",
        "--min-count",
        "1",
        "--dim",
        "4",
        "--threads",
        "1",
        *LITTLE,
    ],
    "counts": ["embed", "count", "t.txt", "--quiet", "--out", "out"],
    "window": ["embed", "train-window", "t.txt", "--hidden", "4", "--device", "cpu", *LITTLE],
    "language model": ["lm", "train", "t.txt", "--hidden", "4", *CPU],
    "classifier": ["classify", "train", "t.tsv", *CPU],
    "tagger": ["tag", "train", "t.conll", "--hidden", "4", *CPU],
    "translator": ["translate", "train", "pairs.tsv", "--hidden", "4", *CPU],
    "generator": ["generate", "train", "t.tsv", "--hidden", "4", *CPU],
    "diagnosis": ["diagnose", "run", "t.tsv", "--out", "out.json"],
    "corpus": ["corpus", "build", "t.txt", "--out", "out"],
}
LEARNT = {"one word", "one sentence", "all rare", "one word often"}
ENOUGH = {  # of which something can be learnt, or nothing needs to be
    "corpus": LEARNT,
    "counts": {"one word often"},
    "glove": {"one sentence", "all rare", "one word often"},
    "window": {"one word often"},
    "tagger": LEARNT,
    "translator": LEARNT,
    "generator": LEARNT,
}


@pytest.mark.parametrize("name", TRAIN)
def test_too_little_to_learn_from_ends_in_one_sentence_with_3(name, tmp_path):
    for kind, text in TEXTS.items():
        folder = tmp_path / kind.replace(" ", "-")
        folder.mkdir()
        lines = text.splitlines()
        (folder / "t.txt").write_text(text)
        (folder / "t.tsv").write_text("".join(f"x\t{line}\n" for line in lines))
        (folder / "pairs.tsv").write_text("".join(f"{line}\t{line}\n" for line in lines))
        (folder / "t.conll").write_text("".join(f"{word} X\n" for word in text.split()))
        if kind in ENOUGH.get(name, ()):
            command(*TRAIN[name], cwd=folder)
        else:
            assert refused(*TRAIN[name], cwd=folder, code=3).startswith("error: "), kind


LABELS = {  # rows, the code of training, its words
    "no row": ("", 3, "got no text, expected at least one"),
    "one class": ("x\ta b\n" * 4, 3, "got only the label 'x', expected two or more different ones"),
    "no label": ("x\ta b\n\tb\ny\tc d\n" * 20, 0, ""),
    "no label at all": ("\ta\n\tb\n", 3, "label"),
    "no text": ("x\ta\ny\t\n", 3, "the text is empty"),
    "one row each": ("x\ta b\ny\tc d\n", 3, "no row is left for 'dev'"),
    "one in a hundred": ("x\ta b\n" * 99 + "y\tc d\n", 0, ""),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_that_are_missing_few_or_unseen_give_an_error_or_numbers(kind, tmp_path):
    rows, code, said = LABELS[kind]
    (tmp_path / "t.tsv").write_text(rows)
    words = ["classify", "train", "t.tsv", *CPU]
    if code:
        assert said in refused(*words, cwd=tmp_path, code=code)
        return
    command(*words, cwd=tmp_path)
    (tmp_path / "e.tsv").write_text("x\ta b\ny\tc d\n")
    (tmp_path / "one.tsv").write_text("x\ta b\n")
    (tmp_path / "unseen.tsv").write_text("x\ta b\nz\tc d\n")
    for file in ("e.tsv", "one.tsv"):
        found = command("classify", "eval", "out", file, "--device", "cpu", "--json", cwd=tmp_path)
        told = json.loads(found.stdout)  # null where there is no number; never NaN
        assert "NaN" not in found.stdout
        assert told
    assert "unseen.tsv: line 2: 'z'" in refused(
        "classify", "eval", "out", "unseen.tsv", "--device", "cpu", cwd=tmp_path, code=3
    )
