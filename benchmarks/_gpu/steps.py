"""The steps of `python -m benchmarks gpu`, in order of worth: each a function that returns plain values.

With dry=True they run on a CPU at tiny sizes, so that a test can show that the script itself runs.
"""

import json
import platform
import re
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

import seqkit as sk
from benchmarks._gpu.cases import CASES, LINES, compare, limit
from benchmarks._gpu.queries import queries
from benchmarks._gpu.words import glove, quality, words
from seqkit.core.device import float32_products
from seqkit.kernels.decode import reference
from seqkit.kernels.decode.rules import Rows, Rules, row_seeds
from seqkit.kernels.linear_cross_entropy import chunked
from seqkit.kernels.linear_cross_entropy import reference as whole
from seqkit.kernels.primitives.recording.gpu import Recording
from seqkit.kernels.rnn_scan import recorded
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.sampling import make_decoder
from seqkit.nn.cell import cell
from seqkit.nn.cell import cells as cells_of
from seqkit.text.batches.streams import Window
from seqkit.train.gradient.learner import GradientLearner
from seqkit.train.gradient.options import GradientOptions

TESTS = Path(__file__).parents[2] / "tests" / "kernels"
PRECISIONS = ("float32", "tf32", "bfloat16")


def place(dry: bool) -> torch.device:
    return torch.device("cpu" if dry else "cuda")


def seconds(call: Callable[[], object], dry: bool, n: int = 10, warm: int = 3) -> float:
    """The median time of a call, by events of the GPU."""
    for _ in range(1 if dry else warm):
        call()
    if dry:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started
    found = []
    for _ in range(n):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        call()
        end.record()
        end.synchronize()
        found.append(begin.elapsed_time(end) / 1e3)
    return statistics.median(found)


def env(dry: bool, data: Path) -> dict[str, Any]:
    """Versions; the card, how fast it copies and multiplies."""
    found: dict[str, Any] = {"python": platform.python_version(), "torch": torch.__version__}
    for name in ("numpy", "numba", "scipy", "triton", "seqkit"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not there"
    if dry:
        return found
    card = torch.cuda.get_device_properties(0)
    found |= {"gpu": card.name, "memory": card.total_memory, "cudnn": torch.backends.cudnn.version()}
    x = torch.empty(1 << 28, device="cuda").normal_()
    y = torch.empty_like(x)
    found["copy, TB/s"] = 2 * x.nbytes / seconds(lambda: y.copy_(x), dry) / 1e12
    for precision in PRECISIONS:
        a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16 if precision == "bfloat16" else None)
        with float32_products(a.device, tf32=precision == "tf32"):
            found[f"products in {precision}, TFLOP/s"] = 2 * 8192**3 / seconds(lambda: a @ a, dry, 5) / 1e12  # noqa: B023
    return found


def models(dry: bool, data: Path) -> dict[str, Any]:
    """Every model trained on the device, against what a CPU gave."""
    found: dict[str, Any] = {}
    result: dict[str, Any] = {}
    for name in CASES:
        try:
            found[name] = compare(name, place(dry).type)
        except Exception as error:  # the others are worth measuring all the same
            found[name] = f"{type(error).__name__}: {str(error)[:300]}"
        failed = [name for name, far in found.items() if not (isinstance(far, float) and far < limit(name))]
        result = {"failed": failed, "relative difference": found}
        print(json.dumps(result), flush=True)  # what is known if the time ends
    return result


def kernels(dry: bool, data: Path) -> dict[str, Any]:
    """The tests of our kernels, compiled: each against its reference."""
    chosen = ["-k", "linear_scan"] if dry else ["-m", "gpu"]
    many = ["-n", "8"] if find_spec("xdist") and not dry else []
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *many, *chosen, str(TESTS)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=TESTS.parents[1])
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    passed = re.search(r"(\d+) passed", lines[-1] if lines else "")
    if not failed and (done.returncode or not passed or not int(passed[1])):
        failed = [*lines[-5:], done.stderr[-500:]]
    return {"failed": failed, "tests": lines[-1] if lines else ""}


def waits(dry: bool, data: Path) -> dict[str, Any]:
    """How often the host waited for the GPU in one small training, as torch counts it."""
    if dry:
        return {"skipped": "needs a GPU"}
    found = {}
    for name in ("lm lstm", "tagger", "classifier", "translator bahdanau"):
        CASES[name]("cuda")
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("warn")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            CASES[name]("cuda")
        torch.cuda.set_sync_debug_mode("default")
        found[name] = sum("synchroniz" in str(one.message) for one in told)
    return {"waits": found}


SHAPES: dict[str, tuple[int, dict[str, Any], int, int]] = {
    "2 x 256, B 32, T 64, V 65": (65, {"hidden_size": 256, "num_layers": 2}, 32, 64),
    "2 x 256, B 256, T 64, V 65": (65, {"hidden_size": 256, "num_layers": 2}, 256, 64),
    "2 x 650, B 20, T 35, V 10,000": (10_000, {"hidden_size": 650, "num_layers": 2, "dropout": 0.5}, 20, 35),
    "3 x 1150, B 80, T 70, V 33,278": (
        33_278,
        {"hidden_size": 1150, "num_layers": 3, "embed_dim": 400, "dropout": 0.3, "locked": True},
        80,
        70,
    ),
}


