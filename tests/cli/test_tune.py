"""seqkit tune from a shell: searches that end in a model to use, a stop that changes nothing, rates; bad input ends in one sentence."""

import json
import subprocess
import sys
from collections import Counter

import pytest
from in_process import refused
from in_process import run as command

import seqkit as sk
from seqkit.tuning.trial import searches

PLANTED = sk.shipped("planted")
TINY = ["--set", "hidden_size=8", "--set", "embed_dim=8", "--set", "num_layers=1", "--threads", 1]
LM = [
    "lm",
    "text.txt",
    "--valid",
    "valid.txt",
    "--unit",
    "whitespace",
    "--space",
    "lr=1e-3..0.1:log",
    "--space",
    "cell=gru,rnn",
]
SEARCH = [*LM, "--trials", 5, "--set", "epochs=2", *TINY]
CLASSIFY = ["classify", "film.tsv", "--set", "unit=whitespace", "--set", "embed_dim=8", "--threads", 1]


def run(*words, cwd):
    return command("tune", *words, cwd=cwd).stdout


def kept(folder):
    return json.loads((folder / "search.json").read_text())


def facts(folder):
    """All of the table but the times."""
    return [
        {name: fact for name, fact in trial.items() if name != "seconds"} for trial in kept(folder)["trials"]
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tune")
    lines = (PLANTED / "text.txt").read_text(encoding="utf-8").splitlines()
    film = (PLANTED / "sentiment.tsv").read_text(encoding="utf-8").splitlines()
    for name, part in {
        "text.txt": lines[:100],
        "valid.txt": lines[100:120],
        "film.tsv": film[:120],
        "dev.tsv": film[600:620],
    }.items():
        (folder / name).write_text("\n".join(part) + "\n")
    frequent = [word for word, _ in Counter(" ".join(lines[:100]).split()).most_common(4)]
    (folder / "quiz.txt").write_text(": frequent\n" + " ".join(frequent) + "\n")
    (folder / "table.txt").write_text(
        run(*SEARCH, "--out", "best.lm", "--plot", "search.svg", "--quiet", cwd=folder)
    )
    return folder


def test_random_search_shows_its_trials_best_first_with_a_picture(folder):
    head, *rows, last = (folder / "table.txt").read_text().splitlines()
    assert head.split() == ["trial", "validation", "state", "epochs", "lr", "cell", "units", "seconds"]
    values = [float(row.split()[1]) for row in rows]
    assert values == sorted(values)
    assert len(values) == 5
    assert last.startswith("5 trials, ")
    assert last.endswith("the best model is in best.lm")
    assert (folder / "search.svg").read_bytes().startswith(b"<?xml")
    best = kept(folder / "best.lm")["best"]
    assert (best["trial"], f"{best['value']:.4f}") == (int(rows[0].split()[0]), rows[0].split()[1])
    assert 1e-3 <= best["settings"]["lr"] <= 0.1


@pytest.mark.parametrize("method", searches.names())
def test_every_method_searches_by_its_own_defaults(folder, method):
    out = ["--out", f"by-{method}", "--quiet", "--json"]
    found = json.loads(run(*CLASSIFY, "--epochs", 3, "--method", method, *out, cwd=folder))
    assert found["best"] is not None
    assert len(found["trials"]) == (4 if method == "grid" else 20)


def test_best_language_model_is_opened_by_lm_score_and_has_the_best_settings(folder):
    (score,) = json.loads(command("lm", "score", "best.lm", "the king is old", "--json", cwd=folder).stdout)
    assert score["log_prob"] < 0
    best = kept(folder / "best.lm")["best"]["settings"]
    settings = sk.LanguageModel.load(folder / "best.lm").get_params()
    assert {name: settings[name] for name in best} == best


def test_halving_drops_the_worse_and_its_best_classifier_predicts(folder):
    given = [
        *CLASSIFY,
        "--valid",
        "dev.tsv",
        "--method",
        "halving",
        "--trials",
        3,
        "--set",
        "epochs=3",
        "--out",
        "best.clf",
        "--quiet",
    ]
    found = json.loads(run(*given, "--json", cwd=folder))
    assert found == kept(folder / "best.clf") == json.loads(run("show", "best.clf", "--json", cwd=folder))
    assert sorted((trial["state"], trial["epochs"]) for trial in found["trials"]) == [
        ("done", 3),
        ("dropped", 1),
        ("dropped", 1),
    ]
    assert found["units"] == 120 * (1 + 1 + 3)
    first = {trial["trial"]: trial["values"][0] for trial in found["trials"]}
    assert first[found["best"]["trial"]] == min(first.values())
    assert command("classify", "predict", "best.clf", "the film was good", cwd=folder).stdout.strip() in {
        "0",
        "1",
    }


STOPPED = """  # the command line, interrupted when it has said its first line
import os, signal
from seqkit.cli import common, main
say = common.note
def note(text):
    say(text)
    os.kill(os.getpid(), signal.SIGINT)
common.note = note
main()
"""


def test_stopped_search_goes_on_to_the_same_table(folder):
    worker = subprocess.run(
        [sys.executable, "-c", STOPPED, "tune", *map(str, SEARCH), "--out", "stopped.lm"],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    said = worker.stderr
    assert said.startswith("trial 1/5  lr 0.0")
    assert worker.returncode == 130, said
    assert (
        "error: interrupted: stopped.lm holds the search, 1 of its trials over. To go on: seqkit tune lm"
        in said
    )
    (first, *_) = json.loads(run("show", "stopped.lm", "--json", cwd=folder))["trials"]
    done = command("tune", *SEARCH, "--out", "stopped.lm", cwd=folder)
    assert "trial 1/5" not in done.stderr
    assert "trial 5/5" in done.stderr
    assert facts(folder / "stopped.lm") == facts(folder / "best.lm")
    assert kept(folder / "stopped.lm")["trials"][0] == first  # its seconds too: it was not trained again


def test_range_test_suggests_a_rate_to_search_with_a_picture(folder):
    found = json.loads(
        run(
            "lr",
            "lm",
            "text.txt",
            "--unit",
            "whitespace",
            "--steps",
            40,
            "--plot",
            "rate.png",
            *TINY,
            "--json",
            cwd=folder,
        )
    )
    rates = found["rates"]
    assert rates[0] == pytest.approx(1e-6)
    assert rates == sorted(rates)
    assert len(rates) == len(found["losses"]) == len(found["smoothed"]) <= 40
    assert found["lowest"] == rates[found["smoothed"].index(min(found["smoothed"]))]
    assert found["suggested"] == pytest.approx(found["lowest"] / 10)
    assert (folder / "rate.png").read_bytes().startswith(b"\x89PNG")


def test_range_test_prints_the_space_that_tune_takes(folder):
    printed = run(
        "lr",
        "classify",
        "film.tsv",
        "--steps",
        30,
        "--low",
        1e-3,
        "--high",
        1,
        "--set",
        "unit=whitespace",
        "--set",
        "embed_dim=8",
        "--threads",
        1,
        cwd=folder,
    )
    assert printed.startswith("lr 0.")
    space = printed.split("To search: ")[1].split()
    found = json.loads(
        run(
            *CLASSIFY,
            *space,
            "--trials",
            1,
            "--set",
            "epochs=1",
            "--out",
            "space.clf",
            "--quiet",
            "--json",
            cwd=folder,
        )
    )
    assert list(found["space"]) == ["lr"]


def test_every_train_command_can_be_searched():
    from test_new_members import TRAIN_COMMANDS

    from seqkit.cli.commands import tune

    wanted = {command.replace(" train", "") for command in TRAIN_COMMANDS}
    names = {each.name for each in tune.app.registered_commands} - {None}  # show
    assert names == {each.name for each in tune.lr.app.registered_commands} == wanted


@pytest.mark.parametrize(
    ("noun", "space", "own"),
    [
        ("embed", "negatives=2..9", []),
        ("embed", "x_max=5..50:log", ["--loss", "glove"]),
        ("embed-window", "batch=8,32", []),
    ],
)
def test_word_vectors_are_searched_by_analogies(folder, tmp_path, noun, space, own):
    words = ["text.txt", "--min-count", 2, "--dim", 8, "--threads", 1, *own]
    search = ["--valid", "quiz.txt", "--space", space, "--trials", 2, "--epochs", 1]
    out = tmp_path / "best"
    found = json.loads(run(noun, *words, *search, "--out", out, "--quiet", "--json", cwd=folder))
    assert 0 <= found["best"]["value"] <= 1
    assert json.loads(command("embed", "info", out, "--json", cwd=folder).stdout)["dim"] == 8
    rates = json.loads(run("lr", noun, *words, "--steps", 30, "--quiet", "--json", cwd=folder))
    assert rates["rates"] == sorted(rates["rates"])


FILES = {
    "empty.txt": "",
    "hollow.tsv": "1\ta\n0\t \n",
    "cut.tsv": "1\ta\n0 b\n",
    "odd.tsv": "1\ta\nmaybe\tb\n",
}
WORDS = ["--unit", "whitespace"]
BEFORE = ["lm", "text.txt", "--valid", "valid.txt", "--out", "x", *WORDS]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([*BEFORE, "--space", "lrr"], 2, "space: LanguageModel has no setting 'lrr'. Did you mean 'lr'?"),
        ([*BEFORE, "--space", "lr", "--space", "lr=0.1..1"], 2, "space: got lr twice"),
        (
            [*BEFORE, "--space", "lr=1..0.1"],
            2,
            "space: lr=1..0.1: the range is empty. Put the smaller end first",
        ),
        ([*BEFORE, "--space", "lr=0..1"], 2, "space: lr=0..1: a log range cannot begin at 0"),
        ([*BEFORE, "--space", "lr=low..1"], 2, "space: lr=low..1: expected low..high in numbers"),
        (
            [*BEFORE, "--space", "lr=1e-4..1:lg"],
            2,
            "got scale 'lg', expected one of linear, log, log-below-1. Did you mean 'log'?",
        ),
        ([*BEFORE, "--space", "lr=fast"], 2, "lr: got 'fast', expected float"),
        ([*BEFORE, "--space", "dropout=0..2"], 2, "expected dropout at least 0 and at most 0.95"),
        ([*BEFORE, "--space", "hidden_size=4..8.5"], 2, "expected low..high in whole numbers"),
        ([*BEFORE, "--space", "cell=gru,lstn"], 2, "unknown cell 'lstn'"),
        ([*BEFORE, "--space", "cell=1..2"], 2, "got the range cell=1..2, but cell is not a number"),
        (
            [*BEFORE, "--space", "epochs"],
            2,
            "epochs has no range of its own. Give one, as epochs=low..high",
        ),
        (
            [*BEFORE, "--method", "randm"],
            2,
            "unknown search method 'randm'; known: coarse-to-fine, grid, halving, random. Did you mean 'random'?",
        ),
        ([*BEFORE, "--method", "halving", "--method-set", "etaa=3"], 2, "unknown setting 'etaa'; known: eta"),
        ([*BEFORE, "--method", "halving", "--trials", "2"], 2, "2 trials, expected at least 3"),
        (
            [*BEFORE, "--method", "coarse-to-fine", "--trials", "2"],
            2,
            "got 2 trials for 2 rounds, expected at least 4",
        ),
        ([*BEFORE, "--trials", "0"], 2, "--trials: got '0', expected at least 1"),
        ([*BEFORE, "--set", "epoch=2"], 2, "unknown setting 'epoch'. Did you mean 'epochs'?"),
        ([*BEFORE, "--unit", "words"], 2, "unknown tokenizer 'words'; known: character"),
        ([*BEFORE, "--plot", "x.pdf"], 2, "got 'x.pdf', expected a name that ends in .svg or .png"),
        ([*BEFORE, "--device", "gpu"], 2, "device: got 'gpu', expected one of auto, cpu, cuda"),
        ([*BEFORE, "--device", "cuda:99"], 2, "device: got 'cuda:99'"),
        (["lm", "none.txt", "--valid", "valid.txt", "--out", "x"], 3, "none.txt: no such file"),
        (["lm", "text.txt", "--valid", "none.txt", "--out", "x", *WORDS], 3, "none.txt: no such file"),
        (
            ["lm", "empty.txt", "--valid", "valid.txt", "--out", "x"],
            3,
            "empty.txt: no token in 0 characters of text",
        ),
        (
            ["lm", "text.txt", "--valid", "empty.txt", "--out", "x", *WORDS],
            3,
            "empty.txt: no token in 0 characters of text",
        ),
        (
            [*map(str, SEARCH), "--seed", "2", "--out", "best.lm"],
            2,
            "search: got seed of the draws 2, expected 1 as in best.lm",
        ),
        (["classify", "cut.tsv", "--out", "x"], 3, "cut.tsv: line 2 has 1 column, expected 2"),
        (
            ["classify", "film.tsv", "--valid", "hollow.tsv", "--out", "x"],
            3,
            "hollow.tsv: line 2: the text is empty",
        ),
        (
            ["classify", "film.tsv", "--valid", "odd.tsv", "--out", "x"],
            3,
            "odd.tsv: line 2: 'maybe', which did not come in training; known: 0, 1",
        ),
        (["show", "none"], 3, "none: no search.sqlite there, so it is not the folder of a search"),
        (["show", "best.lm", "--plot", "x.pdf"], 2, "got 'x.pdf', expected a name that ends in .svg or .png"),
        (["lr", "lm", "none.txt"], 3, "none.txt: no such file"),
        (
            ["lr", "lm", "text.txt", *WORDS, "--steps", "5"],
            2,
            "--steps: got 5, expected at least 20",
        ),
        (
            ["lr", "lm", "text.txt", *WORDS, "--low", "1", "--high", "0.1"],
            2,
            "--low: got 1 to 0.1, expected rates with 0 < low < high",
        ),
        (
            ["lr", "lm", "text.txt", *WORDS, "--plot", "x.pdf"],
            2,
            "got 'x.pdf', expected a name that ends in .svg or .png",
        ),
        (["embed", "text.txt", "--out", "x"], 2, "--valid: got nothing, but trials are compared by it"),
        (
            [
                "embed",
                "text.txt",
                "--valid",
                "quiz.txt",
                "--space",
                "context=cbow",
                "--out",
                "x",
            ],
            2,
            "SkipGram: got the setting context, but the class fixes it. Use SkipGram or CBOW.",
        ),
        (["lr", "classify", "hollow.tsv"], 3, "hollow.tsv: line 2: the text is empty"),
    ],
    ids=lambda value: " ".join(map(str, value))[:60] if isinstance(value, list) else None,
)
def test_bad_input_gives_one_sentence_and_its_exit_code_and_nothing_is_written(folder, words, code, message):
    for name, text in FILES.items():
        (folder / name).write_text(text)
    assert message in refused("tune", *words, cwd=folder, code=code)
