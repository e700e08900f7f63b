"""What the benchmarks share: where data are, texts unpacked, medians, the machine."""

import argparse
import gzip
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

CACHE = Path(tempfile.gettempdir()) / "seqkit-benchmarks"


def parser(description: str) -> argparse.ArgumentParser:
    """Options every benchmark has."""
    made = argparse.ArgumentParser(description=description)
    default = os.environ.get("SEQKIT_DATA", Path(__file__).parents[2] / "shared" / "data")
    made.add_argument("--data", type=Path, default=Path(default), help="folder of the real data sets")
    made.add_argument("--repeat", type=int, default=3)
    return made


def wiki(data: Path, megabytes: int = 100) -> Path:
    """wiki100m as plain text, one endless line, cut to so many megabytes (further copies beyond 100)."""
    CACHE.mkdir(exist_ok=True)
    whole = CACHE / "wiki100m.txt"
    if not whole.exists():
        with (
            gzip.open(data / "corpora" / "wiki100m.txt.gz") as source,
            whole.with_suffix(".part").open("wb") as target,
        ):
            shutil.copyfileobj(source, target)
        whole.with_suffix(".part").replace(whole)
    if megabytes == 100:
        return whole
    cut = CACHE / f"wiki{megabytes}m.txt"
    if not cut.exists():
        text = whole.read_bytes()
        copies = (
            (text + b" ") * (megabytes // 100)
            if megabytes > 100
            else text[: text.rfind(b" ", 0, megabytes * 1_000_000)]
        )
        cut.write_bytes(copies)
    return cut


def lines(text: Path, words: int = 1000) -> Path:
    """The same text with so many words a line: gensim gives each thread whole lines."""
    out = text.with_suffix(f".{words}.txt")
    if not out.exists():
        tokens = text.read_text().split()
        out.write_text(
            "\n".join(" ".join(tokens[i : i + words]) for i in range(0, len(tokens), words)) + "\n"
        )
    return out


def timed(call: Callable[[], object]) -> float:
    """Seconds of wall time."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def ratio(ours: list[float], theirs: list[float]) -> str:
    """The median of paired ratios, with the range."""
    pairs = [a / b for a, b in zip(ours, theirs, strict=True)]
    return f"{statistics.median(pairs):.2f} ({min(pairs):.2f}–{max(pairs):.2f})"


def machine() -> str:
    """What it ran on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(name)}" for name in ("seqkit", "numpy", "numba"))
    return f"{platform.machine()}, {cores} cores, Python {platform.python_version()}, {packages}"
