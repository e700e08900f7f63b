"""What the cases read: slices of the planted corpus, as lists and as files; and the command line.

Not handled: real data (real_cases).
"""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import seqkit as sk

SHELL = """
import contextlib, io, json, sys
from seqkit.cli import main
for words in json.load(sys.stdin):
    printed, sys.argv = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), ["seqkit", *words]
    with contextlib.redirect_stdout(printed):
        try:
            main()
        except SystemExit as end:
            if end.code:
                sys.exit(f"seqkit {' '.join(words)}: exit code {end.code}")
    printed.flush()
    print(json.dumps(printed.buffer.getvalue().decode()))
"""


def shell(*commands: str) -> list[Any]:
    """Run commands one after the other, in a process of their own; what each printed, JSON as values."""
    words = [shlex.split(command) for command in commands]
    environment = os.environ | {"PYTHONPATH": str(Path(sk.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", SHELL],
        input=json.dumps(words),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        [json.loads(line) for line in text.splitlines()] if "--json" in row else text
        for row, text in zip(words, printed, strict=True)
    ]


def planted(name: str, low: int = 0, high: int | None = None) -> list[str]:
    """Lines of a file of the planted corpus."""
    return (sk.shipped("planted") / name).read_text(encoding="utf-8").splitlines()[low:high]


def write(name: str, lines: list[str]) -> str:
    """Lines as a file in the working folder; its name."""
    Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return name


def corpus(low: int = 0, high: int = 3000, **settings: Any) -> Any:
    """A corpus of lines of the planted text."""
    return sk.Corpus.build(planted("text.txt", low, high), threads=1, **settings)


def reviews(low: int = 0, high: int = 240) -> tuple[list[str], list[str]]:
    """Texts of two classes, one of them rarer, and their labels."""
    rows = [line.split("\t") for i, line in enumerate(planted("sentiment.tsv", low, high)) if i % 6]
    return [text for _, text in rows], [label for label, _ in rows]


def pairs(low: int = 0, high: int = 150) -> tuple[list[str], list[str]]:
    """Sentences in English and in Tolma."""
    rows = [line.split("\t") for line in planted("pairs.tsv", low, high)]
    return [source for source, _ in rows], [target for _, target in rows]


def tagged(low: int = 0, high: int = 120) -> tuple[list[list[str]], list[list[str]]]:
    """Sentences of which cities and countries are spans, some of two words."""
    truths = json.loads("".join(planted("truths.json")))
    places = truths["relations"]["capital-country"]
    kinds = {word: kind for pair in places for word, kind in zip(pair, ("B-CITY", "B-COUNTRY"), strict=True)}
    sentences, labels = [], []
    for line in planted("text.txt", low, high):
        words = line.split()
        tags = [kinds.get(word, "O") for word in words]
        for i in range(1, len(tags)):  # "of france" is a span of two words
            if words[i - 1] == "of" and tags[i] == "B-COUNTRY":
                tags[i - 1 : i + 1] = ["B-COUNTRY", "I-COUNTRY"]
        sentences.append(words)
        labels.append(tags)
    return sentences, labels


def conll(name: str, low: int, high: int) -> str:
    """The tagged sentences as a file of columns."""
    blocks = zip(*tagged(low, high), strict=True)
    return write(name, ["".join(f"{w} {t}\n" for w, t in zip(*block, strict=True)) for block in blocks])


def random_vectors(tokens: list[str], dim: int, seed: int = 1) -> Any:
    """Vectors of given words, drawn by NumPy."""
    matrix = np.random.default_rng(seed).standard_normal((len(tokens), dim)).astype(np.float32)
    return sk.Vectors(sk.Vocab(tokens, np.arange(len(tokens), 0, -1)), matrix)


@contextlib.contextmanager
def stopped_after(steps: int) -> Iterator[Callable[[Any], None]]:
    """A report for `fit` that presses Ctrl-C after so many steps; that the run then ends is seen to."""
    left = [steps]

    def report(_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGINT)

    with contextlib.suppress(KeyboardInterrupt):
        yield report
        raise RuntimeError(f"fit: it came to its end before {steps} steps, expected to be stopped there.")
