"""Small trials for `seqkit doctor`: kernels against their references, models that learn.

Not handled: speed, and what a kernel does with large inputs (the tests do that).
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import seqkit
from seqkit.core import strict_json
from seqkit.core.device import threads
from seqkit.core.interrupt import deaf
from seqkit.embeddings.training.objectives import objectives
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.kernels.glove import reference as glove
from seqkit.text.corpus.corpus import Corpus

LINES = ["a good film", "a bad film", "a good play", "a bad play"] * 4
LABELS = ["pos", "neg"] * 8
SMALL = {"hidden_size": 8}
READER = {"reader": "recurrent", "hidden_size": 8}
TAGGED = [line.split() for line in LINES], [["DET", "ADJ", "NOUN"]] * 16


def text() -> Corpus:
    """Four hundred words of thirty, the common ones first."""
    random = np.random.default_rng(0)
    words = [f"w{n}" for n in np.minimum(random.zipf(1.4, 400), 30)]
    return Corpus.from_sentences([words[i : i + 20] for i in range(0, 400, 20)])


@dataclass(frozen=True)
class Model:
    """A model to try: its settings, what it is trained on, and a question with numbers as its answer."""

    name: str
    settings: dict[str, Any]
    data: Callable[[], tuple[Any, ...]]
    ask: Callable[[Any], Any]


VECTORS = {"dim": 8, "min_count": 1}
MODELS = (
    Model("SkipGram", VECTORS, lambda: (text(),), lambda m: m.matrix),
    Model("GloVe", VECTORS, lambda: (text(),), lambda m: m.matrix),
    Model("WindowModel", VECTORS, lambda: (text(),), lambda m: m.matrix),
    Model("LanguageModel", SMALL, lambda: (text(),), lambda m: m.score(["w1"])[0].loss.total),
    Model("TextClassifier", READER, lambda: (LINES, LABELS), lambda m: m.predict_proba(LINES)),
    Model("Tagger", SMALL, lambda: TAGGED, lambda m: np.concatenate(m.predict_proba(TAGGED[0]))),
    Model("Translator", SMALL, lambda: (LINES, LABELS), lambda m: m.score(LINES, LABELS)),
    Model("Generator", SMALL, lambda: (LABELS, LINES), lambda m: m.log_probs(LINES)),
)


def checks(places: Iterable[str]) -> dict[str, Callable[[], bool]]:
    """By name, for each objective whether a step of its kernel equals that of the reference, and for each
    model and device whether its loss falls and a saved one answers alike; what takes longest first.
    """
    kinds = {"text": _agrees, "counts": _glove_agrees}
    kernels: dict[str, Callable[[], bool]] = {
        f"kernel {name}": partial(kinds[objectives.load(name).learns_from], name)
        for name in reversed(objectives.names())
    }
    return kernels | {
        f"model {one.name} on {place}": partial(_learns, one, place) for place in places for one in MODELS
    }


def results(places: Iterable[str]) -> Iterator[tuple[str, bool | str]]:
    """Name and result of each check as it is known: True, or what is wrong.

    Each core has a process of its own, so kernels are compiled side by side, and one that crashes is told.
    """
    names = list(checks(places))
    shares = [names[i :: threads()] for i in range(min(threads(), len(names)))]
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(share)) for share in shares]
        for worker, share in zip(workers, shares, strict=True):
            told = dict(strict_json.parse(line) for line in worker.stdout or ())
            yield from (
                (name, told.get(name, f"its process ended with code {worker.wait()}")) for name in share
            )


@contextmanager
def _worker(names: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    """A process that makes some checks and prints each result; it ends with the block at the latest."""
    command = [sys.executable, "-m", "seqkit.cli.self_tests", *names]
    with deaf():
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield worker
    finally:
        worker.kill()
        worker.communicate()


def tried(check: Callable[[], bool]) -> bool | str:
    """What a check says, or the error that it ends with."""
    try:
        return check()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _learns(one: Model, place: str) -> bool:
    model = getattr(seqkit, one.name)(device=place, epochs=10, **one.settings)
    made = model.fit(*one.data())
    with tempfile.TemporaryDirectory() as folder:
        made.save(Path(folder, "saved"))
        there = {} if isinstance(made, Vectors) else {"device": place}
        again = type(made).load(Path(folder, "saved"), **there)
    losses = [epoch.loss.mean for epoch in model.history]
    return bool(losses[-1] < losses[0]) and np.array_equal(one.ask(made), one.ask(again))


def _agrees(loss: str) -> bool:
    from seqkit.embeddings.training.window_objective import Block

    corpus = text()
    kernel, reference = (
        seqkit.SkipGram(dim=20, loss=loss, min_count=1, device="cpu", threads=1).objective(corpus)
        for _ in range(2)
    )
    block = Block(corpus.ids, corpus.starts, 0, 0, corpus.num_tokens)
    kernel.step(block, 0.05)
    plain = reference.matrices
    plan = reference.epoch_windows(0), reference.targets
    reference.reference_train(block.text, plan, plain, 0.05)
    return all(np.allclose(*both, atol=1e-5) for both in zip(plain, kernel.matrices, strict=True))


def _glove_agrees(loss: str) -> bool:
    trainer = seqkit.GloVe(dim=16, min_count=1, device="cpu", threads=1)
    counts = trainer.count(text())
    kernel, reference = trainer.objective(counts), trainer.objective(counts)
    tiles, o, plain = reference.tiles, reference.options, _wide(reference)
    rule, blocks = glove.rule(o.adagrad, 0.05, o.x_max, o.alpha), len(tiles.edges) - 1
    for batch, _ in kernel.batches(counts, epochs=1).epoch(0):
        kernel.step(batch, 0.05)
        for wanted, part in zip(batch.tiles, batch.parts, strict=True):
            for tile, (low, high) in zip(wanted, tiles.spans(wanted, part, batch.num_parts), strict=True):
                rows, columns = tiles.places[low:high] >> 16, tiles.places[low:high] & 0xFFFF
                places = tiles.edges[tile // blocks] + rows, tiles.edges[tile % blocks] + columns
                glove.train(*places, tiles.logs[low:high], plain, rule)
    return all(np.allclose(*both, atol=1e-5) for both in zip(plain, _wide(kernel), strict=True))


def _wide(objective: Any) -> glove.Parameters:
    """Its parameters, a vector and its sums of squares on an axis of their own."""
    wide = [matrix.reshape(len(matrix), 2, -1) for matrix in (objective.words, objective.contexts)]
    return glove.Parameters(wide[0], wide[1], objective.word_biases, objective.context_biases)


if __name__ == "__main__":
    every = checks({name.rpartition(" on ")[2] for name in sys.argv[1:] if " on " in name})
    for name in sys.argv[1:]:
        print(json.dumps([name, tried(every[name])]), flush=True)
