"""Word vectors on a GPU: words and pairs a second, and what the vectors are worth."""

import time
from pathlib import Path
from typing import Any

import numpy as np

import seqkit as sk
from benchmarks._common import lines, wiki
from seqkit.embeddings.testsets import analogies
from seqkit.embeddings.training.choose import make
from seqkit.text.vocab import Vocab

LOSSES = {"sgns": ("negative-sampling", "skipgram"), "cbow": ("negative-sampling", "cbow")} | {
    "hs": ("hierarchical-softmax", "skipgram"),
    "cbow, hs": ("hierarchical-softmax", "cbow"),
    "subwords": ("subwords", "skipgram"),
    "full softmax": ("full-softmax", "skipgram"),
}
FEW = 1 << 20  # tokens of a loss that is measured on a part
SETTINGS = {"window": 5, "min_count": 5, "subsample": 1e-3, "epochs": 1}


def drawn(dry: bool) -> sk.Corpus:
    """Words drawn by Zipf's law: nothing to read, nothing to clean."""
    tokens, words = (3000, 50) if dry else (16 << 20, 70_000)
    chance = 1 / np.arange(1, words)
    ids = 1 + np.random.default_rng(0).choice(words - 1, tokens, p=chance / chance.sum()).astype(np.int32)
    starts = np.append(np.arange(0, tokens, 1000), tokens).astype(np.int64)
    names = ["<unk>", *(f"w{i}" for i in range(1, words))]
    return sk.Corpus(ids, starts, Vocab(names, np.bincount(ids, minlength=words), {"unk": 0}), {})


def speed(objective: Any, source: Any, most: float) -> float:
    """Units a second of one epoch, or of its first `most`, after a step that compiles and uploads."""
    batches = objective.batches(source, epochs=1)
    (first, _), *_ = batches.epoch(0)
    objective.step(first, 0.01)
    started, done = time.perf_counter(), 0
    for batch, units in batches.epoch(0):
        objective.step(batch, 0.01)
        done += units
        if done >= most:
            break
    return done / (time.perf_counter() - started)


def words(dry: bool, data: Path) -> dict[str, Any]:
    """Words of text a second for each loss."""
    text, device, found = drawn(dry), "cpu" if dry else "cuda", {}
    for name, (loss, context) in LOSSES.items():
        for dim in (8,) if dry else (100, 300):
            own = {"buckets": 100} if dry and loss == "subwords" else {}
            model = make(loss=loss, context=context, dim=dim, device=device, **SETTINGS | own)
            most = FEW if loss in ("subwords", "full-softmax") else text.num_tokens
            found[f"{name} d{dim}"] = round(speed(model.objective(text), text, most))
    return {"words/s": found, "words of text": text.num_tokens}


def quality(dry: bool, data: Path) -> dict[str, Any]:
    """Google analogies after 5 epochs of wiki100m, as `python -m benchmarks quality` asks them of a CPU's vectors."""
    if dry or not (data / "corpora" / "wiki100m.txt.gz").exists():
        return {"skipped": f"needs a GPU, and corpora/wiki100m.txt.gz in {data}"}
    text = sk.Corpus.build(lines(wiki(data)))
    sections = analogies.read_questions(data / "analogy" / "questions-words.txt")
    result: dict[str, Any] = {"words of text": text.num_tokens}
    for loss in ("negative-sampling", "hierarchical-softmax"):
        model = make(loss=loss, device="cuda", subsample=1e-4, lr=0.05, epochs=5)
        started = time.perf_counter()
        vectors = model.fit(text)
        seconds = time.perf_counter() - started
        right = analogies.evaluate(vectors, sections, restrict=30_000).total
        result[loss] = {"seconds": seconds, "analogies": right.value, "of": right.count}
        result[loss]["loss"] = [epoch.loss.mean for epoch in model.history]
    return result


def glove(dry: bool, data: Path) -> dict[str, Any]:
    """Pairs a second of GloVe; its costs."""
    text, found = drawn(dry), dict[str, Any]()
    for dim in (8,) if dry else (100, 300):
        model = sk.GloVe(dim, epochs=2, window=10, min_count=5, device="cpu" if dry else "cuda")
        counts = model.count(text)
        found[f"pairs/s, d{dim}"] = round(speed(model.objective(counts), counts, float("inf")))
        model.fit(counts)
        found[f"costs, d{dim}"] = [epoch.loss.mean for epoch in model.history]
    return found
