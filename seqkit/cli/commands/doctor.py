"""seqkit doctor: what this machine offers, whether each kernel equals its reference, whether models learn."""

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
    """Check the installation: versions, cores, memory, data, kernels and models.

    Each training kernel must equal its reference, and each model must learn, be saved and be loaded again, on
    the CPU and on a GPU if there is one. Ends with 1 if one does not.

    Example: seqkit doctor
    """
    common.note("checking the kernels; they are compiled first, if this version has not run here before")
    findings = examine()
    common.show(findings, "\n".join(f"{name:22} {value}" for name, value in findings.items()), json)
    if not all(found is True for name, found in findings.items() if name.startswith(("kernel ", "model "))):
        raise typer.Exit(1)


def examine() -> dict[str, Any]:
    """Versions, hardware, data and self-tests by name: True, or what is wrong."""
    from seqkit.cli.self_tests import kernels, models
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
    return found | kernels() | models(dict.fromkeys(["cpu", found["device"]]))


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
