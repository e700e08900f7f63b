"""Searches of settings, range tests of rates, diagnoses.

Not handled: several workers on one search; times (they vary).
"""

from typing import Any

import seqkit as sk
from benchmarks._fixed import data
from benchmarks._fixed.table import Results, case, stored

LM: dict[str, Any] = {
    "hidden_size": 8,
    "num_layers": 1,
    "epochs": 3,
    "batch": 6,
    "bptt": 10,
    "device": "cpu",
    "threads": 1,
}
READER: dict[str, Any] = {"unit": "whitespace", "embed_dim": 8, "epochs": 2, "device": "cpu", "threads": 1}
METHODS: dict[str, dict[str, Any]] = {
    "random": {"trials": 4},
    "halving": {"trials": 9, "method_settings": {"eta": 3}},
    "coarse-to-fine": {"trials": 6, "method_settings": {"rounds": 2, "margin": 0.1}},
    "grid": {"trials": 6, "method_settings": {"points": 3}},
}
SPACE = {"lr": "1e-3..1:log", "cell": ["gru", "rnn"]}


def texts() -> tuple[Any, Any]:
    """A corpus to train on and one to validate on, in the same ids."""
    train = data.corpus(0, 80, add_eos=True)
    cut = sk.tokenizer("whitespace").with_vocab(train.vocab)
    return train, sk.Corpus.build(data.planted("text.txt", 900, 930), cut, add_eos=True, threads=1)


@case
def tune() -> Results:
    """Every method on a language model; a classifier and a tagger; gone on with after it ended."""
    train, valid = texts()
    found: Results = {}
    for method, given in METHODS.items():
        searched = sk.tune(
            sk.LanguageModel(**LM), SPACE, train, valid=valid, out=method, method=method, **given
        )
        found[method] = [searched, searched.best.number, searched.units, stored(method)]
    more = sk.tune(sk.LanguageModel(**LM), SPACE, train, valid=valid, out="random", trials=5)
    found["random-longer"] = more
    space = {"lr": None, "dropout": "0..0.5", "embed_dim": "4..16"}
    model = sk.TextClassifier(**READER)
    found["classifier"] = sk.tune(
        model, space, *data.reviews(), valid=data.reviews(300, 360), out="classifier", trials=3, seed=4
    )
    tagger = sk.Tagger(hidden_size=6, embed_dim=6, characters="none", epochs=1, device="cpu", threads=1)
    tags = data.tagged(200, 220)
    return found | {
        "tagger": sk.tune(tagger, {"lr": None}, *data.tagged(0, 60), valid=tags, out="tagger", trials=2)
    }


@case
def find_lr() -> Results:
    """Range tests of four kinds of models."""
    train, _ = texts()
    translator = sk.Translator(
        unit="whitespace", hidden_size=8, embed_dim=8, batch=16, device="cpu", threads=1
    )
    return {
        "lm": sk.find_lr(sk.LanguageModel(**LM), train, steps=40),
        "averaged": sk.find_lr(sk.TextClassifier(**READER), *data.reviews(), steps=30, low=1e-3),
        "recurrent": sk.find_lr(
            sk.TextClassifier(**READER, reader="recurrent", hidden_size=8), *data.reviews(), steps=30
        ),
        "translator": sk.find_lr(translator, *data.pairs(), steps=25, high=1.0),
    }


@case
def diagnose() -> Results:
    """What ails a classifier, with copies, slices and wrong labels to be found."""
    rows, labels = data.reviews(0, 360)
    labels = [("1" if y == "0" else "0") if i % 17 == 3 else y for i, y in enumerate(labels)]
    first = [text.split()[0] for text in rows]
    parts = {
        "train": sk.Part(rows[:200], labels[:200], slices={"first": first[:200]}),
        "dev": sk.Part([*rows[200:250], *rows[:4]], labels[200:254], slices={"first": first[200:254]}),
        "test": sk.Part(rows[254:], labels[254:], slices={"first": first[254:]}),
    }
    found: Results = {"averaged": sk.diagnose(sk.TextClassifier(**READER), parts)}
    slow = sk.TextClassifier(**READER | {"reader": "recurrent", "hidden_size": 6, "lr": 0.5})
    return found | {"recurrent": sk.diagnose(slow, parts)}


@case
def commands() -> Results:
    """Searches and diagnoses by the command line."""
    data.write("text.txt", data.planted("text.txt", 0, 80))
    data.write("valid.txt", data.planted("text.txt", 900, 930))
    for name, (low, high) in {"film": (0, 300), "dev": (300, 360), "test": (360, 420)}.items():
        data.write(f"{name}.tsv", [f"{y}\t{text}" for text, y in zip(*data.reviews(low, high), strict=True)])
    cpu, quiet = "--device cpu --threads 1", "--quiet --json"
    small = f"--set hidden_size=6 --set num_layers=1 --set epochs=2 --set batch=6 --set bptt=10 {cpu}"
    reader = f"--set unit=whitespace --set epochs=2 {cpu}"
    parts = "film.tsv --dev dev.tsv --test test.tsv --human 0.05"
    asked = {
        "tune-lm": f"tune lm text.txt --valid valid.txt --space lr --trials 2 --out lm {small} {quiet}",
        "tune-classify": f"tune classify film.tsv --space lr --trials 2 --out clf {reader} {quiet}",
        "show": "tune show lm --json",
        "lr-lm": f"tune lr lm text.txt --steps 25 {small} --json",
        "lr-classify": f"tune lr classify film.tsv --steps 25 {reader} --json",
        "diagnose": f"diagnose run {parts} {reader} --out film.json {quiet}",
        "duplicates": "diagnose duplicates film.tsv dev.tsv test.tsv --json",
        "split": "diagnose split film.tsv --out parts --seed 3 --json",
        "sheet": "diagnose sheet film.json --out film.csv --rows 10 --json",
        "choose": "diagnose choose film.json --optimise macro_f1 --json",
    }
    printed = dict(zip(asked, data.shell(*asked.values()), strict=True))
    return printed | {"lm-stored": stored("lm"), "classifier-stored": stored("clf")}
