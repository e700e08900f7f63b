"""seqkit doctor: what this machine offers, whether each kernel equals its reference, whether models learn."""

import os
import platform
import tempfile
from collections.abc import Iterator
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
    """Check the installation: versions, cores, memory, data, kernels and models.

    Each training kernel must equal its reference, and each model must learn, be saved and be loaded again, on
    the CPU and on a GPU if there is one. Ends with 1 if one does not.

    Example: seqkit doctor
    """
    findings = {}
    for name, value in examine():
        findings[name] = value
        if not json:
            print(f"{name:36} {value}", flush=True)
    if json:
        common.show(findings, "", json)
    if not all(found is True for name, found in findings.items() if name.startswith(("kernel ", "model "))):
        raise typer.Exit(1)


def examine() -> Iterator[tuple[str, Any]]:
    """Versions, hardware and data by name, then each self-test as it is over: True, or what is wrong."""
    from seqkit.cli.self_tests import results
    from seqkit.core.device import device_name, threads

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
    found["device"] = device_name("auto")
    found["gpu kernels"] = "found" if triton_installed() else "not found (pip install seqkit[gpu])"
    found["punkt"] = "found" if _has_punkt() else "not found (set NLTK_DATA to split sentences)"
    found["temporary folder"] = tempfile.gettempdir()
    yield from found.items()
    common.note("checking kernels and models; kernels that have not run here before are compiled first")
    yield from results(dict.fromkeys(["cpu", found["device"]]))


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
