"""Small trainings whose losses, scores and predictions are the same on every device, but for rounding.

No dropout: its draws differ between devices. golden.json holds what a CPU gave.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import seqkit as sk

GOLDEN = Path(__file__).parent / "golden.json"
LIMIT, LOW_LIMIT = 2e-3, 5e-2  # largest relative difference: float32, bfloat16
LINES = ["the cat sat on the mat", "the dog sat on the rug", "a bird sang", "the cat saw a bird"] * 12
NAMES = ["Anna", "Bo", "Cleo", "Dan"]
SENTENCES = [
    text.split()
    for one in NAMES
    for other in NAMES
    for text in (f"{one} {other} saw Rome", f"a man saw {one}", f"Rome saw {other} Inc today .", "it rained")
]
TAGS = [
    tags.split()
    for _ in range(len(NAMES) ** 2)
    for tags in ("I-PER I-PER O I-LOC", "O O O I-PER", "I-LOC O I-ORG I-ORG O O", "O O")
]
TEXTS, LABELS = ["a good film", "a bad film", "good fun", "bad"] * 8, ["p", "n", "p", "n"] * 8
SOURCES = [" ".join("abcdefgh"[(i * k + k) % 8] for k in range(1 + i % 6)) for i in range(40)]
TARGETS = [" ".join(reversed(text.upper().split())) for text in SOURCES]


def losses(model: Any) -> list[float]:
    """The loss of each epoch."""
    return [epoch.loss.mean for epoch in model.history]


def language_model(device: str, **settings: Any) -> dict[str, Any]:
    """Trained, scored, and continued without a draw."""
    corpus = sk.Corpus.build(LINES, "whitespace", add_eos=True)
    usual = {"hidden_size": 16, "num_layers": 2, "epochs": 3, "batch": 4, "bptt": 5, "lr": 0.01}
    model = sk.LanguageModel(**usual | settings, device=device).fit(corpus, valid=corpus)
    return {
        "loss": losses(model),
        "valid": [epoch.validation for epoch in model.history],
        "score": model.score_file(LINES).loss.mean,
        "rows": [score.loss.mean for score in model.score(LINES[:5])],
        "greedy": model.sample("the cat", seeds=[1], length=12, temperature=0)[0].text,
    }


def tagger(device: str, **settings: Any) -> dict[str, Any]:
    """Trained, with probabilities and labels."""
    usual = {"hidden_size": 12, "embed_dim": 8, "char_dim": 4, "char_size": 6, "epochs": 4, "batch": 8}
    model = sk.Tagger(**usual | {"lr": 0.02, "dropout": 0.0} | settings, device=device).fit(SENTENCES, TAGS)
    chances = [float(rows.max()) for rows in model.predict_proba(SENTENCES[:4])]
    return {"loss": losses(model), "chances": chances, "labels": model.predict(SENTENCES[:4])}


def classifier(device: str, **settings: Any) -> dict[str, Any]:
    """Trained, with probabilities."""
    usual = {"unit": "whitespace", "reader": "recurrent", "hidden_size": 8, "embed_dim": 8, "epochs": 3}
    model = sk.TextClassifier(**usual | {"batch": 8, "dropout": 0.0} | settings, device=device)
    model.fit(TEXTS, LABELS)
    return {"loss": losses(model), "chances": model.predict_proba(TEXTS[:4]).tolist()}


def translator(device: str, **settings: Any) -> dict[str, Any]:
    """Trained, with translations by a beam."""
    usual = {"unit": "whitespace", "hidden_size": 12, "embed_dim": 8, "epochs": 3, "batch": 8, "dropout": 0.0}
    model = sk.Translator(**usual | settings, device=device).fit(SOURCES, TARGETS)
    return {"loss": losses(model), "texts": [best.text for best, *_ in model.translate(SOURCES[:6])]}


def generator(device: str) -> dict[str, Any]:
    """Trained, with labels by Bayes' rule."""
    labels = ["up", "down"] * 20
    model = sk.Generator(hidden_size=12, embed_dim=6, epochs=3, batch=8, dropout=0.0, device=device)
    model.fit(labels, ["abcde" if label == "up" else "edcba" for label in labels])
    return {"loss": losses(model), "labels": model.predict(["abc", "ed"])}


def window(device: str) -> dict[str, Any]:
    """Trained."""
    sizes = {"dim": 6, "hidden_size": 8, "window": 2, "min_count": 1, "epochs": 2, "batch": 16}
    model = sk.WindowModel(context="both", **sizes, device=device)
    model.fit(sk.Corpus.build(LINES))
    return {"loss": losses(model)}


CELLS = ("lstm", "gru", "rnn", "gru-before", "peephole-lstm", "layer-norm-lstm", "min-gru")
CASES: dict[str, Callable[[str], dict[str, Any]]] = {
    **{f"lm {cell}": partial(language_model, cell=cell) for cell in CELLS},
    "lm adaptive": partial(language_model, head="adaptive-softmax"),
    "lm bfloat16": partial(language_model, precision="bfloat16"),
    "lm learned state": partial(language_model, learned_state=True, residual=True, embed_dim=8),
    "tagger": tagger,
    "tagger recurrent": partial(tagger, characters="recurrent"),
    "tagger softmax": partial(tagger, head="softmax", characters="none"),
    "classifier": classifier,
    "classifier all": partial(classifier, pooling="all"),
    "translator luong": translator,
    "translator bahdanau": partial(translator, attention="bahdanau"),
    "generator": generator,
    "window": window,
}


def apart(wanted: Any, found: Any) -> float:
    """The largest relative difference of numbers; 1 where anything else differs.

    >>> apart({"a": [1.0, "x"]}, {"a": [1.5, "x"]})
    0.3333333333333333
    """
    if isinstance(wanted, dict):
        return max((apart(value, found.get(name)) for name, value in wanted.items()), default=0.0)
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(wanted) != len(found):
            return 1.0
        return max(map(apart, wanted, found), default=0.0)
    if isinstance(wanted, int | float) and isinstance(found, int | float):
        return abs(wanted - found) / max(abs(wanted), abs(found), 1e-3)
    return float(wanted != found)


def compare(name: str, device: str) -> float:
    """How far a case is from its golden values on a device."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return apart(golden[name], json.loads(json.dumps(CASES[name](device))))


def limit(name: str) -> float:
    """How far it may be."""
    return LOW_LIMIT if "bfloat16" in name else LIMIT
