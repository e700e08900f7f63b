"""Text classifiers: every reader and pooling, n-grams, class weights, tasks, vectors, language models.

Not handled: the command line (shell_cases), diagnoses (search_cases).
"""

from typing import Any

import seqkit as sk
from benchmarks._fixed import data
from benchmarks._fixed.table import Results, case, saved

AVERAGED: dict[str, Any] = {
    "unit": "whitespace",
    "embed_dim": 12,
    "epochs": 3,
    "batch": 32,
    "device": "cpu",
    "threads": 1,
}
RECURRENT = AVERAGED | {"reader": "recurrent", "hidden_size": 8, "epochs": 1}
VARIANTS: dict[str, dict[str, Any]] = {
    "averaged": AVERAGED,
    "summed": AVERAGED | {"reader": "summed", "lr": 0.02},
    "ngrams": AVERAGED | {"ngrams": 3, "buckets": 5000, "word_dropout": 0.1},
    "balanced": AVERAGED | {"class_weight": "balanced"},
    "weighted": AVERAGED | {"class_weight": {"0": 2.0, "1": 0.5}, "schedule": "linear", "seed": 5},
    "words": AVERAGED | {"unit": "word", "lower": True, "min_count": 3, "max_size": 40, "max_length": 6},
    "subwords": AVERAGED | {"unit": "subword:bpe", "max_size": 120},
    "many": RECURRENT
    | {"cell": "gru", "num_layers": 2, "residual": True, "locked": True, "bidirectional": False},
    "recurrent-weighted": RECURRENT | {"class_weight": "balanced", "word_dropout": 0.2, "max_length": 8},
    "sgd": RECURRENT | {"optimizer": "sgd", "lr": 0.5, "epochs": 2},
    **{
        f"pooling-{name}": RECURRENT | {"pooling": name}
        for name in ("max", "mean", "last", "attention", "all")
    },
}


def facts(model: Any) -> dict[str, Any]:
    """What a trained classifier is and says of other texts."""
    texts, labels = data.reviews(600, 660)
    told = {
        "coverage": model.coverage,
        "padding": model.padding,
        "unknown": model.unknown([*texts, "unheard word"]),
    }
    proba = model.predict_proba(texts)
    tasks = proba if isinstance(proba, list) else [proba]
    score = model.score(texts, labels) if len(tasks) == 1 else None
    said = {"predict": model.predict(texts).tolist(), "proba": tasks, "score": score}
    return told | said | {"history": model.history, "stored": saved(model)}


@case
def readers() -> Results:
    """Every reader and pooling, with its settings."""
    return {name: facts(sk.TextClassifier(**given).fit(*data.reviews())) for name, given in VARIANTS.items()}


@case
def validated() -> Results:
    """The best epoch is kept; one that no longer improves ends."""
    valid = data.reviews(300, 360)
    made = {
        "averaged": AVERAGED | {"epochs": 6, "patience": 2, "lr": 0.5},
        "recurrent": RECURRENT | {"epochs": 4, "patience": 1, "lr": 0.05},
    }
    return {
        name: facts(sk.TextClassifier(**given).fit(*data.reviews(), valid=valid))
        for name, given in made.items()
    }


@case
def tasks() -> Results:
    """Several columns of labels that share a reader; some are missing."""
    texts, labels = data.reviews()
    lengths = ["long" if len(text.split()) > 7 else "short" for text in texts]
    rows = [[y if i % 7 else None, n] for i, (y, n) in enumerate(zip(labels, lengths, strict=True))]
    return {
        name: facts(sk.TextClassifier(**given).fit(texts, rows))
        for name, given in {"averaged": AVERAGED, "recurrent": RECURRENT}.items()
    }


@case
def pretrained() -> Results:
    """From vectors of words and of subwords, from a language model; frozen for a while or for good."""
    texts, labels = data.reviews()
    lines = sk.Corpus.build(texts, add_eos=True, threads=1)
    vectors = data.random_vectors(["film", "good", "bad", "unheard", "taste"], 12)
    pieces = sk.SkipGram(
        dim=12, loss="subwords", buckets=200, epochs=1, min_count=1, threads=1, deterministic=True
    ).fit(lines)
    lm = sk.LanguageModel(
        hidden_size=10, num_layers=2, epochs=1, batch=8, bptt=10, device="cpu", threads=1
    ).fit(lines)
    made: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "averaged-vectors": (AVERAGED | {"freeze": 1.5}, {"vectors": vectors}),
        "averaged-subwords": (AVERAGED | {"vectors_scale": 0.0}, {"vectors": pieces}),
        "recurrent-vectors": (RECURRENT | {"freeze": 1, "epochs": 2}, {"vectors": vectors}),
        "recurrent-frozen": (RECURRENT | {"freeze": 9}, {"vectors": vectors}),
        "lm": (RECURRENT | {"freeze": 0.5, "epochs": 2, "pooling": "all"}, {"lm": lm}),
        "lm-vectors": (RECURRENT, {"lm": lm, "vectors": vectors}),
    }
    return {
        name: facts(sk.TextClassifier(**given).fit(texts, labels, **start))
        for name, (given, start) in made.items()
    }


@case
def resumed() -> Results:
    """Stopped within an epoch and gone on with."""
    found: Results = {}
    for name, given in {"averaged": AVERAGED, "recurrent": RECURRENT | {"epochs": 2}}.items():
        with data.stopped_after(6) as report:
            sk.TextClassifier(**given).fit(*data.reviews(), checkpoint=name, report=report)
        found[name] = facts(sk.TextClassifier(**given).fit(*data.reviews(), checkpoint=name, resume=True))
    return found
