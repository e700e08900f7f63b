"""seqkit tag from a shell: every command and format, and what bad input gives: one sentence, the right exit code, nothing half-written."""

import json
import sys
import warnings

import pytest
from shell import run as shell

from seqkit.cli import main

ROWS = [
    ("Anna saw Rome", "I-PER O I-LOC"),
    ("a man saw Bo", "O O O I-PER"),
    ("it rained", "O O"),
    ("Bo Anna ran", "I-PER B-PER O"),
] * 6
SMALL = [
    "--hidden",
    8,
    "--embed-dim",
    6,
    "--epochs",
    8,
    "--batch",
    4,
    "--lr",
    0.03,
    "--dropout",
    0,
    "--set",
    "char_size=4",
    "--set",
    "char_dim=3",
    "--device",
    "cpu",
    "--threads",
    1,
    "--quiet",
]


def run(*words, cwd, code=0, stdin=""):
    done = shell("tag", *words, code=code, cwd=cwd, input=stdin)
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tag")
    pairs = [(s.split(), t.split()) for s, t in ROWS]
    (folder / "a.conll").write_text(
        "-DOCSTART- -X- O\n\n"
        + "\n".join("".join(f"{w} X {t}\n" for w, t in zip(*row, strict=True)) for row in pairs)
    )
    (folder / "a.jsonl").write_text("".join(json.dumps({"words": w, "tags": t}) + "\n" for w, t in pairs))
    columns = "".join(
        f"{i}\t{w}\t_\t{'PROPN' if w[0].isupper() else 'X'}\t_\t_\t_\t_\t_\t_\n"
        for i, w in enumerate(pairs[0][0], 1)
    )
    (folder / "a.conllu").write_text((columns + "\n") * 8)
    result = json.loads(
        run("train", "a.conll", "--valid", "a.jsonl", "--out", "m", *SMALL, "--json", cwd=folder)
    )
    assert (result["data"]["sentences"], result["scheme"], result["given"]) == (24, "bioes", "iob1")
    assert result["scores"][0]["name"] == "F1"
    return folder


def test_what_training_leaves_is_there(folder):
    assert json.loads((folder / "m" / "run.json").read_text())["labels"]
    events = [json.loads(line)["event"] for line in (folder / "m" / "log.jsonl").read_text().splitlines()]
    assert events.count("epoch") == 8


def test_labels_come_for_every_format_in_every_scheme(folder):
    text = run("predict", "m", cwd=folder, stdin="Anna saw Rome\n\nBo Anna ran\n")
    blocks = [[line.split("\t") for line in block.split("\n")] for block in text.strip().split("\n\n")]
    assert [[word for word, _ in block] for block in blocks] == [
        ["Anna", "saw", "Rome"],
        ["Bo", "Anna", "ran"],
    ]
    for source in ("a.conll", "a.jsonl", "a.conllu"):
        found = [
            json.loads(line)
            for line in run("predict", "m", source, "--output", "jsonl", cwd=folder).splitlines()
        ]
        assert found[0] == {"words": ["Anna", "saw", "Rome"], "tags": [tag for _, tag in blocks[0]]}
    bioes = run("predict", "m", "--scheme", "bioes", cwd=folder, stdin="Anna saw Rome\n")
    assert ("S-PER" in bioes) == ("I-PER" in text)
    run("predict", "m", "a.conll", "--out", "out.conll", cwd=folder)
    scores = json.loads(run("eval", "m", "out.conll", "--json", cwd=folder))
    assert scores[0]["value"] == 1.0  # its own labels


def test_scores_are_the_same_for_every_format_and_shown_with_counts(folder):
    one, two = (json.loads(run("eval", "m", name, "--json", cwd=folder)) for name in ("a.conll", "a.jsonl"))
    assert one == two
    assert (one[0]["name"], one[0]["count"], one[0]["signature"]["sentences"]) == ("F1", 30, 24)
    assert "accuracy of unknown words" in run("eval", "m", "a.conll", cwd=folder)


