"""What the recipes share: options, training with a time limit, the closing table."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._common import CACHE, machine
from seqkit.core.options import parse_settings
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.codec import Codec
from seqkit.text.corpus.corpus import Corpus
from seqkit.train.progress import Progress


def options(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Options every recipe has."""
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keep the model in this folder")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings other than the recipe's"
    )
    parser.add_argument("--quiet", action="store_true")
    return parser


def reporter(unit: str, *, quiet: bool) -> Callable[[Progress], None]:
    """A line of progress every 20 seconds."""
    started = last = time.monotonic()

    def report(p: Progress) -> None:
        nonlocal last
        if not quiet and time.monotonic() - last > 20:
            last = time.monotonic()
            told = f"epoch {p.epoch}/{p.epochs}  loss {p.loss.mean:.4f}  {p.units_per_second:,.0f} {unit}/s"
            print(f"    {last - started:5.0f} s  {told}", flush=True)

    return report


def train(
    name: str,
    train_text: Path,
    valid_text: Path,
    test_text: Path | None,
    unit: str,
    chosen: argparse.Namespace,
    **settings: Any,
) -> LanguageModel:
    """Train with `settings`, choose the epoch by the validation text, and print the exact scores of valid and
    test.
    """
    settings |= parse_settings(chosen.set)
    corpus = Corpus.build(train_text, unit, add_eos=True)
    valid = Codec.of(corpus).corpus(valid_text)
    model = LanguageModel(device=chosen.device, threads=chosen.threads, seed=chosen.seed, **settings)
    started, busy = time.monotonic(), time.process_time()
    model.fit(corpus, valid=valid, report=reporter("tokens", quiet=chosen.quiet))
    seconds, busy = time.monotonic() - started, time.process_time() - busy
    if chosen.out:
        model.save(chosen.out)
    tokens = sum(e.units for e in model.history)
    print(f"{name}: {machine()}, {chosen.device}, {chosen.threads} threads, seed {chosen.seed}")
    print(f"  settings {settings}")
    print(
        f"  {model.num_parameters:,} parameters, {len(model.history)} epochs, {tokens:,} tokens in "
        f"{seconds:,.0f} s with validation "
        f"({busy:,.0f} s of processor time)"
    )
    print("  validation by epoch: " + ", ".join(f"{e.validation:.4f}" for e in model.history))
    for part, path in (("valid", valid_text), ("test", test_text)):
        if path is not None:
            s = model.score_file(path)
            print(
                f"  {part}: {s.loss.mean:.4f} nats a token, perplexity {s.loss.perplexity:.2f}, "
                f"{s.bits_per_byte:.4f} bits a byte, "
                f"{s.loss.count:,} tokens scored ({s.eos:,} </s>, {s.unknown:,} unknown)"
            )
    return model


def cache() -> Path:
    """The folder for what recipes unpack."""
    CACHE.mkdir(exist_ok=True)
    return CACHE
