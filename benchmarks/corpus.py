"""Reading text: count + encode, opening what was built, memory. Bars: ≥ 4 M tokens/s on 2 cores, open < 0.1
s, 10 × text in the same memory.

The peer is the usual plain Python: Counter over split lines, then a dictionary look-up a token; and gensim's
own vocabulary scan alone (it never encodes).
"""

import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks._common import lines, machine, parser, ratio, timed, wiki
from seqkit.text.corpus.corpus import Corpus

PROBE = """
import re, resource, sys
from seqkit.text.corpus.corpus import Corpus
corpus = Corpus.build(sys.argv[1], out=sys.argv[2], threads=2)
own = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024  # ru_maxrss would be that of the starter
workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(corpus.num_tokens, len(corpus.vocab), own, workers)
"""


def plain(path: Path) -> np.ndarray:
    """Counter, sort, look up."""
    rows = [line.split() for line in path.open(encoding="utf-8")]
    counts = Counter(word for row in rows for word in row)
    index = {word: i for i, (word, _) in enumerate(counts.most_common())}
    return np.concatenate([np.array([index[word] for word in row], np.int32) for row in rows])


def scan(path: Path) -> None:
    """gensim's scan of the vocabulary."""
    from gensim.models import Word2Vec

    Word2Vec(min_count=1).build_vocab(corpus_file=str(path))


def main(args: list[str]) -> None:
    """Print the table."""
    options = parser(__doc__)
    options.add_argument("--large", action="store_true", help="also measure memory at 1,000 MB")
    chosen = options.parse_args(args)
    text = lines(wiki(chosen.data))
    speeds: dict[str, list[float]] = {
        "2 processes": [],
        "1 process": [],
        "plain Python": [],
        "gensim scan": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        tokens = Corpus.build(text, out=Path(folder) / "0").num_tokens
        for n in range(chosen.repeat):
            for name, threads in (("2 processes", 2), ("1 process", 1)):
                seconds = timed(
                    lambda n=n, t=threads: Corpus.build(text, out=Path(folder) / f"{n}-{t}", threads=t)
                )
                speeds[name].append(tokens / seconds)
            speeds["plain Python"].append(tokens / timed(lambda: plain(text)))
            speeds["gensim scan"].append(tokens / timed(lambda: scan(text)))
        opening = [timed(lambda: Corpus.load(Path(folder) / "0").ids[12345]) for _ in range(9)]
        print(f"{machine()}\nwiki100m, {tokens:,} tokens, whitespace tokenizer, {chosen.repeat} rounds")
        for name, values in speeds.items():
            print(f"  {name:14} {statistics.median(values) / 1e6:6.2f} M tokens/s")
        print(f"  seqkit (2) / plain Python    {ratio(speeds['2 processes'], speeds['plain Python'])}")
        print(f"  seqkit (2) / gensim scan     {ratio(speeds['2 processes'], speeds['gensim scan'])}")
        print(f"  opening what was built       {1e3 * statistics.median(opening):.1f} ms")
        for megabytes in (100, 1000) if chosen.large else (10, 100):
            out = subprocess.run(
                [sys.executable, "-c", PROBE, str(wiki(chosen.data, megabytes)), f"{folder}/m{megabytes}"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split()
            count, words, own, workers = int(out[0]), int(out[1]), float(out[2]), float(out[3])
            print(
                f"  {megabytes:5,} MB: {count:11,} tokens, {words:7,} words, peak {own:4.0f} MiB, largest "
                f"worker {workers:4.0f} MiB"
            )
