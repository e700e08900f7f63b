"""seqkit doctor: what this machine offers, and whether each kernel equals its reference."""

import os
import platform
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import typer

from seqkit.cli import common
from seqkit.core.device import triton_installed

__all__ = ["doctor"]

PACKAGES = (
    "seqkit",
    "numpy",
    "numba",
    "torch",
    "tokenizers",
    "nltk",
    "scikit-learn",
    "safetensors",
    "zstandard",
    "pyarrow",
)


def doctor(json: common.AsJson = False) -> None:
    """Check the installation: versions, cores, memory, data, and each kernel against its reference.

    Example: seqkit doctor
    """
    common.note("checking the kernels; they are compiled first, if this version has not run here before")
    findings = examine()
    common.show(findings, "\n".join(f"{name:22} {value}" for name, value in findings.items()), json)
    if not all(ok for name, ok in findings.items() if name.startswith("kernel ")):
        raise typer.Exit(1)


def examine() -> dict[str, Any]:
    """Versions, hardware, data and self-tests by name; "kernel …" is True if it equals its reference."""
    from seqkit.core.device import threads
    from seqkit.embeddings.training.objectives import objectives

    found: dict[str, Any] = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    found["cores"] = threads()
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found["memory"] = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"
    found["vector unit"] = _vector_unit()
    found["gpu kernels"] = "found" if triton_installed() else "not found (pip install seqkit[gpu])"
    found["punkt"] = "found" if _has_punkt() else "not found (set NLTK_DATA to split sentences)"
    found["temporary folder"] = tempfile.gettempdir()
    return found | {f"kernel {loss}": _agrees(loss) for loss in objectives.names() if _on_windows(loss)}


def _vector_unit() -> str:
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    return next((name for name in ("avx512f", "avx2", "neon", "sse2") if features.get(name)), "none known")


def _has_punkt() -> bool:
    if find_spec("nltk") is None:
        return False
    from seqkit.core.errors import FormatError
    from seqkit.text.sentence_split import split

    try:
        return bool(split("One. Two."))
    except FormatError:
        return False


def _on_windows(loss: str) -> bool:
    from seqkit.embeddings.training.objectives import objectives

    return bool(objectives.load(loss).learns_from == "text")


def _agrees(loss: str) -> bool:
    import numpy as np

    from seqkit.embeddings.training.trainer import SkipGram
    from seqkit.embeddings.training.window_objective import Block
    from seqkit.text.corpus.corpus import Corpus

    random = np.random.default_rng(0)
    words = [f"w{n}" for n in np.minimum(random.zipf(1.4, 400), 30)]
    corpus = Corpus.from_sentences([words[i : i + 20] for i in range(0, 400, 20)])
    kernel, reference = (
        SkipGram(dim=20, loss=loss, min_count=1, device="cpu", threads=1).objective(corpus) for _ in range(2)
    )
    block = Block(corpus.ids, corpus.starts, 0, 0, corpus.num_tokens)
    kernel.step(block, 0.05)
    plain = reference.matrices
    plan = reference.epoch_windows(0), reference.targets
    reference.reference_train(block.text, plan, plain, 0.05)
    return all(np.allclose(*both, atol=1e-5) for both in zip(plain, kernel.matrices, strict=True))
