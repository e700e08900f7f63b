"""The softmax pass over a chunk of logits in compiled code, rows divided among threads."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqkit.kernels.primitives.activations.cpu import exponential, narrow, widen
from seqkit.kernels.primitives.compiler.cpu import njit

_NO_BIAS = np.zeros(0, np.float32)


@njit(nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _row_loss(row: Any, target: Any, bias: Any) -> Any:
    """-log softmax(row + bias)[target]; row becomes softmax - onehot; both 0 where the target is -1."""
    if target < 0:
        row[:] = 0.0
        return 0.0
    if len(bias):
        for v in range(len(row)):
            row[v] += bias[v]
    shift = row[0]
    for v in range(1, len(row)):
        shift = row[v] if row[v] > shift else shift
    at_target = np.float64(row[target]) - np.float64(shift)
    exponential(row.ctypes.data, shift, row.ctypes.data, len(row))
    total = np.float32(0.0)
    for v in range(len(row)):
        total += row[v]
    scale = np.float32(1.0) / total
    for v in range(len(row)):
        row[v] *= scale
    row[target] -= np.float32(1.0)
    return np.log(np.float64(total)) - at_target


@njit(nogil=True, cache=True)
def _whole(logits: Any, targets: Any, bias: Any, nll: Any, low: Any, high: Any) -> None:
    """Rows low … high - 1 of float32 logits, in place."""
    for n in range(low, high):
        nll[n] = _row_loss(logits[n], targets[n], bias)


@njit(nogil=True, cache=True)
def _half(logits: Any, targets: Any, bias: Any, nll: Any, low: Any, high: Any) -> None:
    """Rows low … high - 1 of bfloat16 logits, given as their bits."""
    size = logits.shape[1]
    row = np.empty(size, np.float32)
    for n in range(low, high):
        widen(logits[n].ctypes.data, row.ctypes.data, size)
        nll[n] = _row_loss(row, targets[n], bias)
        narrow(row.ctypes.data, logits[n].ctypes.data, size)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="softmax")


def softmax_losses(logits: Tensor, targets: Tensor, bias: Tensor | None) -> Tensor:
    """-log softmax(logits + bias)[target] of each row in float64; logits become their gradient."""
    half = logits.dtype == torch.bfloat16
    array = (logits.view(torch.uint16) if half else logits).numpy()
    nll = np.empty(len(array))
    threads = min(torch.get_num_threads(), len(array))
    cuts = [len(array) * i // threads for i in range(threads + 1)]
    added = _NO_BIAS if bias is None else bias.detach().float().numpy()
    run = partial(_half if half else _whole, array, targets.numpy(), added, nll)
    others = [_pool().submit(run, low, high) for low, high in pairwise(cuts[1:])]
    run(*cuts[:2])
    for other in others:
        other.result()
    return torch.from_numpy(nll)
