"""The command line from outside: results, exit codes, pipes, signals, help."""

import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import waiting
from shell import SHELL, TEXT, run

from seqkit.embeddings.vectors.vectors import Vectors


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    (folder / "text.txt").write_text(TEXT)
    run(
        "embed",
        "train",
        folder / "text.txt",
        "--dim",
        12,
        "--epochs",
        3,
        "--min-count",
        1,
        "--out",
        folder / "v",
        "--quiet",
    )
    return folder


def test_training_writes_vectors_corpus_checkpoint_and_run_json(trained):
    assert {"manifest.json", "run.json", "corpus", "checkpoint"} <= {
        p.name for p in (trained / "v").iterdir()
    }
    told = json.loads((trained / "v" / "run.json").read_text())
    assert told["settings"]["dim"] == 12
    assert len(told["history"]) == 3
    assert told["history"][0]["tokens"] == 1440
    assert {"python", "seqkit", "numpy", "numba"} <= told["versions"].keys()
    assert len(told["matrix_sha256"]) == len(told["corpus"]["fingerprint"]) == 64


def test_training_starts_from_vectors_keeps_frozen_words_and_validates(trained, tmp_path):
    (tmp_path / "frozen.txt").write_text("king\nqueen\n")
    (tmp_path / "q.txt").write_text(": family\nking queen cat dog\n")
    args = [
        "embed",
        "train",
        trained / "text.txt",
        "--dim",
        12,
        "--min-count",
        1,
        "--initial",
        trained / "v",
        "--frozen",
        tmp_path / "frozen.txt",
        "--validate",
        tmp_path / "q.txt",
        "--out",
        tmp_path / "v",
        "--quiet",
    ]
    told = json.loads(run(*args, "--epochs", 2, "--json").stdout)
    assert [epoch["validation"] in (0.0, 1.0) for epoch in told["history"]] == [True, True]
    before, after = Vectors.load(trained / "v"), Vectors.load(tmp_path / "v")
    assert (after["king"] == before["king"]).all()
    assert (after["cat"] != before["cat"]).any()
    (tmp_path / "frozen.txt").write_text("king\n")
    assert "resume: got frozen" in run(*args, "--epochs", 2, "--resume", code=2).stderr
    (tmp_path / "q.txt").write_text(": family\nking queen cat nobody\n")
    assert (
        "q.txt: no question has all its words among the 14 to be trained"
        in run(*args, "--force", code=3).stderr
    )


def test_every_question_has_a_plain_and_a_json_answer(trained):
    vectors = trained / "v"
    near = run("embed", "nearest", vectors, "king", "cat", "--top", 2)
    assert near.stdout.startswith("word  neighbour  cosine")
    assert len(json.loads(run("embed", "nearest", vectors, "king", "--top", 2, "--json").stdout)["king"]) == 2
    answer = json.loads(run("embed", "analogy", vectors, "king", "queen", "old", "--json").stdout)
    assert answer["excluded"] == ["king", "queen", "old"]
    assert run("embed", "odd-one-out", vectors, "king", "queen", "mat").stdout.strip() in (
        "king",
        "queen",
        "mat",
    )
    assert json.loads(run("embed", "info", vectors, "--verify", "--json").stdout)["dim"] == 12


def test_eval_prints_counts_and_missing(trained):
    (trained / "q.txt").write_text(": gram1-x\nking queen old new\nking queen cat nobody\n")
    (trained / "s.txt").write_text("king\tqueen\t9\ncat\tdog\t8\nking\tmat\t1\nx\ty\t1\n")
    scores = json.loads(
        run(
            "embed",
            "eval",
            trained / "v",
            "--analogies",
            trained / "q.txt",
            "--similarity",
            trained / "s.txt",
            "--json",
        ).stdout
    )
    total = next(score for score in scores if score["name"] == "total")
    assert (total["count"], total["missing"]) == (1, 1)
    assert (scores[-1]["name"], scores[-1]["count"], scores[-1]["missing"]) == ("s", 3, 1)


@pytest.mark.parametrize("format", ["word2vec", "word2vec-binary", "glove", "fasttext", "native"])
def test_convert_there_and_back_keeps_every_bit(trained, tmp_path, format):
    run("embed", "convert", trained / "v", "--to", format, "--out", tmp_path / "a")
    run("embed", "convert", tmp_path / "a", "--out", tmp_path / "b")
    parts = [
        sorted(p for p in f.iterdir() if p.suffix == ".safetensors")[0]
        for f in (trained / "v", tmp_path / "b")
    ]
    if format == "native":
        assert parts[0].read_bytes() == parts[1].read_bytes()
    assert (
        json.loads(run("embed", "info", tmp_path / "b", "--json").stdout)["words"]
        == json.loads(run("embed", "info", trained / "v", "--json").stdout)["words"]
    )


