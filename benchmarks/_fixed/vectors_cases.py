"""Word vectors: every loss of skip-gram and CBOW, GloVe, counting, the window model, starts from vectors.

Not handled: asking vectors and their files (files_cases), the command line (shell_cases).
"""

from itertools import product
from typing import Any

import seqkit as sk
from benchmarks._fixed import data
from benchmarks._fixed.table import Results, case, saved

LOSSES: dict[str, dict[str, Any]] = {
    "negative-sampling": {},
    "hierarchical-softmax": {},
    "full-softmax": {"batch": 32},
    "subwords": {"buckets": 500, "min_n": 3, "max_n": 5},
}
MODELS = {"skipgram": sk.SkipGram, "cbow": sk.CBOW}
SMALL: dict[str, Any] = {"dim": 12, "epochs": 2, "seed": 3}
WINDOW: dict[str, Any] = {
    "dim": 8,
    "hidden_size": 10,
    "window": 3,
    "epochs": 2,
    "batch": 128,
    "lr": 0.01,
    "device": "cpu",
    "threads": 1,
}


def trained(model: Any, corpus: Any, **given: Any) -> dict[str, Any]:
    """Vectors and losses."""
    return {"vectors": model.fit(corpus, **given), "history": model.history}


@case
def losses() -> Results:
    """Every loss and context on one thread; deterministic, to the same bytes on one thread and on two."""
    corpus, found = data.corpus(), {}
    for (context, kind), (loss, given) in product(MODELS.items(), LOSSES.items()):
        settings = SMALL | given | {"loss": loss}
        found[f"{context}-{loss}"] = trained(kind(**settings, threads=1), corpus)
        one, two = (kind(**settings, deterministic=True, threads=n).fit(corpus) for n in (1, 2))
        if (one.matrix != two.matrix).any():
            raise RuntimeError(
                f"{context}, {loss}: one thread and two gave other numbers, expected the same bytes."
            )
        found[f"{context}-{loss}-deterministic"] = one
    return found


@case
def settings() -> Results:
    """Settings of windows, noise and gradients."""
    corpus, found = data.corpus(0, 1500), {}
    variants: dict[str, dict[str, Any]] = {
        "whole-windows": {"shrink": False, "window": 3},
        "all-words": {"subsample": 0.0, "min_count": 1},
        "noise": {"negatives": 9, "noise_exponent": 0.5},
        "mean-gradient": {"cbow_gradient": "mean"},
        "rate": {"lr": 0.1, "dim": 17, "epochs": 1},
    }
    for (context, kind), (name, given) in product(MODELS.items(), variants.items()):
        found[f"{context}-{name}"] = trained(kind(**(SMALL | given), threads=1), corpus)
    return found


@case
def initial() -> Results:
    """Starting from vectors, extending them, freezing words, validating, going on from a checkpoint."""
    first, second = data.corpus(0, 1000), data.corpus(1000, 2500)
    given = SMALL | {"deterministic": True, "threads": 1}
    old = sk.SkipGram(**given, min_count=1).fit(first)
    found: Results = {"old": old}
    for (context, kind), loss in product(
        MODELS.items(), ("negative-sampling", "hierarchical-softmax", "full-softmax")
    ):
        model = kind(**given, loss=loss)
        found[f"{context}-{loss}-initial"] = trained(model, second, initial=old, frozen=["king", "the"])
        found[f"{context}-{loss}-extended"] = trained(
            model, second, initial=old, extend=True, frozen=["queen"]
        )
    pieces = given | {"loss": "subwords"} | LOSSES["subwords"]
    known = sk.SkipGram(**pieces, min_count=1).fit(first)
    found["subwords-initial"] = trained(sk.CBOW(**pieces), second, initial=old)
    found["subwords-extended"] = trained(sk.SkipGram(**pieces), second, initial=known, extend=True)
    model = sk.SkipGram(**given)
    found["validated"] = trained(
        model, first, validate=lambda made: made.similarity("the", "of"), checkpoint="run"
    )
    found["resumed"] = trained(model, first, validate=lambda made: 0.0, checkpoint="run", resume=True)
    with data.stopped_after(3) as report:
        sk.SkipGram(**given).fit(second, checkpoint="half", report=report)
    found["half"] = trained(model, second, checkpoint="half", resume=True)
    return found


