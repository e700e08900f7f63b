"""Co-occurrence counting on wiki100m, window 10, min count 5: seconds to count, to merge two shards, to order
for training; memory.

The C programs of stanfordnlp/GloVe took 32 s to count (one thread, 8 GB) and 30 s to shuffle the same text on
another machine of 2 cores; they are not run here. With limits of 500 MB and 120 MB (several blocks) the
counts must be the same. Each count is a process of its own; its memory is what it took at the most, mapped
files (corpus, runs, result) left out.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._common import machine, parser, ratio, timed, wiki
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.training.trainer import GloVe
from seqkit.text.corpus.corpus import Corpus

PROBE = """
import re, sys, threading, time
import numpy as np
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.text.corpus.corpus import Corpus

def own():  # MiB that are no mapped file
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

def watch():
    global most
    while not done.wait(0.005):
        most = max(most, own())

corpus, out, memory, threads = Corpus.load(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
few = Corpus(corpus.ids[:1000], np.array([0, 1000]), corpus.vocab)
Cooccurrence.merge([Cooccurrence.count(few, threads=1)] * 2)  # compile
told = Cooccurrence.forecast(corpus, out=out + "/counts", memory=memory, threads=threads)
before = most = own()
done = threading.Event()
threading.Thread(target=watch, daemon=True).start()
started = time.perf_counter()
counts = Cooccurrence.count(corpus, out=out + "/counts", memory=memory, threads=threads)
seconds = time.perf_counter() - started
done.set()
print(seconds, most - before, told.blocks, told.memory / 2**20, counts.num_pairs, counts.fingerprint)
"""


def main(args: list[str]) -> None:
    """Print the table."""
    options = parser(__doc__)
    options.add_argument("--megabytes", type=int, default=100, help="how much of wiki100m")
    options.add_argument("--threads", type=int, default=2)
    chosen = options.parse_args(args)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = Corpus.build(
            wiki(chosen.data, chosen.megabytes), threads=chosen.threads, out=folder / "corpus"
        )

        def count(memory: int, threads: int) -> list[str]:
            out = tempfile.mkdtemp(dir=folder)
            command = [sys.executable, "-c", PROBE, str(folder / "corpus"), out, str(memory), str(threads)]
            return [*subprocess.run(command, capture_output=True, text=True, check=True).stdout.split(), out]

        ways = {
            "1 thread": (4 << 30, 1),
            f"{chosen.threads} threads": (4 << 30, chosen.threads),
            "500 MB": (500_000_000, chosen.threads),
            "120 MB": (120_000_000, chosen.threads),
        }
        runs: dict[str, list[list[str]]] = {what: [] for what in ways}
        for _ in range(chosen.repeat):
            for what, way in ways.items():
                runs[what].append(count(*way))
        print(
            f"{machine()}\n{corpus.num_tokens:,} words of wiki100m, window 10, min count 5, "
            f"{chosen.repeat} rounds"
        )
        seconds = {what: [float(run[0]) for run in found] for what, found in runs.items()}
        for what, found in runs.items():
            print(
                f"  {what:10} {statistics.median(seconds[what]):6.1f} s "
                f"({min(seconds[what]):.1f}–{max(seconds[what]):.1f}), "
                f"{max(float(run[1]) for run in found):4,.0f} MiB at most, {float(found[0][3]):4,.0f} "
                f"forecast, {found[0][2]} blocks"
            )
        print(
            f"  same counts everywhere: {len({run[5] for found in runs.values() for run in found}) == 1}, "
            f"{int(found[0][4]):,} pairs"
        )
        for what in ("500 MB", "120 MB"):
            print(
                f"  {what} / 4 GiB                "
                f"{ratio(seconds[what], seconds[f'{chosen.threads} threads'])}"
            )
        counts = Cooccurrence.load(f"{found[0][6]}/counts")
        merging = [
            timed(
                lambda n=n: Cooccurrence.merge([counts, counts], threads=chosen.threads, out=folder / f"m{n}")
            )
            for n in range(chosen.repeat)
        ]
        ordering = [
            timed(lambda: GloVe(dim=16, device="cpu", threads=chosen.threads).objective(counts))
            for _ in range(chosen.repeat)
        ]
        opening = [timed(lambda: Cooccurrence.load(f"{found[0][6]}/counts")) for _ in range(9)]
        print(f"  merging two shards            {statistics.median(merging):.1f} s")
        print(f"  ordering for training         {statistics.median(ordering):.1f} s")
        print(f"  opening                       {1e3 * statistics.median(opening):.1f} ms")
