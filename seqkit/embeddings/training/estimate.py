"""What a training run will need, found by a short trial: on a text, or on counts."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.training.objective import Objective
from seqkit.embeddings.training.window_objective import Block
from seqkit.text.corpus.corpus import Corpus

ENOUGH = 1_000_000  # pairs of a trial
ENTRY = 8  # bytes of a pair that is trained on


@dataclass(frozen=True)
class Estimate:
    """What a run will need.

    Units:   memory in bytes: the matrices and the open corpus, or the peak of counting; seconds.
    tokens:  what is visited in all epochs; `unit` says of what: words of text, or pairs.
    """

    words: int
    tokens: int
    memory: int
    seconds: float
    tokens_per_second: float
    unit: str = "words"

    def text(self, unit: str) -> str:
        """In words."""
        visits = "pairs to visit" if self.unit == "pairs" else "tokens to read"
        return (
            f"{self.words:,} words, {self.tokens:,} {visits}, {self.memory / 2**20:,.0f} MiB of memory, "
            f"about {self.seconds:,.0f} s at {self.tokens_per_second / 1e3:,.0f}k {self.unit}/s"
        )


def of_text(
    make: Callable[[Corpus], Objective], corpus: Corpus, *, lr: float, epochs: int, trial: int
) -> Estimate:
    """Train on the first `trial` tokens twice (the first time compiles), and extrapolate."""
    objective = make(corpus)
    seconds, high = 0.0, min(trial, corpus.num_tokens)
    for end in (min(1000, high), high):
        started = time.monotonic()
        objective.step(Block(corpus.ids, corpus.starts, 0, 0, end), lr)
        seconds = time.monotonic() - started
    speed, tokens = high / seconds, corpus.num_tokens * epochs
    memory = objective.memory + corpus.ids.nbytes + corpus.starts.nbytes
    return Estimate(len(objective.vectors()), tokens, memory, tokens / speed, speed)


def of_counts(
    make: Callable[[Any], Objective],
    source: Corpus | Cooccurrence,
    counting: dict[str, Any],
    *,
    lr: float,
    epochs: int,
    device: str,
    threads: int | None,
    trial: int,
) -> Estimate:
    """Forecast the pairs, train on those of the first `trial` tokens twice, and extrapolate."""
    if isinstance(source, Corpus):
        forecast = Cooccurrence.forecast(source, threads=threads, **counting)
        words, peak = forecast.words, forecast.memory
        pairs = forecast.pairs * (1 + counting["symmetric"])
        end = min(trial, source.num_tokens)
        starts = np.append(source.starts[source.starts < end], end)
        sample: Any = Corpus(source.ids[: starts[-1]], starts, source.vocab)
        sample = Cooccurrence.count(sample, device=device, threads=threads, **counting)
    else:
        sample, words, pairs, peak = source, len(source.vocab), source.num_pairs, 0
    objective = make(sample)
    batches, speed = objective.batches(sample, epochs=1), 0.0
    for _ in range(2):
        started, done = time.monotonic(), 0
        for batch, _ in batches.epoch(0):
            done += objective.step(batch, lr).count
            if done > ENOUGH:
                break
        speed = done / max(time.monotonic() - started, 1e-9)
    memory = max(peak, objective.memory + ENTRY * (pairs - batches.size))
    return Estimate(words, pairs * epochs, memory, pairs * epochs / speed, speed, "pairs")