def test_parts_of_speech_from_conllu_without_a_crf(folder):
    run(
        "train",
        "a.conllu",
        "--out",
        "pos",
        "--head",
        "softmax",
        "--characters",
        "recurrent",
        *SMALL,
        cwd=folder,
    )
    (score, _) = json.loads(run("eval", "pos", "a.conllu", "--json", cwd=folder))
    assert (score["name"], score["count"], score["value"]) == ("accuracy", 24, 1.0)
    assert "labels of this model are not spans" in run(
        "predict", "pos", "--scheme", "bio", cwd=folder, stdin="a\n", code=2
    )


def test_a_finished_run_is_resumed_to_the_same_model(folder):
    before = json.loads((folder / "m" / "manifest.json").read_text())["sha256"]
    run("train", "a.conll", "--valid", "a.jsonl", "--out", "m", *SMALL, "--resume", cwd=folder)
    assert json.loads((folder / "m" / "manifest.json").read_text())["sha256"] == before


FILES = {
    "broken.conll": "a O\nb\n",
    "odd.conll": "a O\n\na B-X\nb PER\n",
    "empty.conll": "\n",
    "hollow.jsonl": '{"words": [], "tags": []}\n',
    "other.conll": "a NOUN\n",
    "new.conll": "Anna I-PER\nRome B-NEW\n",
    "plain.txt": "a b\n",
}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["train", "none.conll", "--out", "x"], 3, "none.conll: no such file"),
        (["train", "broken.conll", "--out", "x"], 3, "broken.conll: line 2 has 1 column"),
        (
            ["train", "odd.conll", "--out", "x"],
            3,
            "word 2 of the sentence of odd.conll: line 3: tags: got 'PER'",
        ),
        (["train", "a.conll", "--valid", "empty.conll", "--out", "x"], 3, "empty.conll: got no sentence"),
        (["train", "hollow.jsonl", "--out", "x"], 3, "hollow.jsonl: line 1"),
        (["train", "plain.txt", "--out", "x"], 3, "plain text has no tags"),
        (
            ["train", "a.conll", "--out", "x", "--column", "9"],
            3,
            "line 3 has 3 columns, expected the tags in column 9",
        ),
        (["train", "a.conllu", "--out", "x", "--column", "upo"], 2, "Did you mean 'upos'"),
        (["train", "a.conll", "--out", "x", "--column", "2", "--scheme", "bio"], 3, "line 3: tags: got 'X'"),
        (["train", "a.conll", "--out", "x", "--head", "crff"], 2, "expected one of 'crf', 'softmax'"),
        (["train", "a.conll", "--out", "x", "--cell", "lstn"], 2, "Did you mean 'lstm'"),
        (["train", "a.conll", "--out", "x", "--set", "char_siz=3"], 2, "Did you mean 'char_size'"),
        (["eval", "m", "other.conll"], 3, "Is it the right column"),
        (["eval", "m", "odd.conll"], 3, "odd.conll: line 3: tags: got 'PER'"),
        (["eval", "none", "a.conll"], 3, "none"),
        (["predict", "m", "broken.conll", "--out", "x"], 3, "broken.conll: line 2"),
        (["predict", "m", "a.conll", "--output", "xml"], 2, "expected conll or jsonl"),
        (["predict", "m", "a.conll", "--scheme", "bilou"], 2, "expected one of iob1, bio, bioes"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None,
)
def test_bad_input_gives_one_sentence_and_its_exit_code(folder, words, code, message, monkeypatch, capsys):
    """In this process: eighteen starts of Python are slow."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(
        sys,
        "argv",
        ["seqkit", "tag", *words, *(["--quiet", "--threads", "1"] if words[0] == "train" else [])],
    )
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # the command line sets its own
    for name, text in FILES.items():
        (folder / name).write_text(text)
    with pytest.raises(SystemExit) as end:
        main()
    error = capsys.readouterr().err
    assert end.value.code == code, error
    assert message in error
    assert error.count("\n") == 1, error
    assert not (folder / "x").is_file()
    assert not (folder / "x" / "manifest.json").exists()


def test_labels_that_training_never_met_count_as_wrong_and_are_told(folder):
    (folder / "new.conll").write_text(FILES["new.conll"])
    done = shell("tag", "eval", "m", "new.conll", "--json", cwd=folder)
    assert "1 labels are not in the training text and count as wrong" in done.stderr
    assert json.loads(done.stdout)[0]["signature"]["unseen"] == 1
