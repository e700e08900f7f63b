"""seqkit bias from outside: every command, plain and JSON; bad input gives one sentence, the right exit code, nothing written."""

import json
import re

import numpy as np
import pytest
import shell

from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


def run(*args, code=0):
    return shell.run("bias", *args, code=code)


def refused(*args, code, text):
    done = run(*args, code=code)
    assert done.stdout == ""
    (line,) = done.stderr.strip().split("\n")
    assert line.startswith("error: ")
    assert re.search(text, line), line


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Vectors with all words of the gender sets and 600 others, and a bias planted on half of the professions."""
    folder = tmp_path_factory.mktemp("bias")
    sets, random = WordSets.gender(), np.random.default_rng(0)
    listed = list(dict.fromkeys([*sets.protected, *(word for part in sets.lists.values() for word in part)]))
    words = [
        *listed,
        *(f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(600)),
        "<script>",
        "nobody2",
    ]
    matrix = random.normal(size=(len(words), 24))
    g = np.eye(24)[0]
    matrix[:, 0] *= 0.2
    index = {word: i for i, word in enumerate(words)}
    for woman, man in (*sets.definitional, *sets.equalize):
        matrix[index[man]] = matrix[index[woman]]
        matrix[index[woman]] += 2 * g
        matrix[index[man]] -= 2 * g
    for i, job in enumerate(sets.lists["professions"]):
        matrix[index[job]] += (2 if i % 2 else -2) * g
    for name, side in (("career", -1), ("family", 1)):
        matrix[[index[word] for word in sets.lists[name]]] += side * g
    Vectors(Vocab(words, np.arange(len(words), 0, -1)), matrix.astype(np.float32)).save(folder / "v")
    (folder / "questions.txt").write_text(": gram\nwoman man girl boy\nmother father daughter son\n")
    (folder / "pairs.txt").write_text("nurse\tdoctor\t9\ncareer\tfamily\t1\nscience\tarts\t5\n")
    return folder


def test_measure_prints_every_number_with_its_settings(folder):
    done = run("measure", folder / "v", "--measure", "weat", "--measure", "direct-bias")
    assert re.search(r"weat career/family +-1\.\d{4} +-\d\.\d{4}–-?\d\.\d{4} .* yes +24 +0", done.stdout)
    assert done.stdout.startswith("measure")
    told = json.loads(run("measure", folder / "v", "--draws", 100, "--anchor", "nurse", "--json").stdout)
    named = {score["name"]: score for score in told["scores"]}
    assert {
        "direct-bias",
        "ect",
        "mac",
        "ripa",
        "rnd",
        "sc-weat",
        "gonen-svm",
        "gonen-mlp",
        "indirect-bias",
    } <= named.keys()
    assert named["weat career/family"]["claimed"] is True
    assert named["direct-bias"]["signature"]["draws"] == 100
    assert list(told["refused"]) == ["rnsb"]  # no pleasant and unpleasant words among the gender sets


def test_remove_writes_vectors_and_the_eraser(folder, tmp_path):
    done = run(
        "remove", folder / "v", "--out", tmp_path / "fair", "--eraser", tmp_path / "eraser", "--set", "dims=1"
    )
    assert "hard, 1 directions" in done.stdout
    before, after = Vectors.load(folder / "v"), Vectors.load(tmp_path / "fair")
    again = Eraser.load(tmp_path / "eraser")(before)
    assert (again.matrix == after.matrix).all()
    bias = [
        json.loads(run("measure", v, "--measure", "direct-bias", "--json").stdout)["scores"][0]["value"]
        for v in (folder / "v", tmp_path / "fair")
    ]
    assert bias[0] > 0.3
    assert bias[1] < 0.01  # the direction is found anew, in the new vectors
    told = json.loads(
        run("remove", folder / "v", "--out", tmp_path / "f.txt", "--to", "word2vec", "--json").stdout
    )
    assert told["method"] == "hard"
    assert len(Vectors.load(tmp_path / "f.txt")) == len(before)


@pytest.mark.parametrize(
    "method", ["soft", "double-hard", "inlp:rounds=3,examples=100", "leace", "transport:pool=50"]
)
def test_remove_knows_every_method(folder, tmp_path, method):
    run("remove", folder / "v", "--method", method, "--out", tmp_path / "v")
    assert Vectors.load(tmp_path / "v").dim == 24


def test_report_writes_one_page_that_runs_and_loads_nothing(folder, tmp_path):
    args = [
        "report",
        folder / "v",
        "--analogies",
        folder / "questions.txt",
        "--similarity",
        folder / "pairs.txt",
        "--draws",
        50,
    ]
    done = run(*args, "--method", "hard", "--method", "leace", "--out", tmp_path / "r.html")
    assert "before, hard, leace" in done.stdout
    page = (tmp_path / "r.html").read_text()
    assert not re.search(r"<script|src=|href=|url\(|@import", page)
    assert "default-src 'none'" in page
    assert re.search(r"The \d+ words of the classifiers were not shown to the methods", page)
    for text in (
        "Bias",
        "What can still be found",
        "Use",
        "Projection on the direction",
        "Words lost",
        "questions",
        "pairs",
    ):
        assert text in page
    assert page.count("<svg") == page.count("</svg>") > 10
    assert "nan" not in page.lower()
    told = json.loads(
        run(
            *args, "--method", "hard", "--measure", "direct-bias", "--out", tmp_path / "r.json", "--json"
        ).stdout
    )
    assert told == json.loads((tmp_path / "r.json").read_text())
    assert {row["state"] for row in told["utility"]} == {"before", "hard"}
    assert abs(told["projection"]["hard"]["nurse"]) < 1e-6


def test_seat_measures_the_states_of_a_language_model(tmp_path):
    hers, his, things = (
        ["nurse", "nanny", "maid", "aide"],
        ["smith", "miner", "pilot", "guard"],
        "abcdefghijklmnopqrstuvwxyz",
    )
    women, men = [*hers, "woman", "girl", "lady"], [*his, "man", "boy", "lord"]
    lines = [
        f"the {word} took {own} {thing * 3} . this is the {word} and {own} {thing * 3}"
        for part, own in ((women, "her"), (men, "his"))
        for word in part
        for thing in things
    ]
    (tmp_path / "text.txt").write_text("\n".join(lines[i * 101 % len(lines)] for i in range(len(lines))))
    pairs = list(zip(women[4:], men[4:], strict=True))
    sets = WordSets(
        "jobs", pairs, lists={"career": (*his, "judge"), "family": hers}, classes=("female", "male")
    )
    sets.save(tmp_path / "sets.json")
    small = (
        "--hidden",
        32,
        "--layers",
        1,
        "--epochs",
        12,
        "--batch",
        4,
        "--lr",
        0.01,
        "--threads",
        1,
        "--quiet",
    )
    shell.run("lm", "train", tmp_path / "text.txt", *small, "--out", tmp_path / "m.lm")
    args = [
        "measure",
        tmp_path / "m.lm",
        "--measure",
        "seat",
        "--sets",
        tmp_path / "sets.json",
        "--template",
        "the {}",
    ]
    told = json.loads(run(*args, "--json").stdout)["scores"]
    (score,) = told
    assert score["name"] == "seat career/family"
    assert score["value"] < -1.2  # careers stand with the men, the second class
    assert score["claimed"] is True
    assert (score["missing"], score["lost"]["career"]) == (1, ["judge"])
    assert {"pooling": "last", "templates": ["the {}"], "each": "word"}.items() <= score["signature"].items()
    default = run(*args[:6], "--pooling", "mean")
    assert "not measured: template 'that is {}'" in default.stderr
    assert re.search(r"seat career/family +-", default.stdout)
    refused(*args, "--pooling", "max", code=2, text="expected 'last' or 'mean'")
    refused(*args, "--template", "a cat", code=2, text="got template 'a cat', expected text with one {}")
    refused(
        *args,
        "--template",
        "xyz {}",
        code=2,
        text="templates 'xyz {}' have words that the model does not know",
    )


def test_words_shows_lists_licence_checksum_and_what_is_missing(folder):
    shown = run("words").stdout
    assert all(name in shown for name in ("gender", "religion", "ethnicity", "age", "CC0-1.0", "woman–man"))
    told = json.loads(run("words", "gender", "--vectors", folder / "v", "--json").stdout)[0]
    assert told["sha256"] == WordSets.gender().checksum
    assert all(part["missing"] == 0 for part in told["parts"])
    told = json.loads(run("words", "religion", "--vectors", folder / "v", "--json").stdout)[0]
    assert all("jewish" in part["lost"] or part["list"] != "definitional" for part in told["parts"])


def test_bad_input_gives_one_sentence_and_nothing_half_written(folder, tmp_path):
    out = tmp_path / "out"
    (tmp_path / "bad.json").write_text('{"kind": "word-sets", "name": "x", "lists": {"a": "word"}}')
    (tmp_path / "nan.txt").write_text("a 1 2\nb nan 2\n")
    (tmp_path / "small.txt").write_text("a 1 2\nb 2 2\nhe 1 1\nshe 1 0\n")
    refused("measure", folder / "none", code=3, text="none")
    refused("measure", tmp_path / "nan.txt", code=3, text="nan")
    refused("measure", folder / "v", "--sets", "gendr", code=2, text="Did you mean 'gender'")
    refused(
        "measure", folder / "v", "--sets", tmp_path / "bad.json", code=3, text=r"bad\.json: not word sets"
    )
    refused(
        "measure",
        folder / "v",
        "--measure",
        "waet",
        code=2,
        text="unknown measure 'waet'.*Did you mean 'weat'",
    )
    refused(
        "measure",
        folder / "v",
        "--measure",
        "seat",
        code=4,
        text="holds vectors, expected language-model",
    )
    refused(
        "measure",
        folder / "v",
        "--measure",
        "seat",
        "--measure",
        "weat",
        code=2,
        text="got seat, weat, expected seat alone",
    )
    refused("measure", folder / "v", "--draws", -1, code=2, text="draws")
    refused(
        "measure",
        tmp_path / "small.txt",
        "--measure",
        "direct-bias",
        code=5,
        text="definitional: 12 of 13 sets are lost",
    )
    refused("remove", folder / "v", "--method", "hrad", "--out", out, code=2, text="Did you mean 'hard'")
    refused(
        "remove",
        folder / "v",
        "--method",
        "inlp:round=1",
        "--out",
        out,
        code=2,
        text="unknown setting 'round'",
    )
    refused(
        "remove",
        folder / "v",
        "--set",
        "dim=1",
        "--out",
        out,
        code=2,
        text="unknown setting 'dim'.*Did you mean 'dims'",
    )
    refused(
        "remove",
        folder / "v",
        "--sets",
        "religion",
        "--out",
        out,
        code=5,
        text="not in the vocabulary|are lost",
    )
    refused(
        "report",
        folder / "v",
        "--out",
        tmp_path / "r.pdf",
        code=2,
        text=r"expected a name that ends in \.html or \.json",
    )
    refused(
        "report",
        folder / "v",
        "--analogies",
        tmp_path / "no.txt",
        "--out",
        tmp_path / "r.html",
        code=3,
        text="no such file",
    )
    refused("words", "sex", code=2, text="unknown word sets 'sex'")
    refused("words", tmp_path / "no.json", code=3, text="no such file")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.json", "nan.txt", "small.txt"]
