"""seqkit classify from outside: train prints the ladder, predict and eval read what it wrote, bad input ends in one sentence."""

import json

import pytest
from shell import run

GOOD = ["the film was good and not bad", "a warm play", "it is clever though some call it dull"]
BAD = ["the film was bad and not good", "a cold play", "it is dull though some call it clever"]
ROWS = [
    (label, f"{text} {i % 4}")
    for i in range(16)
    for label, text in [*(("pos", t) for t in GOOD), *(("neg", t) for t in BAD)]
]
SMALL = [
    "--embed-dim",
    "8",
    "--epochs",
    "6",
    "--quiet",
    "--threads",
    "1",
    "--unit",
    "whitespace",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("classify")
    (made / "train.tsv").write_text("".join(f"{label}\t{text}\n" for label, text in ROWS))
    (made / "test.jsonl").write_text(
        "".join(json.dumps({"text": text, "label": label}) + "\n" for label, text in ROWS[:12])
    )
    done = run("classify", "train", "train.tsv", "--out", "film.clf", *SMALL, "--baselines", "all", cwd=made)
    (made / "ladder.txt").write_text(done.stdout)
    return made


LINEAR = ["majority", "logistic regression on TF-IDF"]


def test_train_compares_with_all_baselines_and_writes_model_and_run(folder):
    shown = (folder / "ladder.txt").read_text()
    for name in (*LINEAR, "averaged", "recurrent", "averaged and recurrent cannot be told apart"):
        assert name in shown
    kept = json.loads((folder / "film.clf" / "run.json").read_text())
    assert [rung["model"] for rung in kept["rungs"]] == [*LINEAR, "averaged", "recurrent"]
    assert kept["gains"]["recurrent"]["signature"]["pairs of epochs"] == 6 * 10
    assert kept["texts"] == {"train": 86, "dev": 10}
    assert kept["classes"] == [["neg", "pos"]]


@pytest.mark.parametrize(("baselines", "others"), [("none", []), ("linear", LINEAR)])
def test_no_more_is_trained_than_was_asked_for(folder, baselines, others):
    more = ["--baselines", baselines, "--reader", "recurrent", "--hidden", "8", "--json"]
    told = json.loads(
        run("classify", "train", "train.tsv", "--out", baselines, *SMALL, *more, cwd=folder).stdout
    )
    assert [rung["model"] for rung in told["rungs"]] == [*others, "recurrent"]
    assert list(told["gains"]) == others


def test_predict_reads_arguments_files_and_stdin_and_keeps_their_order(folder):
    texts = ["a warm play", "a cold play"]
    (folder / "texts.txt").write_text("\n".join(texts))
    wanted = ["pos", "neg"]
    assert run("classify", "predict", "film.clf", *texts, cwd=folder).stdout.split() == wanted
    assert run("classify", "predict", "film.clf", "--file", "texts.txt", cwd=folder).stdout.split() == wanted
    assert run(
        "classify", "predict", "film.clf", "--file", "-", cwd=folder, input="a cold play\n"
    ).stdout.split() == ["neg"]
    shown = run(
        "classify", "predict", "film.clf", "--file", "texts.txt", "--json", cwd=folder
    ).stdout.splitlines()
    first = json.loads(shown[0])
    assert (first["text"], first["label"]) == (texts[0], "pos")
    assert sum(first["probabilities"].values()) == pytest.approx(1)
    assert "pos\tneg=0." in run("classify", "predict", "film.clf", texts[0], "--proba", cwd=folder).stdout


def test_blank_lines_are_answered_blank_and_words_never_seen_are_warned_of(folder):
    (folder / "gaps.txt").write_text("a warm play\n\nzebra quagga\n")
    done = run("classify", "predict", "film.clf", "--file", "gaps.txt", cwd=folder)
    first, blank, guess = done.stdout.split("\n")[:3]
    assert (first, blank, guess in ("pos", "neg")) == ("pos", "", True)
    assert "2 of 5 tokens are not in the vocabulary and are read as unknown; of 1 of 2 texts" in done.stderr
    shown = run("classify", "predict", "film.clf", "--file", "gaps.txt", "--json", cwd=folder).stdout
    assert [json.loads(row)["label"] for row in shown.splitlines()][:2] == ["pos", None]


def test_eval_shows_scores_with_counts_and_every_label(folder):
    shown = run("classify", "eval", "film.clf", "test.jsonl", cwd=folder).stdout
    for part in ("accuracy ", "macro_f1 ", "n=12, missing=0", "precision", "true \\ found"):
        assert part in shown
    (report,) = json.loads(run("classify", "eval", "film.clf", "test.jsonl", "--json", cwd=folder).stdout)
    assert report["accuracy"]["count"] == 12
    assert sum(map(sum, report["confusion"])) == 12


@pytest.mark.slow
def test_a_recurrent_model_with_validation_n_grams_and_balance_is_trained_and_resumed(folder):
    given = [
        "classify",
        "train",
        "train.tsv",
        "--valid",
        "test.jsonl",
        "--reader",
        "recurrent",
        "--balanced",
        "--out",
        "rec.clf",
        *SMALL,
    ]
    one = json.loads(run(*given, "--json", cwd=folder).stdout)
    two = json.loads(run(*given, "--json", "--resume", cwd=folder).stdout)
    assert [e["loss"] for e in one["history"]] == [e["loss"] for e in two["history"]]
    assert one["padding"] == 0  # 32 texts of each of three lengths, 32 in a batch
    assert one["settings"]["class_weight"] == "balanced"


@pytest.mark.slow
def test_several_tasks_are_trained_predicted_and_judged(folder):
    rows = [
        f"{text},{label},{'' if i % 5 else 'play' if 'play' in text else 'other'}\n"
        for i, (label, text) in enumerate(ROWS)
    ]
    (folder / "tasks.csv").write_text("text,tone,topic\n" + "".join(rows))
    tasks = ["--label", "tone", "--label", "topic"]
    run("classify", "train", "tasks.csv", *tasks, "--out", "tasks.clf", *SMALL, cwd=folder)
    shown = run("classify", "predict", "tasks.clf", "a warm play", cwd=folder).stdout.split()
    assert len(shown) == 2
    assert (
        len(
            json.loads(run("classify", "eval", "tasks.clf", "tasks.csv", *tasks, "--json", cwd=folder).stdout)
        )
        == 2
    )


@pytest.mark.parametrize(
    ("content", "more", "code", "message"),
    [
        ("pos\ta\npos\tb\n", [], 3, "bad.tsv: labels: got only the label 'pos', expected two or more"),
        ("pos\ta\nneg\t\n", [], 3, "bad.tsv: line 2: the text is empty"),
        ("pos\ta\nneg b\n", [], 3, "bad.tsv: line 2 has 1 column, expected 2"),
        ("", [], 3, "bad.tsv: got no text"),
        (
            "pos\ta\nneg\tb\n",
            ["--valid", "dev.tsv"],
            3,
            "dev.tsv: line 2: 'odd', which did not come in training; known: neg, pos",
        ),
        ("pos\ta\nneg\tb\n", ["--valid", "empty.tsv"], 3, "empty.tsv: got no text"),
        ("pos\tcaf\udce9\nneg\tb\n", [], 3, "bad.tsv: line 1, byte 7: 0xe9 is not valid utf-8"),
        (
            "pos\ta\nneg\tb\n",
            ["--reader", "averagd"],
            2,
            "reader: got 'averagd', expected one of 'averaged'",
        ),
        ("pos\ta\nneg\tb\n", ["--from-lm", "none.lm"], 3, "none.lm: no such file or folder"),
    ],
)
def test_bad_input_ends_in_one_sentence_and_nothing_is_written(tmp_path, content, more, code, message):
    (tmp_path / "bad.tsv").write_bytes(content.encode("utf-8", "surrogateescape"))
    (tmp_path / "dev.tsv").write_text("pos\ta\nodd\tb\n")
    (tmp_path / "empty.tsv").write_text("")
    done = run("classify", "train", "bad.tsv", "--out", "out.clf", "--quiet", *more, code=code, cwd=tmp_path)
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out.clf").exists()


def test_eval_names_the_line_of_an_unseen_label(folder):
    (folder / "odd.tsv").write_text("pos\ta\nodd\tb\n")
    done = run("classify", "eval", "film.clf", "odd.tsv", code=3, cwd=folder)
    assert "odd.tsv: line 2: 'odd', which did not come in training; known: neg, pos" in done.stderr