def lm_speed(dry: bool, data: Path) -> dict[str, Any]:
    """Tokens a second of training steps of language models."""
    found = {}
    for name, (V, sizes, B, T) in list(SHAPES.items())[: 1 if dry else None]:
        for precision in PRECISIONS:
            network = Network.of(V, **sizes).to(place(dry)).train()
            options = GradientOptions(optimizer="adamw", clip=1.0, precision=precision)
            learner = GradientLearner(network, options)
            ids = np.random.default_rng(0).integers(0, V, (B, T)).astype(np.int32)
            batch = Window(ids, ids, ids.size, False)
            took = seconds(lambda: learner.step(batch, 1e-3), dry, 15)  # noqa: B023
            found[f"{name}, {precision}"] = round(B * T / took)
    return {"tokens/s": found}


def cells(dry: bool, data: Path) -> dict[str, Any]:
    """Forward and backward of each cell, loops recorded and kernel by kernel, and how much slower than the LSTM."""
    found, (B, T, H) = {}, (32, 8 if dry else 128, 256)
    x = torch.randn(B, T, H, device=place(dry))
    for name in ("lstm", "gru", "rnn", "peephole-lstm", "layer-norm-lstm", "gru-before", "min-gru"):
        one = cell(name, H, H).to(x.device)
        own = cells_of.load(name).family is not None and cells_of.load(name).torch_kind is None
        for kind in ("", ", not recorded") if own else ("",):
            recorded.OFTEN = 3 if not kind else 1 << 30
            recorded.forget()
            took = seconds(lambda: one(x)[0].sum().backward(), dry, 5, 6)  # noqa: B023
            found[name + kind] = round(1e3 * took, 3)
    over = {name: round(ms / found["lstm"], 2) for name, ms in found.items()}
    return {"ms, B 32, T 128, H 256": found, "over lstm": over, "recorded": Recording.possible}


@torch.no_grad()
def sampling(dry: bool, data: Path) -> dict[str, Any]:
    """Characters a second of a 2 x 256 LSTM: many steps in one launch; step by step, recorded and not."""
    network = Network.of(65, hidden_size=256, num_layers=2).to(place(dry)).eval()
    found, steps = {}, 8 if dry else 64
    for B in (1, 32, 1024):
        for kind in ("", ", recorded", ", kernel by kernel"):
            plain = reference.Decoder(network, network.stack.zero_state(B))
            decoder = plain if kind else make_decoder(network, B)
            reference.WORTH = 0 if kind == ", recorded" else 1 << 30

            def write() -> None:
                rows = Rows.start(np.zeros(B, np.int64), row_seeds(list(range(B))), steps)  # noqa: B023
                decoder.write(rows, Rules(), [], steps)  # noqa: B023

            found[f"{B} rows, {decoder.backend}{kind}"] = round(B * steps / seconds(write, dry, 5, 2))
    return {"characters/s": found, "recorded": Recording.possible}


def loss(dry: bool, data: Path) -> dict[str, Any]:
    """The loss of a vocabulary, forward and backward: ours beside torch's on whole logits."""
    found = {}
    sizes = [(64, 100, 16)] if dry else [(2048, 65, 256), (700, 10_000, 650), (5600, 33_278, 400)]
    for N, V, H in sizes:
        for low in (False, True):
            h, W = (torch.randn(rows, H, device=place(dry), requires_grad=True) for rows in (N, V))
            b = torch.zeros(V, device=place(dry), requires_grad=True)
            y = torch.randint(0, V, (N,), device=place(dry))
            for name, call in (("ours", chunked), ("torch", whole)):

                def run() -> None:
                    with torch.autocast(h.device.type, torch.bfloat16, enabled=low):  # noqa: B023
                        total = call.linear_cross_entropy(h, W, b, y)  # noqa: B023
                    total.backward()

                kind = "bfloat16" if low else "float32"
                found[f"{name}, {N} x {V:,} x {H}, {kind}"] = round(1e3 * seconds(run, dry, 5, 2), 3)
    return {"ms": found}


def shakespeare(dry: bool, data: Path) -> dict[str, Any]:
    """Seconds to train a character model of tiny Shakespeare, and what it costs on the last tenth."""
    path = data / "lm" / "tinyshakespeare.txt"
    if not dry and not path.exists():
        return {"skipped": f"{path} is not there"}
    text = "\n".join(LINES) if dry else path.read_text(encoding="utf-8")
    cut = len(text) * 9 // 10
    corpus = sk.Corpus.build(text[:cut].splitlines(), "character", add_eos=True)
    sizes = (
        {"hidden_size": 16, "batch": 4, "bptt": 8} if dry else {"hidden_size": 256, "batch": 64, "bptt": 64}
    )
    model = sk.LanguageModel(
        num_layers=2,
        epochs=2 if dry else 8,
        lr=0.004,
        dropout=0.2,
        weight_decay=0.1,
        schedule_settings={"warmup": 0.02},
        precision="bfloat16",
        device=place(dry).type,
        **sizes,
    )
    started = time.perf_counter()
    model.fit(corpus)
    took = time.perf_counter() - started
    nats = model.score_file(text[cut:].splitlines()).loss.mean
    return {"seconds": took, "nats a character": nats}


STEPS: dict[str, tuple[Callable[[bool, Path], dict[str, Any]], int]] = {  # with the most seconds of each
    "env": (env, 40),
    "kernels": (kernels, 120),
    "models": (models, 110),
    "words": (words, 70),
    "lm_speed": (lm_speed, 60),
    "cells": (cells, 30),
    "sampling": (sampling, 40),
    "glove": (glove, 60),
    "shakespeare": (shakespeare, 90),
    "waits": (waits, 40),
    "queries": (queries, 60),
    "loss": (loss, 30),
    "quality": (quality, 150),
}
