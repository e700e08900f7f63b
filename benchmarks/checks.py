"""What checking costs: ids, rows and checksums in GB/s, opening, and its share of a training run.

Bars: >= 2 GB/s, opening 400,000 x 300 vectors < 50 ms, <= 2 % of an epoch of skip-gram.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks._common import machine, parser, timed, wiki
from seqkit.core import checks, files
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.training.trainer import SkipGram
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus import corpus as corpus_module
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab

ENTRIES = 1 << 25


def speed(name: str, array: np.ndarray, call: Callable[[], object]) -> None:
    """Print GB/s of the array."""
    found = array.nbytes / min(timed(call) for _ in range(5)) / 1e9
    print(f"  {name:34} {found:6.1f} GB/s")


def kernels() -> None:
    """Each check on arrays that do not fit into the caches."""
    ids = np.random.default_rng(1).integers(0, 70_000, ENTRIES).astype(np.int32)
    speed("ids: type and range", ids, lambda: checks.check_ids("ids", ids, 70_000))
    ends = np.cumsum(np.full(ENTRIES // 2, 17)) - 17
    speed("starts: order and range", ends, lambda: checks.check_ends("starts", ends, int(ends[-1])))
    columns = np.tile(np.arange(0, 70_000, 70, dtype=np.int32), ENTRIES // 1000)
    rows = np.minimum(np.arange(70_001) * 1000, len(columns))
    speed("columns: order and range by row", columns, lambda: checks.check_rows("columns", columns, rows))
    values = np.random.default_rng(1).random(ENTRIES // 2) + 1
    speed("counts: finite and above 0", values, lambda: checks.check_finite("values", values, above=0.0))
    matrix = values.astype(np.float32).reshape(-1, 256)
    speed("vectors: finite", matrix, lambda: checks.check_finite("matrix", matrix))


def opening(folder: Path) -> None:
    """Vectors of 400,000 x 300: opening, one row, all rows with their checksums and numbers."""
    words = Vocab([f"word{i}" for i in range(400_000)], np.arange(400_000, 0, -1))
    matrix = np.random.default_rng(1).standard_normal((400_000, 300), np.float32)
    Vectors(words, matrix).save(folder / "vectors")
    opened = [timed(lambda: Vectors.load(folder / "vectors")) for _ in range(9)]
    made = [Vectors.load(folder / "vectors") for _ in range(10)]
    row = min(timed(lambda v=v: v.take(np.array([200_000]))) for v in made[:5])
    whole = min(timed(lambda v=v: v.matrix) for v in made[5:])
    print(f"  open 400,000 x 300                 {1e3 * min(opened):6.1f} ms")
    print(f"  one row of it, checked             {1e3 * row:6.1f} ms")
    print(
        f"  all of it, checked                 {1e3 * whole:6.1f} ms, {matrix.nbytes / whole / 1e9:.1f} GB/s"
    )


def training(data: Path, folder: Path, repeat: int) -> None:
    """An epoch of skip-gram on wiki100m's first 100 MB, with and without the checks of its corpus."""
    Corpus.build(wiki(data), out=folder / "corpus", threads=2)
    tokens = Corpus.load(folder / "corpus").num_tokens
    with mock.patch.object(files, "VERIFY_BELOW", 1 << 20):
        Corpus.load(folder / "corpus").save(folder / "blocks")
        looked = []
        for _ in range(9):
            begun = time.perf_counter()
            corpus = Corpus.load(folder / "blocks")
            assert len(corpus.ids) and len(corpus.starts)
            looked.append(time.perf_counter() - begun)

        def epoch() -> float:
            return timed(lambda: SkipGram(dim=100, epochs=1).fit(Corpus.load(folder / "blocks")))

        def without() -> float:
            names = dict.fromkeys(("check_ids", "check_ends"), lambda *_: None)
            with mock.patch.object(files, "check"), mock.patch.multiple(corpus_module, **names):
                return epoch()

        pairs = [(epoch(), without()) for _ in range(repeat)]
    taken, bare = (min(column) for column in zip(*pairs, strict=True))
    print(f"  skip-gram, {tokens:,} tokens: {taken:.2f} s an epoch with checks, {bare:.2f} s without")
    share = 100 * min(looked) / bare
    print(f"  opening and checking the corpus    {1e3 * min(looked):6.1f} ms, {share:.2f} % of it")


def counts(data: Path, folder: Path) -> None:
    """Counts of 10 MB: opening, and checking all entries."""
    made = Cooccurrence.count(Corpus.build(wiki(data, 10)), out=folder / "counts")
    with mock.patch.object(files, "VERIFY_BELOW", 1 << 20):
        made.save(folder / "blocks-of-counts")
        loaded = [Cooccurrence.load(folder / "blocks-of-counts") for _ in range(5)]
        seconds = min(timed(lambda c=c: (c.columns, c.values)) for c in loaded)
    size = 12 * len(made.columns)
    print(
        f"  counts, {len(made.columns):,} entries, checked {1e3 * seconds:6.1f} ms, {size / seconds / 1e9:.1f} GB/s"
    )


def main(args: list[str]) -> None:
    """Print the table."""
    chosen = parser(__doc__).parse_args(args)
    print(machine())
    kernels()
    with tempfile.TemporaryDirectory() as name:
        opening(Path(name))
        counts(chosen.data, Path(name))
        training(chosen.data, Path(name), chosen.repeat)