def test_corpus_and_phrases(tmp_path):
    (tmp_path / "t").write_text(TEXT)
    built = json.loads(
        run("corpus", "build", tmp_path / "t", "--out", tmp_path / "c", "--lower", "--json").stdout
    )
    assert built["tokens"] == 1440
    assert "most common: the" in run("corpus", "stats", tmp_path / "c").stdout
    found = json.loads(
        run("phrases", tmp_path / "c", "--out", tmp_path / "p", "--threshold", 1, "--json").stdout
    )
    assert found["tokens"] < 1440
    assert run(
        "embed", "train", tmp_path / "p", "--dim", 4, "--epochs", 1, "--out", tmp_path / "v", "--quiet"
    ).stdout


def test_text_from_a_pipe(tmp_path):
    run("embed", "train", "-", "--dim", 4, "--epochs", 1, "--out", tmp_path / "v", "--quiet", input=TEXT)
    assert json.loads((tmp_path / "v" / "run.json").read_text())["corpus"]["source"] == "-"


def test_dry_run_tells_memory_and_time_and_writes_nothing(tmp_path):
    (tmp_path / "t").write_text(TEXT)
    told = json.loads(
        run("embed", "train", tmp_path / "t", "--out", tmp_path / "v", "--dry-run", "--json").stdout
    )
    assert told["tokens"] == 5 * 1440
    assert told["memory"] > 0
    assert not (tmp_path / "v").exists()


def test_list_names_the_public_texts():
    assert "text8" in run("corpus", "list").stdout
    assert any(e["name"] == "google-analogies" for e in json.loads(run("corpus", "list", "--json").stdout))


BAD = [
    (["embed", "nearest", "{v}", "kign"], 5, "error: 'kign' is not in the vocabulary .* Did you mean 'king'"),
    (["embed", "analogy", "{v}", "king", "queen"], 2, "error: analogy: got 2 words, expected three"),
    (["embed", "nearest", "{v}-none", "king"], 3, "error: .*no such file or folder"),
    (["embed", "train", "{t}-none", "--out", "{o}"], 3, "error: .*no such file, folder or match"),
    (
        ["embed", "train", "{t}", "--out", "{o}", "--loss", "hs"],
        2,
        "error: --loss: unknown loss 'hs'; known: full-softmax",
    ),
    (["embed", "train", "{t}", "--out", "{o}", "--dim", "0"], 2, "dim: got 0, expected at least 1"),
    (
        ["embed", "train", "{t}", "--out", "{o}", "--min-count", "99999"],
        3,
        "none of the .* tokens was seen 99,999 times or more",
    ),
    (["embed", "train", "{t}", "--out", "{o}", "--set", "noise=1"], 2, "unknown setting 'noise'"),
    (["embed", "train", "{t}", "--out", "/proc/nowhere/x"], 6, "cannot be written"),
    (["corpus", "stats", "{t}-none"], 3, "no such file or folder"),
    (["corpus", "build", "{empty}", "--out", "{o}"], 3, "no token in 0 characters"),
    (["corpus", "fetch", "txt8"], 2, "unknown corpus 'txt8'.*Did you mean 'text8'"),
    (["embed", "eval", "{v}"], 2, "no test set was given"),
    (["embed", "nonsense"], 2, "error: seqkit embed: unknown command 'nonsense'; known: .*train"),
    (["lm", "trian"], 2, r"error: seqkit lm: unknown command 'trian'.*Did you mean 'train'\?$"),
    (["embed", "train", "{t}", "--epohcs", "2"], 2, r"unknown option --epohcs\. Did you mean '--epochs'\?"),
    (
        ["embed", "train", "{t}"],
        2,
        "error: seqkit embed train: expected --out, got none. See seqkit embed train",
    ),
    (["embed", "train", "{t}", "--dim"], 2, "error: seqkit embed train: option '--dim' requires an argument"),
    (["embed", "train", "{t}", "--out", "{o}", "--dim", "x"], 2, "--dim: got 'x', expected a whole number"),
    (["embed", "train", "{t}", "--out", "{o}", "--lr=x"], 2, "--lr: got 'x', expected a number"),
    (
        ["embed", "train", "{t}", "--out", "{o}", "--threads", "0"],
        2,
        "--threads: got '0', expected at least 1",
    ),
]


