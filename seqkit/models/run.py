"""What run.json holds of every training run, and what a run leaves behind that fails."""

import contextlib
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from seqkit.core.errors import SeqkitError
from seqkit.models.base import Model

PACKAGES = ("seqkit", "torch", "numpy", "numba", "tokenizers", "nltk", "scikit-learn")


def outcome(model: Model, network: torch.nn.Module, unit: str, **own: Any) -> dict[str, Any]:
    """Settings, size, `own`, the loss of every epoch, device and versions.  unit: what an epoch's units are,
    as "tokens".
    """
    return {
        "model": type(model).__name__,
        "settings": model.get_params(),
        "parameters": model.num_parameters,
        **own,
        "history": [
            {
                "epoch": e.number,
                "loss": e.loss.mean,
                "predictions": e.loss.count,
                unit: e.units,
                "seconds": round(e.seconds, 3),
                "validation": e.validation,
            }
            for e in model.history
        ],
        "device": str(next(network.parameters()).device),
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


@contextlib.contextmanager
def nothing_half_written(out: Path) -> Iterator[None]:
    """Remove a folder that was not there before, if an error comes before the first checkpoint in it."""
    made = not out.exists()
    try:
        yield
    except SeqkitError:
        if made and not (out / "checkpoint").exists():
            shutil.rmtree(out, ignore_errors=True)
        raise
