"""Threads and memory of a run with torch, and how much inference runs at once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from seqkit.core.device import threads as count_threads
from seqkit.core.errors import ResourceError, out_of_memory
from seqkit.kernels.rnn_scan import recorded

# Tokens with padding that are run at once without gradients: what a CPU's cache holds, what keeps a GPU busy.
AT_ONCE = {
    "stream": {"cpu": 512, "cuda": 8192},  # of one text, whose losses are taken step by step
    "score": {"cpu": 8192, "cuda": 131_072},  # of rows whose losses are taken
    "search": {"cpu": 4096, "cuda": 32_768},  # of sources, and the texts that are followed for each
    "tag": {"cpu": 4096, "cuda": 65_536},
    "classify": {"cpu": 16_384, "cuda": 262_144},
    "sentences": {"cpu": 256, "cuda": 4096},  # rows, not tokens
}
MOMENTS = 16  # bytes of a float32 weight with its gradient and two moments


def at_once(work: str, device: torch.device) -> int:
    """Tokens, with padding, that a kind of work of AT_ONCE runs at once on a device."""
    sizes = AT_ONCE[work]
    return sizes.get(device.type, sizes["cpu"])


@contextmanager
def torch_threads(threads: int | None) -> Iterator[None]:
    """Within the block torch has so many threads; None: as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(before if threads is None else count_threads(threads))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def memory_errors(where: str) -> Iterator[None]:
    """Within the block an error that memory ran out becomes a ResourceError that says what to do.

    Afterwards nothing is kept of what was recorded on a GPU.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if out_of_memory(error):
            raise ResourceError(f"{where}: memory ran out ({error}). Lower batch or hidden_size.") from error
        raise
    finally:
        recorded.forget()


def check_memory(where: str, numbers: int, device: torch.device) -> None:
    """Raise if float32 weights with gradients and two moments cannot fit into the device's memory."""
    if device.type == "cuda":
        name, total = str(device), torch.cuda.mem_get_info(device)[1]
    else:
        try:
            name, total = "this machine", os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (ValueError, OSError, AttributeError):
            return
    if MOMENTS * numbers > total:
        raise ResourceError(
            f"{where}: the weights with gradients and moments need {MOMENTS * numbers / 2**30:,.1f} GiB, "
            f"{name} has {total / 2**30:,.1f}. "
            "Lower hidden_size, num_layers, embed_dim or the vocabulary."
        )
