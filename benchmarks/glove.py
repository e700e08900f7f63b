"""GloVe's speed: pairs a second in tiled order beside the same kernel on shuffled pairs; with --quality,
analogies.

wiki100m, window 10, min count 5, d100, x_max 10. The rounds are interleaved. Shuffled: blocks of 65,536
words, the largest there are, so that the pairs of a vocabulary of 70,000 lie in four tiles. Bars: ≥ 10 M
pairs/s, ≥ 3 × shuffled. The C program did 0.85 M pairs/s, and 30.1 % of Google's analogies at 30,000 words
after 10 epochs, on another machine of 2 cores.
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._common import machine, parser, ratio, wiki
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.testsets import analogies
from seqkit.embeddings.training.objectives import glove
from seqkit.embeddings.training.objectives.glove import GloVeObjective
from seqkit.embeddings.training.trainer import GloVe
from seqkit.text.corpus.corpus import Corpus


def speed(objective: GloVeObjective, seconds: float) -> float:
    """Pairs a second over at most one epoch."""
    started, done = time.perf_counter(), 0
    for batch, _ in objective.batches(objective.counts, epochs=1).epoch(0):
        done += objective.step(batch, 0.05).count
        if time.perf_counter() - started > seconds:
            break
    return done / (time.perf_counter() - started)


def shuffled(model: GloVe, counts: Cooccurrence) -> GloVeObjective:
    """The learner with as few tiles as can be."""
    tiled, glove._edges = (
        glove._edges,
        lambda counts, limit: np.unique([*range(0, len(counts.vocab), 1 << 16), len(counts.vocab)]),
    )
    try:
        return model.objective(counts)
    finally:
        glove._edges = tiled


def main(args: list[str]) -> None:
    """Print the table."""
    options = parser(__doc__)
    options.add_argument("--megabytes", type=int, default=100, help="how much of wiki100m")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--seconds", type=float, default=10, help="of a run at most; one epoch at most")
    options.add_argument("--quality", action="store_true", help="train, and answer Google's analogies")
    options.add_argument("--epochs", type=int, default=15, help="with --quality")
    chosen = options.parse_args(args)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus.build(wiki(chosen.data, chosen.megabytes), threads=chosen.threads)
        counts = Cooccurrence.count(corpus, threads=chosen.threads, out=Path(folder) / "counts")
        print(
            f"{machine()}\n{corpus.num_tokens:,} words of wiki100m, {counts.num_pairs:,} pairs, d100, "
            f"{chosen.threads} threads"
        )
        model = GloVe(device="cpu", threads=chosen.threads)
        learners = {"tiled": model.objective(counts), "shuffled": shuffled(model, counts)}
        one = GloVe(device="cpu", threads=1)
        learners["tiled, 1 thread"] = one.objective(counts)
        runs: dict[str, list[float]] = {what: [] for what in learners}
        speed(learners["tiled"], 0)  # compile
        for _ in range(chosen.repeat):
            for what, learner in learners.items():
                runs[what].append(speed(learner, chosen.seconds))
        for what, speeds in runs.items():
            low, middle, high = (
                value / 1e6 for value in (min(speeds), statistics.median(speeds), max(speeds))
            )
            print(f"  {what:16} {middle:6.2f} M pairs/s ({low:.2f}–{high:.2f})")
        print(f"  tiled / shuffled              {ratio(runs['tiled'], runs['shuffled'])}")
        print(
            f"  {chosen.threads} threads / 1 thread          {ratio(runs['tiled'], runs['tiled, 1 thread'])}",
            flush=True,
        )
        if chosen.quality:
            del learners
            model = GloVe(device="cpu", epochs=chosen.epochs, threads=chosen.threads)
            vectors = model.fit(counts)
            sections = analogies.read_questions(chosen.data / "analogy" / "questions-words.txt")
            print(f"  cost by epoch: {', '.join(f'{epoch.loss.mean:.4f}' for epoch in model.history)}")
            print(
                f"  {sum(epoch.seconds for epoch in model.history):.0f} s; at 30,000 words: "
                f"{analogies.evaluate(vectors, sections, restrict=30000).total}"
            )
            print(f"  all words: {analogies.evaluate(vectors, sections).total}")
