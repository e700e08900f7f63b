"""Translators and generators: every attention, setting and unit; beams, alignments, conditions, samples.

Not handled: the command line (shell_cases).
"""

from typing import Any

import numpy as np

import seqkit as sk
from benchmarks._fixed import data
from benchmarks._fixed.table import Results, case, saved

SMALL: dict[str, Any] = {
    "unit": "whitespace",
    "hidden_size": 10,
    "embed_dim": 8,
    "batch": 16,
    "lr": 0.02,
    "epochs": 2,
    "device": "cpu",
    "threads": 1,
}
TRANSLATORS: dict[str, dict[str, Any]] = {
    "luong": {},
    "bahdanau": {"attention": "bahdanau"},
    "none": {"attention": "none"},
    "untied": {"tie": False, "decoder_layers": 2, "decoder_size": 12, "cell": "gru"},
    "forcing": {"teacher_forcing": 0.8, "teacher_forcing_end": 0.3},
    "forcing-bahdanau": {"teacher_forcing": 0.5, "attention": "bahdanau", "num_layers": 2},
    "smoothing": {"label_smoothing": 0.2, "dropout": 0.1, "locked": True},
    "subwords": {"unit": "subword:bpe", "max_size": 90},
    "words": {"unit": "word", "lower": True, "min_count": 3, "max_size": 40, "cell": "rnn"},
    "characters": {"unit": "character", "epochs": 1},
}
GENERATORS: dict[str, dict[str, Any]] = {
    "characters": {},
    "words": {"unit": "whitespace", "min_count": 2, "cell": "gru", "num_layers": 2},
    "wide": {"condition_dim": 3, "hidden_size": 12, "seed": 6},
}


def translated(model: Any) -> dict[str, Any]:
    """What a trained translator is and writes."""
    sources, targets = data.pairs(400, 420)
    searches: dict[str, dict[str, Any]] = {
        "greedy": {"beam": 1},
        "beam": {},
        "top": {"beam": 3, "top": 3, "length_penalty": 0.0},
        "short": {"beam": 4, "max_length": 4, "ban_unk": False},
    }
    found: dict[str, Any] = {
        name: model.translate([*sources, "unheard words"], **how) for name, how in searches.items()
    }
    if model.get_params()["attention"] != "none":
        found["align"] = [model.align(sources[0]), model.align(sources[1], targets[1])]
    found |= {
        "loss": model.loss(sources, targets),
        "bleu": model.measure(sources, targets, tokenize="none", beam=2),
    }
    return found | {"history": model.history, "sizes": model.sizes, "stored": saved(model)}


def generated(model: Any, conditions: Any, texts: list[str]) -> dict[str, Any]:
    """What a trained generator is and writes."""
    rules: list[dict[str, Any]] = [{}, {"temperature": 0.5, "top_k": 4}, {"top_p": 0.8, "length": 9}]
    drawn = [model.sample(conditions[:3], seeds=[1, 2], **({"length": 25} | given)) for given in rules]
    told = {
        "score": model.score(conditions, texts),
        "history": model.history,
        "sizes": model.sizes,
        "stored": saved(model),
    }
    return {"samples": drawn} | told


@case
def translators() -> Results:
    """Every attention and setting."""
    return {
        name: translated(sk.Translator(**(SMALL | given)).fit(*data.pairs()))
        for name, given in TRANSLATORS.items()
    }


@case
def translators_validated() -> Results:
    """The best epoch is kept; a run that was stopped goes on."""
    valid = data.pairs(500, 530)
    model = sk.Translator(**(SMALL | {"epochs": 4, "patience": 1, "lr": 0.2}))
    found: Results = {"best": translated(model.fit(*data.pairs(), valid=valid))}
    half = SMALL | {"teacher_forcing": 0.7, "epochs": 2}
    with data.stopped_after(12) as report:
        sk.Translator(**half).fit(*data.pairs(), valid=valid, checkpoint="half", report=report)
    again = sk.Translator(**half).fit(*data.pairs(), valid=valid, checkpoint="half", resume=True)
    return found | {"half": translated(again)}


@case
def generators() -> Results:
    """Labels as conditions, and vectors."""
    sources, targets = data.pairs(0, 60)
    texts, labels = [*sources, *targets], ["english"] * 60 + ["tolma"] * 60
    small = SMALL | {"unit": "character", "epochs": 2}
    found: Results = {}
    for name, given in GENERATORS.items():
        model = sk.Generator(**(small | given)).fit(labels, texts)
        found[name] = generated(model, ["english", "tolma"], texts[59:61]) | {
            "log-probs": model.log_probs(texts[55:65]),
            "predict": model.predict(texts[50:70]),
            "accuracy": model.accuracy(labels[50:70], texts[50:70]),
        }
    conditions = np.array(
        [[len(text) / 40, label == "tolma"] for text, label in zip(texts, labels, strict=True)], np.float32
    )
    model = sk.Generator(**small).fit(conditions, texts, valid=(conditions[::9], texts[::9]))
    return found | {"vectors": generated(model, conditions[:2], texts[:2])}
