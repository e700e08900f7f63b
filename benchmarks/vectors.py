"""Vectors: exact queries, the Google analogies, opening and reading files, beside gensim.

Bars: ≥ 150 exact top-10 queries/s a core at 400,000 × 300; 19,544 analogy questions at 30,000 words in ≤ 10 s
with loading; native opens in < 50 ms; word2vec text ≥ 60 MB/s, binary ≥ 500 MB/s.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks._common import machine, parser, ratio, timed
from seqkit.embeddings.testsets.analogies import read_questions
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

SHAPE = 400_000, 300


def make(data: Path) -> Vectors:
    """Random vectors, the analogy words first and fillers after them."""
    sections = read_questions(data / "analogy" / "questions-words.txt")
    words = list(
        dict.fromkeys(word for section in sections for question in section.questions for word in question)
    )
    words += [f"filler{i}" for i in range(SHAPE[0] - len(words))]
    matrix = np.random.default_rng(0).standard_normal(SHAPE, np.float32)
    return Vectors(Vocab(words, np.zeros(SHAPE[0], np.int64)), matrix)


def queries(vectors: Vectors, repeat: int) -> None:
    """Batches of 512 queries, one thread on both sides."""
    from gensim.models import KeyedVectors

    peer = KeyedVectors(SHAPE[1])
    peer.add_vectors(vectors.vocab.tokens, vectors.matrix)
    peer.fill_norms()
    rows, ours, theirs = vectors.matrix[:512] + 0.1, [], []
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    with threadpool_limits(1):
        vectors.nearest(rows[:64], 10)
        for _ in range(repeat):
            ours.append(len(rows) / timed(lambda: vectors.nearest(rows, 10)))
            theirs.append(8 / timed(lambda: [peer.similar_by_vector(row, topn=10) for row in rows[:8]]))
    os.sched_setaffinity(0, cores)
    print(
        f"  exact top 10, one core      {statistics.median(ours):7.0f} queries/s; gensim "
        f"{statistics.median(theirs):5.0f}; {ratio(ours, theirs)} ×"
    )


def analogies(folder: Path, data: Path, repeat: int) -> None:
    """A fresh process: start, load, answer, evaluate."""
    command = [
        sys.executable,
        "-m",
        "seqkit.cli",
        "embed",
        "eval",
        str(folder / "native"),
        "--restrict",
        "30000",
        "--analogies",
        str(data / "analogy" / "questions-words.txt"),
        "--json",
    ]
    command[1:3] = ["-c", "from seqkit.cli import main; main()"]
    seconds = [timed(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(repeat)]
    print(
        f"  19,544 analogies at 30,000  {statistics.median(seconds):7.2f} s, process start and loading "
        "included"
    )


def reading(vectors: Vectors, folder: Path, repeat: int) -> None:
    """Opening and reading each format; text and binary on 40,000 rows too large to matter in memory."""
    from gensim.models import KeyedVectors

    opening = [timed(lambda: Vectors.load(folder / "native").matrix[5]) for _ in range(9)]
    print(f"  native open                 {1e3 * statistics.median(opening):7.1f} ms")
    part = vectors.restrict(60_000)
    for name, binary in (("word2vec", False), ("word2vec-binary", True)):
        path = folder / name
        part.save(path, name)
        size = path.stat().st_size / 1e6
        Vectors.load(path, limit=30_000)
        ours = [size / timed(lambda p=path: Vectors.load(p)) for _ in range(repeat)]
        theirs = [
            size / timed(lambda p=path, b=binary: KeyedVectors.load_word2vec_format(str(p), binary=b))
            for _ in range(repeat)
        ]
        print(
            f"  {name:18} read {statistics.median(ours):9.0f} MB/s; gensim "
            f"{statistics.median(theirs):5.0f}; {ratio(ours, theirs)} ×"
        )


def main(args: list[str]) -> None:
    """Print the table."""
    chosen = parser(__doc__).parse_args(args)
    vectors = make(chosen.data)
    print(f"{machine()}\n{SHAPE[0]:,} × {SHAPE[1]} float32, {chosen.repeat} rounds")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vectors.save(folder / "native")
        queries(vectors, chosen.repeat)
        analogies(folder, chosen.data, chosen.repeat)
        reading(vectors, folder, chosen.repeat)
