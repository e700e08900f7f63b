"""How long a user waits before anything happens: help, import, a small command. Bars: help ≤ 0.4 s, import ≤
0.5 s.

Each is a process of its own, started --repeat times after one that is not counted; the median and the range.
"""

import statistics
import subprocess
import sys

from benchmarks._common import machine, parser, timed

SHELL = [sys.executable, "-m", "seqkit"]
STARTS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "seqkit --help": [*SHELL, "--help"],
    "seqkit lm train --help": [*SHELL, "lm", "train", "--help"],
    "seqkit embed train --help": [*SHELL, "embed", "train", "--help"],
    "seqkit bias --help": [*SHELL, "bias", "--help"],
    "import seqkit": [sys.executable, "-c", "import seqkit"],
    "import seqkit; every name": [sys.executable, "-c", "from seqkit import *"],
    "import seqkit; Vectors": [sys.executable, "-c", "from seqkit import Vectors"],
    "import seqkit; LanguageModel": [sys.executable, "-c", "from seqkit import LanguageModel"],
    "import torch, for comparison": [sys.executable, "-c", "import torch"],
}


def main(args: list[str]) -> None:
    """Print the table."""
    chosen = parser(__doc__).parse_args(args)
    print(machine())
    for name, command in STARTS.items():
        times = [
            timed(lambda: subprocess.run(command, check=True, capture_output=True))  # noqa: B023
            for _ in range(1 + chosen.repeat)
        ][1:]
        print(f"{name:30} {statistics.median(times):.2f} s ({min(times):.2f}–{max(times):.2f})")
