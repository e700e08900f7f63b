"""seqkit lm from a shell: every command, and what bad input gives: one sentence, the right exit code, nothing half-written."""

import json

import pytest
from shell import run as shell

import seqkit as sk

LINES = ["the cat sat on the mat", "a dog ran to the cat", "the bird sang"] * 10


def run(*words, cwd, code=0, stdin=""):
    done = shell(*words, code=code, cwd=cwd, input=stdin)
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lm")
    (folder / "text.txt").write_text("\n".join(LINES) + "\n")
    small = ["--hidden", 16, "--layers", 1, "--epochs", 2, "--batch", 2, "--bptt", 8, "--quiet"]
    result = json.loads(
        run(
            "lm",
            "train",
            "text.txt",
            "--out",
            "m",
            "--valid",
            "text.txt",
            *small,
            "--json",
            "--curve",
            "c.svg",
            cwd=folder,
        )
    )
    assert "<svg" in (folder / "c.svg").read_text()
    assert result["vocabulary"] == 13
    assert len(result["history"]) == 2
    assert result["history"][0]["validation"] > 0
    return folder


def test_what_training_leaves_is_there(folder):
    assert json.loads((folder / "m" / "run.json").read_text())["parameters"] == 2333
    assert [json.loads(line)["event"] for line in (folder / "m" / "log.jsonl").read_text().splitlines()] == [
        "epoch",
        "epoch",
    ]
    assert sk.LanguageModel.load(folder / "m").codec.recipe.add_eos


def test_scores_carry_all_counts(folder):
    one, two = json.loads(run("lm", "score", "m", "the cat sat", "the zebra", "--json", cwd=folder))
    assert (one["tokens"], one["eos"], one["unknown"], one["text"]) == (4, 1, 0, "the cat sat")
    assert two["unknown"] == 1
    assert run("lm", "score", "m", "--file", "-", cwd=folder, stdin="the cat sat\n").split()[-3:] == [
        "the",
        "cat",
        "sat",
    ]
    whole = json.loads(run("lm", "eval", "m", "text.txt", "--json", cwd=folder))
    assert (whole["tokens"], whole["eos"]) == (180, 30)


def test_samples_are_the_same_for_the_same_seed_and_alone(folder):
    many = json.loads(
        run("lm", "sample", "m", "--count", 3, "--seed", 5, "--length", 6, "--json", cwd=folder)
    )
    (last,) = json.loads(run("lm", "sample", "m", "--seed", 7, "--length", 6, "--json", cwd=folder))
    assert many[2]["text"] == last["text"]
    assert last["log_prob"] < 0
    printed = run("lm", "sample", "m", "--prompt", "the", "--seed", 7, "--length", 6, cwd=folder)
    assert printed.startswith("the ")
    assert run("lm", "sample", "m", "--beam", 2, "--prompt", "the", "--length", 4, cwd=folder).startswith(
        "the"
    )


def test_pairs_and_baseline(folder):
    (folder / "pairs.tsv").write_text("correct\twrong\nthe cat sat\tcat the sat\na dog ran\tran a zebra\n")
    command = (
        "lm",
        "compare",
        "m",
        "pairs.tsv",
        "--skip-unknown",
        "--baseline",
        "text.txt",
        "--order",
        2,
        "--json",
    )
    own, bigram = json.loads(run(*command, cwd=folder))
    assert (own["count"], own["missing"], bigram["signature"]["model"], bigram["value"]) == (
        1,
        1,
        "2-gram",
        1.0,
    )


def test_show_writes_a_page(folder):
    run("lm", "show", "m", "the cat", "--what", "f", "--neuron", 3, "--out", "f.html", cwd=folder)
    assert "f[3]" in (folder / "f.html").read_text()


def test_a_finished_run_is_resumed_to_the_same_model(folder):
    before = (folder / "m" / "manifest.json").read_text()
    small = ["--hidden", 16, "--layers", 1, "--epochs", 2, "--batch", 2, "--bptt", 8, "--quiet"]
    run("lm", "train", "text.txt", "--out", "m", "--valid", "text.txt", *small, "--resume", cwd=folder)
    assert json.loads(before)["sha256"] == json.loads((folder / "m" / "manifest.json").read_text())["sha256"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["train", "none.txt", "--out", "x"], 3, "none.txt"),
        (["train", "empty.txt", "--out", "x"], 3, "no token"),
        (["train", "text.txt", "--out", "x", "--batch", "400"], 3, "Give more text or a smaller batch"),
        (["train", "text.txt", "--out", "x", "--cell", "lstn"], 2, "Did you mean 'lstm'"),
        (
            ["train", "text.txt", "--out", "x", "--unit", "words"],
            2,
            "unknown tokenizer 'words'; known: character",
        ),
        (["train", "text.txt", "--out", "x", "--set", "weight_drop=0.5"], 2, "Did you mean 'weight_dropout'"),
        (["train", "text.txt", "--out", "x", "--schedule", "cosin"], 2, "Did you mean 'cosine'"),
        (["train", "text.txt", "--out", "x", "--curve", "c.pdf"], 2, "ends in .svg or .png"),
        (["train", "text.txt", "--out", "x", "--hidden", "400000"], 6, "GiB"),
        (["train", "text.txt", "--out", "x", "--device", "cuda:7"], 2, "cuda"),
        (
            [
                "train",
                "text.txt",
                "--out",
                "m",
                "--resume",
                "--hidden",
                "16",
                "--layers",
                "1",
                "--epochs",
                "9",
                "--batch",
                "2",
                "--bptt",
                "8",
            ],
            2,
            "resume: got epochs",
        ),
        (["score", "none", "a"], 3, "none"),
        (["score", "broken", "a"], 4, "broken"),
        (["eval", "m", "empty.txt"], 3, "no token"),
        (["compare", "m", "text.txt"], 2, "expected 'correct' and 'wrong'"),
        (["compare", "m", "empty.txt"], 3, "no pair"),
        (["sample", "m", "--temperature", "-1"], 2, "temperature"),
        (["sample", "m", "--beam", "2", "--top-k", "3"], 2, "beam: got --top-k"),
        (["score", "m"], 2, "texts: got none"),
        (["train", "m/corpus", "--out", "x", "--unit", "character"], 2, "is a corpus, cut already"),
        (["show", "m", "the", "--what", "q"], 2, "expected one of h, c, i, f, g, o"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None,
)
def test_bad_input_gives_one_sentence_and_its_exit_code(folder, words, code, message):
    (folder / "empty.txt").write_text("")
    (folder / "broken").mkdir(exist_ok=True)
    (folder / "broken" / "manifest.json").write_text("{")
    error = run("lm", *words, *(["--quiet"] if words[0] == "train" else []), cwd=folder, code=code)
    assert message in error
    assert error.count("\n") == 1, error
    assert not (folder / "x").exists()
