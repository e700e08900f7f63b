"""Language models: every cell, every setting of the network and of the run, scores, samples, beams.

Not handled: the command line (shell_cases), searches of settings (search_cases).
"""

from typing import Any

import seqkit as sk
from benchmarks._fixed import data
from benchmarks._fixed.table import Results, case, saved

CELLS = ("rnn", "relu-rnn", "gru", "gru-before", "lstm", "peephole-lstm", "layer-norm-lstm", "min-gru")
SMALL: dict[str, Any] = {
    "hidden_size": 12,
    "num_layers": 1,
    "epochs": 2,
    "batch": 6,
    "bptt": 12,
    "lr": 0.01,
    "device": "cpu",
    "threads": 1,
}
SENTENCES = ["the king rules", "a nurse saw the old town", "paris is the capital of"]
VARIANTS: dict[str, dict[str, Any]] = {
    "untied": {"tie": False},
    "untied-narrow": {"tie": False, "embed_dim": 8},
    "tied-narrow": {"embed_dim": 8},
    "adaptive-softmax": {"head": "adaptive-softmax"},
    "adaptive-softmax-untied": {"head": "adaptive-softmax", "tie": False, "learned_state": True},
    "two-layers": {"num_layers": 2, "dropout": 0.2},
    "residual": {"num_layers": 2, "residual": True, "cell": "gru"},
    "dropout": {"dropout": 0.3},
    "locked": {"dropout": 0.3, "locked": True, "num_layers": 2},
    "weight-dropout": {"weight_dropout": 0.4},
    "embedding-dropout": {"embedding_dropout": 0.2},
    "learned-state": {"learned_state": True, "cell": "gru"},
    "starts": {"init_embedding": "uniform", "init_input": "he-normal", "init_hidden": "orthogonal"},
    "another-seed": {"seed": 7, "dropout": 0.1},
    "accumulate": {"accumulate": 3},
    "penalties": {"weight_decay": 0.01, "l1": 1e-4, "clip": 0.5, "clip_value": 0.05},
    "bfloat16": {"precision": "bfloat16"},
}
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"lr": 1.0},
    "momentum": {"lr": 0.1, "momentum": 0.8},
    "rmsprop": {},
    "adam": {"weight_decay": 0.01, "beta2": 0.99, "eps": 1e-6},
    "adamw": {"weight_decay": 0.1, "beta1": 0.8},
}
SCHEDULES: dict[str, dict[str, float]] = {
    "constant": {},
    "linear": {},
    "inverse-time": {"decay": 0.5},
    "exponential": {"decay": 0.7},
    "staircase": {"decay": 0.5, "every": 1},
    "inverse-sqrt": {},
    "cosine": {"warmup": 0.2, "final": 0.1},
    "one-cycle": {},
}
RULES: dict[str, dict[str, Any]] = {
    "plain": {},
    "greedy": {"temperature": 0.0},
    "cold": {"temperature": 0.5},
    "top-k": {"top_k": 5, "ban_unk": False},
    "top-p": {"top_p": 0.8, "temperature": 1.3},
    "stopping": {"stop_at_eos": True, "min_length": 3},
    "no-repeats": {"repetition_penalty": 1.4, "no_repeat_ngram": 2},
}


def text(low: int = 0, high: int = 150, **settings: Any) -> Any:
    """A small corpus with sentence ends."""
    return data.corpus(low, high, add_eos=True, min_count=2, **settings)


def checks(of: Any) -> Any:
    """Other lines in the ids of a corpus."""
    lines = data.planted("text.txt", 2000, 2040)
    return sk.Corpus.build(lines, sk.tokenizer("whitespace").with_vocab(of.vocab), add_eos=True, threads=1)


def facts(model: Any) -> dict[str, Any]:
    """What a trained model is and says."""
    samples = model.sample("the", seeds=[1, 2], length=12, scores=True)
    return {
        "stored": saved(model),
        "history": model.history,
        "scores": model.score(SENTENCES),
        "samples": samples,
    }


@case
def cells() -> Results:
    """Every cell."""
    return {cell: facts(sk.LanguageModel(cell=cell, **SMALL).fit(text())) for cell in CELLS}


