"""seqkit translate and seqkit generate from outside: all commands, all inputs, bad input."""

import json

import pytest
import shell

PAIRS = [("a b c", "C B A"), ("a b", "B A"), ("c", "C"), ("b c", "C B")] * 8
SMALL = [
    "--unit",
    "whitespace",
    "--hidden",
    16,
    "--embed-dim",
    8,
    "--epochs",
    50,
    "--batch",
    8,
    "--lr",
    0.02,
    "--dropout",
    0,
    "--quiet",
]
FEW = ["--hidden", 8, "--embed-dim", 4, "--epochs", 2, "--batch", 8, "--quiet"]


def run(*args, code=0, cwd, stdin=""):
    done = shell.run(*args, code=code, cwd=cwd, input=stdin)
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("translate")
    for side, name in enumerate(("train.x", "train.y")):
        (folder / name).write_text("".join(pair[side] + "\n" for pair in PAIRS))
    (folder / "pairs.tsv").write_text("".join("\t".join(pair) + "\n" for pair in PAIRS))
    (folder / "texts.jsonl").write_text(
        '{"source": "a b", "target": "B A"}\n{"source": "c", "target": "C"}\n'
    )
    (folder / "labels.tsv").write_text(
        "".join(f"{'up' if i % 2 else 'down'}\t{'abc' if i % 2 else 'cba'}\n" for i in range(30))
    )
    run("translate", "train", "train.x", "train.y", "--out", "m", "--valid", "pairs.tsv", *SMALL, cwd=folder)
    run("generate", "train", "labels.tsv", "--out", "g", "--valid", "labels.tsv", *FEW, cwd=folder)
    return folder


def test_training_writes_model_log_and_run(folder):
    result = json.loads((folder / "m" / "run.json").read_text())
    assert result["model"] == "Translator"
    assert (result["pairs"]["count"], result["valid"]["count"], len(result["history"])) == (32, 32, 50)
    assert result["vocabulary"] == {"source": 6, "target": 7}
    assert (folder / "m" / "log.jsonl").exists()
    printed = run(
        "translate",
        "train",
        "pairs.tsv",
        "--out",
        "other",
        *SMALL,
        "--attention",
        "bahdanau",
        "--set",
        "epochs=1",
        "--json",
        cwd=folder,
    )
    assert json.loads(printed)["settings"]["attention"] == "bahdanau"


def test_a_blank_line_is_answered_by_a_blank_line(folder):
    (folder / "gaps.txt").write_text("a b\n\n   \nc\n")
    assert run("translate", "predict", "m", "--file", "gaps.txt", cwd=folder) == "B A\n\n\nC\n"
    rows = run("translate", "predict", "m", "--file", "gaps.txt", "--json", cwd=folder).splitlines()
    assert [json.loads(row)["translation"] for row in rows] == ["B A", "", "", "C"]


def test_words_that_were_never_seen_are_warned_of(folder):
    done = shell.run("translate", "predict", "m", "a b", "zebra q b", cwd=folder)
    assert "2 of 5 tokens are not in the vocabulary" in done.stderr
    assert "of 1 of 2 texts more than half, so the answer is a guess" in done.stderr
    assert "not in the vocabulary" not in shell.run("translate", "predict", "m", "a b", cwd=folder).stderr


def test_texts_come_from_arguments_files_json_lines_and_stdin(folder):
    expected = "B A\nC\n"
    assert run("translate", "predict", "m", "a b", "c", cwd=folder) == expected
    (folder / "two.txt").write_text("a b\nc\n")
    assert run("translate", "predict", "m", "--file", "two.txt", cwd=folder) == expected
    assert run("translate", "predict", "m", "--file", "texts.jsonl", "--beam", 1, cwd=folder) == expected
    assert run("translate", "predict", "m", "--file", "-", cwd=folder, stdin="a b\nc\n") == expected
    lines = run(
        "translate", "predict", "m", "a b", "--json", "--top", 2, "--beam", 3, cwd=folder
    ).splitlines()
    first, second = map(json.loads, lines)
    assert (first["source"], first["translation"], first["stopped"]) == ("a b", "B A", "eos")
    assert 0 > first["log_prob"] > second["log_prob"]


def test_eval_prints_the_signature_with_count_and_settings(folder):
    printed = run(
        "translate", "eval", "m", "train.x", "train.y", "--tokenize", "none", "--beam", 2, cwd=folder
    )
    bleu, chrf = printed.splitlines()
    assert bleu.startswith("BLEU ")
    assert "n=32, missing=0; signature=nrefs:1|case:mixed|eff:no|tok:none|smooth:exp|version:" in bleu
    assert "beam=2" in bleu
    assert chrf.startswith("chrF ")
    found = json.loads(run("translate", "eval", "m", "pairs.tsv", "--json", cwd=folder))
    assert [score["name"] for score in found] == ["BLEU", "chrF"]
    assert found[0]["count"] == 32


