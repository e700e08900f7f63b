"""Taggers: both heads, every way to read characters, schemes of spans, vectors, validation.

Not handled: the command line (shell_cases).
"""

from typing import Any

import seqkit as sk
from benchmarks._fixed import data
from benchmarks._fixed.table import Results, case, saved

SMALL: dict[str, Any] = {
    "hidden_size": 8,
    "embed_dim": 8,
    "char_dim": 5,
    "char_size": 6,
    "epochs": 2,
    "batch": 16,
    "lr": 0.02,
    "device": "cpu",
    "threads": 1,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "crf": {},
    "softmax": {"head": "softmax"},
    "characters-recurrent": {"characters": "recurrent", "cell": "gru"},
    "characters-none": {"characters": "none", "min_count": 1},
    "plain": {"scheme": "plain"},
    "bio": {"scheme": "bio", "locked": True, "word_dropout": 0.1},
    "iob1": {"scheme": "iob1", "num_layers": 2, "residual": True},
    "one-way": {"bidirectional": False, "cell": "layer-norm-lstm", "seed": 9},
    "softmax-bfloat16": {"head": "softmax", "precision": "bfloat16", "accumulate": 2},
}


def facts(model: Any) -> dict[str, Any]:
    """What a trained tagger is and says of other sentences."""
    sentences, labels = data.tagged(300, 330)
    asked = [*sentences, [], ["Unheard"], "Paris is the capital of France."]
    return {
        "predict": model.predict(asked),
        "proba": model.predict_proba(asked),
        "scores": model.evaluate(sentences, labels),
        "classes": [model.classes_, model.coverage],
        "history": model.history,
        "stored": saved(model),
    }


@case
def networks() -> Results:
    """Every head, scheme and way to read characters."""
    return {name: facts(sk.Tagger(**(SMALL | given)).fit(*data.tagged())) for name, given in VARIANTS.items()}


@case
def labels() -> Results:
    """Labels that are no spans, some of them missing."""
    sentences, _ = data.tagged()
    tags = [
        [None if len(word) == 4 else "LONG" if len(word) > 4 else "SHORT" for word in words]
        for words in sentences
    ]
    made = sk.Tagger(**SMALL).fit(sentences, tags)
    return {
        "plain": [
            made.predict(sentences[:9]),
            made.evaluate(sentences[9:19], tags[9:19]),
            saved(made),
            made.history,
        ]
    }


@case
def vectors() -> Results:
    """Vectors beside the trained embedding; the best epoch is kept; a run that was stopped goes on."""
    sentences, tags = data.tagged()
    known = sorted({word for words in sentences for word in words})[::3]
    beside = data.random_vectors([*known, "unheard", "nine", "six"], 7)
    found: Results = {}
    for name, given in {"crf": {}, "softmax": {"head": "softmax", "characters": "none"}}.items():
        model = sk.Tagger(**(SMALL | given | {"epochs": 4, "patience": 2}))
        found[name] = facts(model.fit(sentences, tags, vectors=beside, valid=data.tagged(200, 230)))
    with data.stopped_after(5) as report:
        sk.Tagger(**SMALL).fit(sentences, tags, checkpoint="half", report=report)
    found["half"] = facts(sk.Tagger(**SMALL).fit(sentences, tags, checkpoint="half", resume=True))
    return found
