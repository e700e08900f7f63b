"""Full softmax: its floating-point rate beside the machine's own matrix-product rate. Bar: at least half, at
V 10,000, d100.

A mini-batch of B windows needs three products of B × V × D multiply-adds: logits and the two gradients. The
reference is numpy's float32 product of two 2048 × 2048 matrices on the same threads, timed just before each
run.
"""

import statistics

import numpy as np

from benchmarks._common import machine, parser, ratio, timed
from seqkit.embeddings.training.trainer import SkipGram
from seqkit.embeddings.training.window_objective import Block
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab


def main(args: list[str]) -> None:
    """Print the rates."""
    options = parser(__doc__)
    options.add_argument("--batch", type=int, default=256)
    options.add_argument("--threads", type=int, default=2)
    chosen = options.parse_args(args)
    words, dim, tokens = 10_000, 100, 40_000
    random = np.random.default_rng(0)
    ids = (1 + random.integers(0, words, tokens)).astype(np.int32)
    vocab = Vocab(
        ["<unk>", *map(str, range(words))],
        np.append(0, np.maximum(np.bincount(ids, minlength=words + 1)[1:], 1)),
        {"unk": 0},
    )
    corpus = Corpus(ids, np.arange(0, tokens + 1, 1000), vocab)
    model = SkipGram(
        dim,
        "full-softmax",
        subsample=0.0,
        min_count=1,
        device="cpu",
        threads=chosen.threads,
        batch=chosen.batch,
    )
    objective = model.objective(corpus)
    objective.step(Block(ids, corpus.starts, 0, 0, 1000), 0.01)
    a, b = (random.normal(size=(2048, 2048)).astype(np.float32) for _ in range(2))
    ours, machines = [], []
    for _ in range(max(chosen.repeat, 5)):
        machines.append(8 * 2 * 2048**3 / timed(lambda: [a @ b for _ in range(8)]) / 1e9)
        seconds = timed(lambda: objective.step(Block(ids, corpus.starts, 0, 0, tokens), 0.01))
        ours.append(3 * 2 * tokens * words * dim / seconds / 1e9)
    print(
        f"{machine()}\nV {words:,}, d{dim}, mini-batches of {chosen.batch} tokens, {chosen.threads} "
        f"threads, {len(ours)} rounds"
    )
    print(
        f"  matrix product      {statistics.median(machines):7.1f} GFLOP/s\n  full softmax        "
        f"{statistics.median(ours):7.1f} GFLOP/s"
    )
    print(f"  softmax / product   {ratio(ours, machines)}")