@pytest.mark.parametrize("suffix", ["html", "svg", "png"])
def test_picture_of_attention(folder, suffix):
    run("translate", "predict", "m", "a b c", "--picture", f"a.{suffix}", cwd=folder)
    content = (folder / f"a.{suffix}").read_bytes()
    assert len(content) > 500
    if suffix == "html":
        assert content.decode().count('class="strip"') == 4  # C B A </s>


def test_generate_draws_scores_and_names_labels(folder):
    lines = run("generate", "sample", "g", "up", "down", "--count", 2, "--seed", 4, cwd=folder).splitlines()
    assert [line.split("\t")[0] for line in lines] == ["up", "up", "down", "down"]
    (last,) = json.loads(run("generate", "sample", "g", "down", "--seed", 5, "--json", cwd=folder))
    assert lines[3] == f"down\t{last['text']}"
    assert last["log_prob"] < 0
    assert len(run("generate", "sample", "g", cwd=folder).splitlines()) == 2
    perplexity, accuracy = json.loads(run("generate", "eval", "g", "labels.tsv", "--json", cwd=folder))
    assert (perplexity["name"], perplexity["count"]) == ("perplexity", 120)
    assert (accuracy["name"], accuracy["count"], accuracy["value"]) == ("accuracy", 30, 1.0)
    printed = run(
        "generate",
        "train",
        "-",
        "--out",
        "g2",
        *FEW,
        cwd=folder,
        stdin='{"label": 1, "text": "ab"}\n{"label": 0, "text": "ba"}\n',
    )
    assert "2 labels" in printed


def test_a_finished_run_is_resumed_to_the_same_model(folder):
    before = json.loads((folder / "m" / "manifest.json").read_text())["sha256"]
    run(
        "translate",
        "train",
        "train.x",
        "train.y",
        "--out",
        "m",
        "--valid",
        "pairs.tsv",
        *SMALL,
        "--resume",
        cwd=folder,
    )
    assert json.loads((folder / "m" / "manifest.json").read_text())["sha256"] == before


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            ["translate", "train", "train.x", "short.y", "--out", "x"],
            3,
            "short.y: got 2 lines, expected 32 as in train.x. Line n of one belongs to line n",
        ),
        (["translate", "train", "hole.x", "train.y", "--out", "x"], 3, "hole.x: line 5 has an empty source"),
        (
            ["translate", "train", "train.x", "--out", "x"],
            3,
            "train.x: line 1 has 1 column, expected source<TAB>target",
        ),
        (["translate", "train", "none.x", "train.y", "--out", "x"], 3, "none.x: no such file"),
        (
            ["translate", "train", "pairs.tsv", "--out", "x", "--valid", "empty.tsv"],
            3,
            "empty.tsv: got no source with a target",
        ),
        (["translate", "train", "pairs.tsv", "--out", "x", "--attention", "luon"], 2, "Did you mean 'luong'"),
        (["translate", "train", "pairs.tsv", "--out", "x", "--unit", "words"], 2, "Did you mean 'word'"),
        (
            ["translate", "train", "pairs.tsv", "--out", "x", "--set", "decoder_sizes=5"],
            2,
            "Did you mean 'decoder_size'",
        ),
        (["translate", "train", "pairs.tsv", "--out", "x", "--hidden", "400000"], 6, "GiB"),
        (
            ["translate", "train", "pairs.tsv", "--out", "x", "--curve", "c.pdf"],
            2,
            "ends in .svg or .png",
        ),
        (["translate", "predict", "none", "a"], 3, "none"),
        (["translate", "predict", "g", "a"], 4, "generator"),
        (["translate", "predict", "m", "a", "c", "--picture", "p.svg"], 2, "got 2 texts, expected one"),
        (["translate", "predict", "m", "a", "--picture", "p.pdf"], 2, "ends in .html"),
        (
            ["translate", "predict", "m", "a", "--beam", "0"],
            2,
            "--beam: got 0, expected at least 1",
        ),
        (["translate", "eval", "m", "train.x", "short.y"], 3, "short.y: got 2 lines"),
        (["translate", "eval", "m", "pairs.tsv", "--tokenize", "words"], 2, "sacrebleu does not take"),
        (
            ["generate", "train", "train.x", "--out", "x"],
            3,
            "train.x: line 1 has 1 column, expected label<TAB>text",
        ),
        (["generate", "sample", "g", "upp"], 5, "unknown label 'upp'"),
        (["generate", "sample", "g", "--temperature", "-1"], 2, "temperature"),
    ],
    ids=lambda value: " ".join(value)[:70] if isinstance(value, list) else None,
)
def test_bad_input_gives_one_sentence_and_its_exit_code(folder, words, code, message):
    (folder / "empty.tsv").write_text("")
    (folder / "short.y").write_text("C\nB\n")
    (folder / "hole.x").write_text(
        "".join(("\n" if i == 4 else pair[0] + "\n") for i, pair in enumerate(PAIRS))
    )
    error = run(*words, *(["--quiet"] if words[1] == "train" else []), cwd=folder, code=code)
    assert message in error
    assert error.count("\n") == 1, error
    assert not (folder / "x" / "manifest.json").exists()
    assert not (folder / "p.svg").exists()
