"""Where work runs: the number of CPU threads, and the torch device when a model asks for one."""

import contextlib
import functools
import importlib
import importlib.util
import os
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from seqkit.core.errors import BackendError, OptionError, ResourceError

MOST_THREADS = 512
DRIVERS = (  # what a driver puts there: NVIDIA's, WSL's, AMD's, Jetson's, Windows'
    "/dev/nvidiactl",
    "/dev/dxg",
    "/dev/kfd",
    "/dev/nvmap",
    r"C:\Windows\System32\nvcuda.dll",
)


def threads(asked: int | None = None) -> int:
    """The number of threads to use: `asked`, or every core this process may run on."""
    if asked is not None and not 1 <= asked <= MOST_THREADS:
        raise OptionError(
            f"threads: got {asked}, expected 1 to {MOST_THREADS}. Leave it out to use every core."
        )
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return asked or available


def check_device(name: str) -> None:
    """Raise OptionError unless the name is auto, cpu or cuda[:n]."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise OptionError(f"device: got {name!r}, expected one of auto, cpu, cuda or cuda:<number>.")


def _may_have_gpu() -> bool:
    """Whether torch is worth asking: loading it takes seconds, and without a driver it finds nothing."""
    return "torch" in sys.modules or any(map(os.path.exists, DRIVERS))


def device_name(name: str = "auto") -> str:
    """cpu or cuda[:n] for auto, cpu or cuda[:n]; torch is loaded only where there can be a GPU, or must be.

    Raises:  BackendError if CUDA is asked for and there is none.
    """
    check_device(name)
    if name == "cpu" or (name == "auto" and not _may_have_gpu()):
        return "cpu"
    import torch

    there = torch.cuda.is_available()
    if name == "auto":
        return "cuda" if there else "cpu"
    if not there:
        raise BackendError(
            f"device: got {name!r}, but torch {torch.__version__} sees no such device. Use --device cpu."
        )
    return name


def device(name: str = "auto") -> Any:  # Any: torch.device
    """The torch device for auto, cpu or cuda[:n]; n becomes the GPU that kernels are started on.

    Raises:  BackendError if CUDA is asked for and there is none, or not so many.
    """
    import torch

    found = torch.device(device_name(name))
    if found.index is not None:
        if found.index >= (there := torch.cuda.device_count()):
            raise BackendError(f"device: got {name!r}, but there are {there} GPUs, numbered from 0.")
        torch.cuda.set_device(found)
    return found


def gpu(name: str = "auto") -> Any:  # Any: torch.device
    """The GPU that auto, cpu or cuda[:n] means, for what runs without torch on a CPU; None: the CPU.

    Raises:  as device_name.
    """
    found = device_name(name)
    return None if found == "cpu" else device(found)


def backend(place: Any) -> str:  # Any: torch.device
    """What a report calls the place that `gpu` found: cuda or cpu."""
    return "cpu" if place is None else str(place.type)


@contextlib.contextmanager
def gpu_memory(where: str) -> Iterator[None]:
    """Within the block, or the function that it decorates, a GPU that is full is a ResourceError."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        raise ResourceError(f"{where}: the memory of the GPU ran out. Use --device cpu.") from error


@functools.cache
def triton_installed() -> bool:
    """Whether the extra gpu is there."""
    return importlib.util.find_spec("triton") is not None


def has_kernels(device: Any) -> bool:  # Any: torch.device
    """Whether our own kernels of a GPU run there: it is one, and the extra gpu is installed and works."""
    return device.type == "cuda" and triton_installed() and triton_starts()


@functools.cache
def triton_starts() -> bool:
    """Whether Triton can start kernels on this GPU: its starter is compiled by a C compiler. Warns if not."""
    try:
        return importlib.import_module("triton").runtime.driver.active.utils is not None
    except Exception as error:  # whatever a compiler or a driver lacks
        warnings.warn(
            f"gpu: kernels of Triton cannot be started ({str(error)[:200]}). torch's are used, which are "
            "slower; a C compiler and Python's headers may be missing.",
            stacklevel=3,
        )
        return False


def upload(array: Any, device: Any, dtype: Any = None) -> Any:  # Any: numpy's array, torch's device and dtype
    """The array as a tensor on the device; the host does not wait for a GPU to have it.

    A tensor that is there already keeps its place.
    """
    import torch

    made = array if isinstance(array, torch.Tensor) else torch.from_numpy(array)
    if device.type == "cuda" and made.device.type == "cpu" and made.numel():
        made = made.pin_memory().to(device, non_blocking=True)
    return made.to(device, dtype or made.dtype)


@contextlib.contextmanager
def float32_products(device: Any, *, tf32: bool = False) -> Iterator[None]:  # Any: torch.device
    """Within the block a GPU multiplies float32 numbers as they are; tf32: with 10 bits of mantissa.

    torch's own default is exact for products of matrices and tf32 for recurrent layers.
    Source:  https://docs.pytorch.org/docs/stable/notes/cuda.html (TensorFloat-32)
    """
    if device.type != "cuda":
        yield
        return
    import torch

    cudnn: Any = torch.backends.cudnn
    places: list[Any] = [torch.backends.cuda.matmul, cudnn.rnn, cudnn.conv]
    before = [place.fp32_precision for place in places]
    try:
        for place in places:
            place.fp32_precision = "tf32" if tf32 else "ieee"
        yield
    finally:
        for place, was in zip(places, before, strict=True):
            place.fp32_precision = was