@case
def networks() -> Results:
    """Every setting of the network, and of the gradient."""
    return {name: facts(sk.LanguageModel(**(SMALL | given)).fit(text())) for name, given in VARIANTS.items()}


@case
def optimizers() -> Results:
    """Every optimiser."""
    made = {
        name: sk.LanguageModel(**(SMALL | {"optimizer": name} | given)) for name, given in OPTIMIZERS.items()
    }
    return {name: facts(model.fit(text())) for name, model in made.items()}


@case
def schedules() -> Results:
    """Every schedule that looks at no validation."""
    made = {
        name: sk.LanguageModel(**SMALL, schedule=name, schedule_settings=given)
        for name, given in SCHEDULES.items()
    }
    return {name: saved(model.fit(text())) for name, model in made.items()}


@case
def validated() -> Results:
    """The best epoch is kept, early ends, a rate and an average that follow the validation."""
    train, valid = text(), checks(text())
    made = {
        "best": {"epochs": 3, "lr": 0.3},
        "patience": {"epochs": 8, "lr": 0.5, "patience": 2},
        "plateau": {"epochs": 5, "lr": 0.2, "schedule": "plateau", "schedule_settings": {"factor": 0.5}},
        "asgd": {"epochs": 5, "lr": 3.0, "optimizer": "asgd", "nonmono": 1, "schedule": "constant"},
    }
    return {
        name: facts(sk.LanguageModel(**(SMALL | given)).fit(train, valid=valid))
        for name, given in made.items()
    }


@case
def from_vectors() -> Results:
    """An embedding that starts at vectors, trained further or frozen."""
    train = text()
    vectors = data.random_vectors([*train.vocab.tokens[5:40], "unheard"], 12)
    found = {}
    for freeze in (False, True):
        model = sk.LanguageModel(**SMALL).fit(train, vectors=vectors, freeze=freeze)
        found["frozen" if freeze else "tuned"] = facts(model) | {"coverage": model.coverage}
    return found


@case
def units() -> Results:
    """Characters and subwords."""
    found = {}
    for unit in ("character", "subword:bpe"):
        train = sk.Corpus.build(data.planted("text.txt", 0, 60), unit, max_size=90, add_eos=True, threads=1)
        model = sk.LanguageModel(**SMALL).fit(train)
        found[unit] = facts(model) | {"none": model.sample(length=20, seeds=range(4))}
    return found


@case
def use() -> Results:
    """Scores, surprise, samples by every rule, beams."""
    found: Results = {}
    for name, given in {
        "compiled": {"cell": "lstm"},
        "stepwise": {"head": "adaptive-softmax", "learned_state": True},
    }.items():
        model = sk.LanguageModel(**(SMALL | given | {"num_layers": 2})).fit(text())
        drawn = {
            rule: model.sample(["the king", "a nurse saw"], seeds=[3, 4], length=15, scores=True, **settings)
            for rule, settings in RULES.items()
        }
        found |= {f"{name}-sample-{rule}": samples for rule, samples in drawn.items()}
        found[f"{name}-score"] = model.score([*SENTENCES, "unheard word", "king"])
        found[f"{name}-stream"] = model.score_file(data.planted("text.txt", 500, 540))
        found[f"{name}-surprise"] = model.surprise("the king of france saw the unheard")
        found[f"{name}-beam"] = model.beam("the king", width=4, length=10, top=3)
        found[f"{name}-beam-short"] = model.beam("a", width=6, length=12, length_penalty=0.8, ban_unk=False)
    return found


@case
def resumed() -> Results:
    """Stopped in the middle of an epoch and gone on with; and gone on with when all was done."""
    train = text()
    given = SMALL | {"dropout": 0.2, "epochs": 3}
    whole = sk.LanguageModel(**given).fit(train, checkpoint="whole")
    again = sk.LanguageModel(**given).fit(train, checkpoint="whole", resume=True)
    with data.stopped_after(25) as report:
        sk.LanguageModel(**given).fit(train, checkpoint="half", report=report)
    half = sk.LanguageModel(**given).fit(train, checkpoint="half", resume=True)
    return {"whole": facts(whole), "again": facts(again), "half": facts(half)}
