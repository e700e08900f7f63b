"""Where word vectors are trained: on the CPU, or on a GPU if there is one.

auto takes the CPU too where the loss has no kernels for a GPU, or `deterministic` is set.
"""

from typing import Any

from seqkit.core.device import check_device, device_name, triton_installed, triton_starts
from seqkit.core.device import threads as count_threads
from seqkit.core.errors import BackendError, OptionError


def _against_gpu(trainer: Any) -> str:
    """Why a GPU is not used; empty if it may be."""
    if not getattr(trainer.objective_class, "gpu", ""):
        return f"{trainer.loss} has no kernel for a GPU yet"
    if getattr(trainer.options, "deterministic", False):
        return "deterministic asks for the same bytes, and a GPU adds up in any order"
    return "" if triton_installed() else "its kernels need triton, which the extra gpu installs"


def check(trainer: Any) -> None:
    """Raise OptionError for a device that is none, or a GPU on which these settings cannot be trained."""
    check_device(device := trainer.device)
    if device.startswith("cuda") and (reason := _against_gpu(trainer)):
        raise OptionError(f"device: got {device!r}, expected cpu: {reason}. Use --device cpu.")


def of(trainer: Any) -> str:
    """cpu or cuda[:n]; auto takes the CPU if something is against a GPU.

    Raises:  BackendError if a GPU is asked for on which no kernel can be started.
    """
    asked: str = trainer.device
    found = "cpu" if asked == "auto" and _against_gpu(trainer) else device_name(asked)
    if found == "cpu" or triton_starts():
        return found
    if asked == "auto":
        return "cpu"
    raise BackendError(f"device: got {asked!r}, but Triton cannot start kernels there. Use --device cpu.")


def hardware(where: str, threads: int | None) -> dict[str, Any]:
    """What stands in run.json; with the name of a GPU."""
    found = {"device": where, "threads": count_threads(threads)}
    if where == "cpu":
        return found
    from seqkit.kernels.primitives.resident.gpu import name_of

    return {**found, "gpu": name_of(where)}
