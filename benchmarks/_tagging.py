"""What the tagging recipes share: options, training with the epoch chosen on dev, and the closing table."""

import argparse
import time
from pathlib import Path
from typing import Any

from benchmarks import _wiki_vectors
from benchmarks._common import machine
from benchmarks._recipe import options, reporter
from seqkit.core.options import parse_settings
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.tagger.model import Tagger
from seqkit.text.readers.conll import Sentence, sentences

Part = list[Sentence]


def parsed(parser: argparse.ArgumentParser, args: list[str]) -> argparse.Namespace:
    """The options of recipes, and --vectors."""
    own = options(parser)
    _wiki_vectors.option(own)
    return own.parse_args(args)


def train(
    name: str, parts: dict[str, Part], vectors: Vectors | None, chosen: argparse.Namespace, **settings: Any
) -> Tagger:
    """Train on parts["train"], keep the best epoch on parts["dev"], print all scores of dev and of test."""
    settings |= parse_settings(chosen.set)
    model = Tagger(device=chosen.device, threads=chosen.threads, seed=chosen.seed, **settings)
    pairs = {part: ([s.words for s in found], [s.tags or [] for s in found]) for part, found in parts.items()}
    started, busy = time.monotonic(), time.process_time()
    model.fit(
        *pairs["train"], valid=pairs["dev"], vectors=vectors, report=reporter("sentences", quiet=chosen.quiet)
    )
    seconds, busy = time.monotonic() - started, time.process_time() - busy
    if chosen.out:
        model.save(chosen.out)
    print(f"{name}: {machine()}, {chosen.device}, {chosen.threads} threads, seed {chosen.seed}")
    print(f"  settings {settings}")
    with_vector = (
        "" if model.coverage is None else f", {model.coverage:.1%} of the training words have a vector"
    )
    print(
        f"  {model.num_parameters:,} parameters, {len(model.history)} epochs in {seconds:,.0f} s with "
        "validation "
        f"({busy:,.0f} s of processor time){with_vector}"
    )
    print("  error on dev by epoch: " + ", ".join(f"{e.validation:.4f}" for e in model.history))
    for part in ("dev", "test"):
        for score in model.evaluate(*pairs[part]):
            print(f"  {part}: {score}", flush=True)
    return model


def read(folder: Path, names: dict[str, str], column: str | None = None) -> dict[str, Part]:
    """The sentences of the parts."""
    return {part: list(sentences(folder / name, column=column)) for part, name in names.items()}
