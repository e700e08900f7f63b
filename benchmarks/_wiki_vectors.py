"""The word vectors that recipes start from: skip-gram's of wiki100m, trained once and kept in the benchmarks'
folder.
"""

import argparse
import time
from pathlib import Path

from benchmarks._common import CACHE, lines, wiki
from seqkit.embeddings.training.trainer import SkipGram
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus


def option(parser: argparse.ArgumentParser) -> None:
    """--vectors."""
    parser.add_argument(
        "--vectors", type=Path, help="vectors to use; if not given, trained on wiki100m and kept"
    )


def wiki_vectors(chosen: argparse.Namespace, dim: int, seed: int = 1) -> Vectors:
    """Those of --vectors, or window 5, 5 negatives, subsample 1e-4, lr 0.05, 5 epochs on chosen.threads
    threads.
    """
    path = chosen.vectors or CACHE / f"wiki100m-d{dim}-s{seed}.vectors"
    if not path.exists():
        started = time.monotonic()
        model = SkipGram(
            dim, "negative-sampling", subsample=1e-4, lr=0.05, device="cpu", threads=chosen.threads, seed=seed
        )
        model.fit(Corpus.build(lines(wiki(chosen.data)))).save(path)
        print(f"  vectors of wiki100m trained in {time.monotonic() - started:,.0f} s: {path}", flush=True)
    return Vectors.load(path)
