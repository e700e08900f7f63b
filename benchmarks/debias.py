"""Hard debiasing of a table as large as the Google News vectors, memory-mapped. Bars: 3,000,000 × 300 in ≤ 10
s on 2 cores, ≤ 500 MB beyond the mapped files.

A fresh process opens the vectors, fits HardDebias (its words found in the bytes of the vocabulary) and writes
the result as seqkit's own format, hashed and synced. Printed: the pass alone (results thrown away), the whole
to a file, how much of that the disk took, and the peak of memory that is no mapped file. The peer is plain
numpy, whole matrix at once in float32, as debiaswe does it.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks._common import CACHE, machine, parser
from seqkit.core import files
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.formats.native import Native

PROBE = """
import json, os, re, sys, threading, time
import seqkit
from seqkit.core import files
source, target, job = sys.argv[1:]
peak, synced, done = [0], [0.0], threading.Event()
def watch():
    while not done.wait(0.01):
        peak[0] = max(peak[0], int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1]))
watcher = threading.Thread(target=watch); watcher.start()
fsync = os.fsync
def timed(handle):
    started = time.perf_counter(); fsync(handle); synced[0] += time.perf_counter() - started
os.fsync = timed
started = time.perf_counter()
vectors = seqkit.Vectors.load(source)
eraser = seqkit.HardDebias().fit(vectors, seqkit.WordSets.gender())
fitted = time.perf_counter() - started
if job == "pass":
    from seqkit.core.device import threads
    for start, block in eraser.blocks(vectors, threads=threads()):
        pass
elif job == "write":
    eraser.write(vectors, target)
else:
    import numpy as np
    x = np.array(vectors.matrix); x /= np.linalg.norm(x, axis=1, keepdims=True)
    g = eraser.basis[0].astype(np.float32); x -= np.outer(x @ g, g); x /= np.linalg.norm(x, axis=1, keepdims=True)
seconds = time.perf_counter() - started
done.set(); watcher.join()
print(json.dumps({"seconds": seconds, "fitted": fitted, "synced": synced[0], "peak": peak[0] / 1024, "bytes": vectors.matrix.nbytes}))
"""


def table(rows: int, dim: int) -> Path:
    """Random vectors on disk, made block by block: the words of the gender sets spread among fillers, its
    women and men apart.
    """
    folder = CACHE / f"debias-{rows}x{dim}"
    if (folder / "manifest.json").exists():
        return folder
    sets = WordSets.gender()
    words = [f"filler{i}" for i in range(rows)]
    spread = np.linspace(0, rows - 1, len(sets.protected)).astype(np.int64).tolist()
    for row, word in zip(spread, sets.protected, strict=True):
        words[row] = word
    shift = {word: side for column, side in zip(sets.columns, (1, -1), strict=True) for word in column}
    shift |= {word: 1 - 2 * i for row in sets.equalize for i, word in enumerate(row)}
    sides = {row: shift.get(word, 0) for row, word in zip(spread, sets.protected, strict=True)}

    def blocks():
        random = np.random.default_rng(0)
        for start in range(0, rows, 10_000):
            block = random.standard_normal((min(10_000, rows - start), dim), np.float32)
            for row, side in sides.items():
                if start <= row < start + len(block):
                    block[row - start, 0] += 8 * side
            yield block

    encoded = [word.encode() for word in words]
    vocab = {
        "tokens": np.frombuffer(b"".join(encoded), np.uint8),
        "token_ends": np.cumsum([len(e) for e in encoded], dtype=np.int64),
    }
    matrix = files.Streamed(np.dtype(np.float32), (rows, dim), blocks)
    Native.write(folder, vocab | {"counts": np.zeros(rows, np.int64)}, {"matrix": matrix})
    return folder


def main(args: list[str]) -> None:
    """Print the table."""
    options = parser(__doc__)
    options.add_argument("--rows", type=int, default=3_000_000)
    options.add_argument("--dim", type=int, default=300)
    options.add_argument(
        "--peer", action="store_true", help="also plain numpy, which holds the whole matrix in memory"
    )
    chosen = options.parse_args(args)
    source, target = table(chosen.rows, chosen.dim), CACHE / "debiased"
    print(
        f"{machine()}\nHardDebias, {chosen.rows:,} × {chosen.dim} float32, best of {chosen.repeat} rounds "
        "after one to warm up"
    )
    for job in ("pass", "write", *(("numpy",) if chosen.peer else ())):
        command = [sys.executable, "-c", PROBE, str(source), str(target), job]
        runs = []
        for _ in range(chosen.repeat + 1):
            shutil.rmtree(target, ignore_errors=True)
            runs.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
        best = min(runs[1:], key=lambda run: run["seconds"])
        print(
            f"  {job:6} {best['seconds']:6.2f} s, {best['bytes'] / 1e9 / best['seconds']:5.2f} GB/s; open "
            f"and fit {best['fitted']:.2f} s, "
            f"disk sync {best['synced']:.2f} s; peak beyond maps {max(run['peak'] for run in runs):4.0f} MiB"
        )
