"""The softmax pass over a chunk of logits in compiled code, rows shared out among threads."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numba import njit
from torch import Tensor

from seqkit.kernels.activations.cpu import copy, exponential, narrow, widen

_NO_BIAS = np.zeros(0, np.float32)


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc", "nsz"})
def _softmax_losses(logits: Any, targets: Any, bias: Any, nll: Any, low: Any, high: Any) -> None:
    """Rows low … high - 1: nll = -log softmax[target], logits become softmax - onehot, both 0 where the target is -1."""
    size = logits.shape[1]
    row = np.empty(size, np.float32)
    for n in range(low, high):
        place = logits.ctypes.data + logits.itemsize * size * n
        if logits.itemsize == 2:
            widen(place, row.ctypes.data, size)
        else:
            copy(place, row.ctypes.data, size)
        if len(bias):
            for v in range(size):
                row[v] += bias[v]
        shift = row[0]
        for v in range(1, size):
            shift = row[v] if row[v] > shift else shift
        target = targets[n]
        at_target = row[target] - shift if target >= 0 else np.float32(0.0)
        exponential(row.ctypes.data, shift, row.ctypes.data, size)
        total = np.float32(0.0)
        for v in range(size):
            total += row[v]
        scale = np.float32(1.0) / total if target >= 0 else np.float32(0.0)
        for v in range(size):
            row[v] *= scale
        nll[n] = 0.0
        if target >= 0:
            nll[n] = np.log(np.float64(total)) - at_target
            row[target] -= np.float32(1.0)
        if logits.itemsize == 2:
            narrow(row.ctypes.data, place, size)
        else:
            copy(row.ctypes.data, place, size)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="softmax")


def softmax_losses(logits: Tensor, targets: Tensor, bias: Tensor | None) -> Tensor:
    """-log softmax(logits + bias)[target] of each row, float64; logits (float32 or bfloat16) become their gradient."""
    array = (logits.view(torch.uint16) if logits.dtype == torch.bfloat16 else logits).numpy()
    nll = np.empty(len(array))
    threads = min(torch.get_num_threads(), len(array))
    cuts = [len(array) * i // threads for i in range(threads + 1)]
    added = _NO_BIAS if bias is None else bias.detach().float().numpy()
    run = partial(_softmax_losses, array, targets.numpy(), added, nll)
    others = [_pool().submit(run, low, high) for low, high in pairwise(cuts[1:])]
    run(*cuts[:2])
    for other in others:
        other.result()
    return torch.from_numpy(nll)