@case
def glove() -> Results:
    """Vectors from counts, every way to add them up and to step."""
    corpus = data.corpus()
    small: dict[str, Any] = {"dim": 10, "epochs": 3, "window": 4, "threads": 1, "seed": 2}
    variants: dict[str, dict[str, Any]] = {
        output: {"output": output} for output in ("sum", "mean", "words", "contexts")
    }
    variants |= {
        "plain-adagrad": {"adagrad": "plain"},
        "weights": {"x_max": 3.0, "alpha": 0.5, "lr": 0.1},
        "unknown": {"unknown": True, "min_count": 10},
        "flat": {"weighting": "flat", "symmetric": False},
    }
    found: Results = {name: trained(sk.GloVe(**(small | given)), corpus) for name, given in variants.items()}
    counts = sk.Cooccurrence.count(corpus, window=4, threads=1)
    one, two = (sk.GloVe(**(small | {"threads": n})).fit(counts) for n in (1, 2))
    if (one.matrix != two.matrix).any():
        raise RuntimeError("glove: one thread and two gave other numbers, expected the same bytes.")
    sk.GloVe(**small).fit(counts, checkpoint="run")
    learner = sk.GloVe(**small).objective(counts)
    starts = [learner.vectors(part) for part in ("words", "contexts")]
    return found | {
        "resumed": trained(sk.GloVe(**small), counts, checkpoint="run", resume=True),
        "starts": starts,
    }


@case
def counts() -> Results:
    """Co-occurrences: every setting, in little memory, in parts and shards added up."""
    corpus = data.corpus()
    variants: dict[str, dict[str, Any]] = {
        "plain": {},
        "narrow": {"window": 2, "weighting": "flat"},
        "one-sided": {"symmetric": False, "window": 5},
        "places": {"distance": "text", "min_count": 20},
        "few": {"max_size": 40, "min_count": 1},
        "wide": {"window": 25},
    }
    counted = {name: sk.Cooccurrence.count(corpus, threads=1, **given) for name, given in variants.items()}
    found: Results = {name: [each.pairs(), each.vocab, each.fingerprint] for name, each in counted.items()}
    found["stored"] = saved(counted["plain"])
    small = sk.Cooccurrence.count(corpus, threads=2, memory=4 << 20, out="counts")
    found["in-blocks"] = [small.pairs(), small.fingerprint]
    sentences = [corpus.sentence(i) for i in range(len(corpus))]
    shards = [sk.Corpus.from_sentences(part) for part in (sentences[:900], sentences[900:])]
    merged = sk.Cooccurrence.merge([sk.Cooccurrence.count(s, vocab=small.vocab, threads=1) for s in shards])
    middle = corpus.num_tokens // 2
    parts = [
        sk.Cooccurrence.count(corpus, part=part, threads=1)
        for part in ((0, middle), (middle, corpus.num_tokens))
    ]
    whole = sk.Cooccurrence.merge(parts)
    told = [small["the", "king"], small.num_pairs, small.summary()]
    return found | {"shards": merged.pairs(), "parts": whole.pairs(), "asked": told}


@case
def window() -> Results:
    """The neural language model of a fixed window, every context."""
    corpus, found = data.corpus(0, 400), {}
    held_out = sk.Corpus.build(
        data.planted("text.txt", 2000, 2050), sk.tokenizer("whitespace").with_vocab(corpus.vocab), threads=1
    )
    for context in ("last", "both", "last-one", "nearby"):
        model = sk.WindowModel(**WINDOW, context=context)
        found[context] = trained(model, corpus) | {"stored": saved(model), "score": model.score(held_out)}
    start = data.random_vectors(corpus.vocab.tokens[3:60], 8)
    model = sk.WindowModel(**WINDOW, optimizer="sgd", schedule="cosine", seed=4)
    found["from-vectors"] = trained(
        model, corpus, initial=start, validate=lambda made: made.similarity("the", "of")
    )
    with data.stopped_after(9) as report:
        sk.WindowModel(**WINDOW).fit(corpus, checkpoint="half", report=report)
    found["half"] = trained(sk.WindowModel(**WINDOW), corpus, checkpoint="half", resume=True)
    return found