@pytest.mark.parametrize(
    ("args", "code", "message"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else None
)
def test_bad_input_gets_one_sentence_and_its_exit_code(trained, tmp_path, args, code, message):
    import re

    (tmp_path / "empty").write_text("")
    places = {
        "v": trained / "v",
        "t": trained / "text.txt",
        "o": tmp_path / "out",
        "empty": tmp_path / "empty",
    }
    done = run(*[str(arg).format(**places) for arg in args], code=code)
    assert re.search(message, done.stderr)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_damaged_vectors_end_with_4(trained, tmp_path):
    run("embed", "convert", trained / "v", "--out", tmp_path / "v")
    (path,) = (tmp_path / "v").glob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    assert "the checksum does not match" in run("embed", "nearest", tmp_path / "v", "king", code=4).stderr


def test_debug_shows_the_traceback_and_changes_no_exit_code(tmp_path):
    (tmp_path / "x").mkdir()
    command = [*SHELL, "corpus", "stats", str(tmp_path / "x"), "--debug"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 4
    assert "Traceback" in done.stderr
    assert "ModelFileError" in done.stderr
    assert done.stderr.endswith("so seqkit did not write this folder.\n")


def test_reader_that_goes_away_is_no_error(trained):
    import shlex

    command = " ".join(map(shlex.quote, [*SHELL, "embed", "nearest", str(trained / "v"), *["king"] * 2000]))
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[0].startswith("word")
    assert done.stdout.splitlines()[-1] in ("0", "141")
    assert done.stderr == ""


def test_every_command_has_an_example():
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert text.count("Example:") == text.count("\n## ")


def test_odd_surroundings_change_nothing(tmp_path, trained):
    surroundings = {
        "LC_ALL": "C",
        "PATH": os.environ["PATH"],
        "COLUMNS": "20",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }
    command = [*SHELL, "embed", "nearest", str(trained / "v"), "king"]
    done = subprocess.run(
        command, env=surroundings, stdin=subprocess.DEVNULL, check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("word")


LONG = ["--dim", "64", "--epochs", "400", "--min-count", "1", "--deterministic", "--threads", "1", "--quiet"]


def _started(folder, text):
    """A long run whose first epochs are done."""
    process = subprocess.Popen(
        [*SHELL, "embed", "train", str(text), "--out", str(folder), *LONG], stderr=subprocess.PIPE
    )
    saved = folder / "checkpoint" / "manifest.json"
    waiting.until(lambda: saved.exists() or process.poll() is not None, "a checkpoint or the end")
    assert process.poll() is None
    return process


def test_interrupted_run_saves_ends_with_130_and_resumes_to_the_same_bytes(trained, tmp_path):
    whole = run("embed", "train", trained / "text.txt", "--out", tmp_path / "whole", *LONG, "--json").stdout
    process = _started(tmp_path / "v", trained / "text.txt")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    said = process.stderr.read().decode()
    process.stderr.close()
    assert said.startswith(f"error: interrupted: {tmp_path / 'v'} holds the run ")
    assert said.endswith(f" of 400. To go on: seqkit {shlex.join(process.args[3:])} --resume\n")
    again = run(
        "embed", "train", trained / "text.txt", "--out", tmp_path / "v", *LONG, "--resume", "--json"
    ).stdout
    assert json.loads(again)["matrix_sha256"] == json.loads(whole)["matrix_sha256"]


KILLED = """
import os, signal, sys
last, calls = int(sys.argv.pop(1)), 0  # this process kills itself within this call from the first step on

def count(frame, event, what):
    global calls
    begun = calls or frame.f_code.co_name == "step"
    calls += bool(begun and event in ("call", "c_call"))
    if calls == last:
        os.kill(os.getpid(), signal.SIGKILL)

sys.setprofile(count)
from seqkit.cli import main
main()
"""


@pytest.mark.slow
def test_twenty_kills_at_random_moments_still_end_in_the_same_bytes(trained, tmp_path):
    draw, kills, ends = random.Random(1), 0, 0
    whole = run("embed", "train", trained / "text.txt", "--out", tmp_path / "whole", *LONG, "--json").stdout
    words = ["embed", "train", str(trained / "text.txt"), "--out", str(tmp_path / "v"), *LONG, "--resume"]
    while kills < 20:
        command = [sys.executable, "-c", KILLED, str(int(10 ** draw.uniform(0, 7))), *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:  # it ended before: begin again, so that every kill hits a run
            assert json.loads(done.stdout)["matrix_sha256"] == json.loads(whole)["matrix_sha256"]
            shutil.rmtree(tmp_path / "v")
            ends += 1
            continue
        assert done.returncode == -signal.SIGKILL
        kills += 1
    assert ends < 10
    again = run(*words, "--json").stdout
    assert json.loads(again)["matrix_sha256"] == json.loads(whole)["matrix_sha256"]
