"""seqkit embed count, merge and train --loss glove, from outside."""

import json
import re

import pytest
from shell import TEXT, run

from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.vectors.vectors import Vectors


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("glove")
    (folder / "text.txt").write_text(TEXT)
    run("embed", "count", folder / "text.txt", "--out", folder / "c", "--threads", 1, "--quiet")
    return folder


def test_counting_is_the_same_with_little_memory_and_from_a_corpus(counted, tmp_path):
    told = json.loads(
        run(
            "embed",
            "count",
            counted / "text.txt",
            "--out",
            tmp_path / "c",
            "--memory",
            "8K",
            "--threads",
            1,
            "--json",
        ).stdout
    )
    whole = Cooccurrence.load(counted / "c")
    assert told["fingerprint"] == whole.fingerprint
    assert told["words"] == 14
    assert whole["king", "rules"] == 60.0
    run("corpus", "build", counted / "text.txt", "--out", tmp_path / "corpus")
    run("embed", "count", tmp_path / "corpus", "--out", tmp_path / "c2", "--set", "distance=text", "--quiet")
    one_sided = json.loads(
        run("embed", "count", "-", "--one-sided", "--out", tmp_path / "c3", "--json", input=TEXT).stdout
    )
    assert one_sided["settings"]["symmetric"] is False
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c", "c2", "c3", "corpus"]


def test_dry_run_tells_pairs_memory_and_disk_and_writes_nothing(counted, tmp_path):
    told = json.loads(
        run("embed", "count", counted / "text.txt", "--out", tmp_path / "c", "--dry-run", "--json").stdout
    )
    assert told["pairs"] > 0
    assert told["blocks"] == 1
    assert told["disk"] > 0
    assert list(tmp_path.iterdir()) == []


def test_shards_with_one_vocabulary_merge_to_the_whole(counted, tmp_path):
    lines = TEXT.split("\n")
    for name, part in (("1", lines[:100]), ("2", lines[100:])):
        (tmp_path / f"{name}.txt").write_text("\n".join(part))
        run(
            "embed",
            "count",
            tmp_path / f"{name}.txt",
            "--vocab",
            counted / "c",
            "--out",
            tmp_path / name,
            "--quiet",
        )
    merged = json.loads(
        run("embed", "merge", tmp_path / "1", tmp_path / "2", "--out", tmp_path / "m", "--json").stdout
    )
    assert merged["fingerprint"] == Cooccurrence.load(counted / "c").fingerprint


def test_training_from_text_and_from_counts_gives_the_same_vectors(counted, tmp_path):
    args = ["--loss", "glove", "--dim", 8, "--epochs", 3, "--json"]
    told = json.loads(run("embed", "train", counted / "text.txt", *args, "--out", tmp_path / "a").stdout)
    again = json.loads(
        run("embed", "train", counted / "c", *args, "--out", tmp_path / "b", "--threads", 1, "--quiet").stdout
    )
    assert told["matrix_sha256"] == again["matrix_sha256"]
    assert told["model"] == "GloVe"
    assert told["settings"]["window"] == 10
    assert told["history"][0]["pairs"] == Cooccurrence.load(counted / "c").num_pairs
    assert (tmp_path / "a" / "counts" / "manifest.json").is_file()
    assert len(Vectors.load(tmp_path / "a")) == 14
    resumed = run("embed", "train", counted / "c", *args, "--out", tmp_path / "b", "--resume").stdout
    assert json.loads(resumed)["matrix_sha256"] == told["matrix_sha256"]
    estimate = json.loads(
        run("embed", "train", counted / "text.txt", *args, "--out", tmp_path / "x", "--dry-run").stdout
    )
    assert estimate["unit"] == "pairs"
    assert not (tmp_path / "x").exists()


BAD = [
    (
        ["embed", "count", "{t}", "--out", "{o}", "--memory", "lots"],
        2,
        "memory: got 'lots', expected a size",
    ),
    (["embed", "count", "{t}", "--out", "{o}", "--memory", "0"], 2, "memory: got '0'"),
    (
        ["embed", "count", "{t}", "--out", "{o}", "--memory", "100"],
        6,
        "got memory of 100 bytes; 14 words",
    ),
    (["embed", "count", "{t}", "--out", "{o}", "--window", "0"], 2, "window: got 0, expected at least 1"),
    (["embed", "count", "{t}", "--out", "{o}", "--weighting", "squared"], 2, "weighting: got 'squared'"),
    (["embed", "count", "{t}", "--out", "{o}", "--min-count", "9999"], 3, "was seen 9,999 times or more"),
    (["embed", "count", "{t}", "--out", "{o}", "--vocab", "{t}-none"], 3, "no such file or folder"),
    (["embed", "count", "{t}-none", "--out", "{o}"], 3, "no such file, folder or match"),
    (["embed", "count", "{t}", "--out", "/proc/nowhere/x"], 6, "cannot be"),
    (["embed", "merge", "{c}", "{t}-none", "--out", "{o}"], 3, "no such file or folder"),
    (["embed", "train", "{c}", "--out", "{o}"], 4, "holds cooccurrence, expected corpus"),
    (
        ["embed", "train", "{t}", "--loss", "glove", "--negatives", "5", "--out", "{o}"],
        2,
        "--negatives: got a value, expected none: a setting of negative-sampling",
    ),
    (
        ["embed", "train", "{t}", "--loss", "glove", "--subsample", "0.1", "--out", "{o}"],
        2,
        "--subsample: got a value, expected none: a setting of full-softmax",
    ),
    (
        ["embed", "train", "{t}", "--loss", "glove", "--context", "cbow", "--out", "{o}"],
        2,
        "glove: got context 'cbow', expected none",
    ),
    (
        ["embed", "train", "{t}", "--loss", "glove", "--initial", "{c}", "--out", "{o}"],
        2,
        "glove: got initial, expected none",
    ),
    (
        ["embed", "train", "{c}", "--loss", "glove", "--window", "3", "--out", "{o}"],
        2,
        "made with window 10, 3 was asked for",
    ),
    (["embed", "train", "{t}", "--loss", "glove", "--lr", "1e30", "--out", "{o}"], 1, "loss became"),
]


@pytest.mark.parametrize(
    ("args", "code", "message"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else None
)
def test_bad_input_gets_one_sentence_and_its_exit_code(counted, tmp_path, args, code, message):
    places = {"t": counted / "text.txt", "c": counted / "c", "o": tmp_path / "out"}
    done = run(*[arg.format(**places) for arg in args], code=code)
    assert re.search(message, done.stderr)
    assert done.stdout == ""
    assert not (tmp_path / "out" / "manifest.json").exists()
