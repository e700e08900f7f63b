"""All kinds of dropout, with draws that depend on seed, step and place alone: a resumed run drops the same.

Masks hold 0 or 1 / (1 - p), so that what is kept has the same expectation and evaluation needs no change.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from seqkit.core import rng
from seqkit.core.errors import OptionError

LEVELS = 1 << 16  # p is rounded to a multiple of 1 / LEVELS


def check_rate(name: str, p: float) -> float:
    """p; OptionError if it is not at least 0 and below 1."""
    if not 0 <= p < 1:
        raise OptionError(f"{name}: got {p!r}, expected a chance to drop of at least 0 and below 1.")
    return p


@dataclass
class Draws:
    """The draws of one update: mask number n is f(seed, step, n). batch: (first row, rows in all) of a part.

    None in its place means evaluation: nothing is dropped.
    """

    seed: int
    step: int
    batch: tuple[int, int] | None = None
    number: int = field(default=0, init=False)

    def mask(self, shape: tuple[int, ...], p: float, like: Tensor, *, rows: bool = True) -> Tensor:
        """0 with chance p, else 1 / (1 - p). rows: the first axis is the batch, or the part `batch` of it."""
        first, batch = self.batch if self.batch is not None and rows else (0, shape[0])
        whole = (batch, *shape[1:])
        seed = int(rng.stream(self.seed, self.step, self.number)) >> 1
        self.number += 1
        mask = _kept(whole, p, seed, like.device).to(like.dtype).div_(1 - _drop_of(p) / LEVELS)
        return mask[first : first + shape[0]]


def _drop_of(p: float) -> int:
    """The number of LEVELS at which to drop."""
    return min(round(p * LEVELS), LEVELS - 1)


def _kept(shape: tuple[int, ...], p: float, seed: int, device: torch.device) -> Tensor:
    """True with chance 1 - p, on a CPU from 16 bits a number: torch's own draws took a quarter of a step."""
    if device.type == "cpu":
        size = math.prod(shape)
        bits = np.random.SFC64(seed).random_raw(-(-size // 4)).view(np.int16)[:size].reshape(shape)
        return torch.from_numpy(bits) >= _drop_of(p) - LEVELS // 2
    generator = torch.Generator(device)
    generator.manual_seed(seed)
    return torch.randint(0, LEVELS, shape, device=device, generator=generator, dtype=torch.int32) >= _drop_of(
        p
    )


def dropout(x: Tensor, p: float, draws: Draws | None, *, locked: bool = False) -> Tensor:
    """x (B, T, D) with numbers dropped; locked: one mask for all steps of a row (arXiv:1512.05287)."""
    if draws is None or p == 0:
        return x
    shape = (x.shape[0], 1, x.shape[2]) if locked else tuple(x.shape)
    return x * draws.mask(shape, p, x)


def drop_words(weight: Tensor, p: float, draws: Draws | None) -> Tensor:
    """An embedding matrix (V, D) with whole words dropped (arXiv:1512.05287), except in a tied head."""
    if draws is None or p == 0:
        return weight
    return weight * draws.mask((len(weight), 1), p, weight, rows=False)


def drop_weights(weight: Tensor, p: float, draws: Draws | None) -> Tensor:
    """A recurrent weight with numbers dropped, the same for a whole sequence (arXiv:1708.02182)."""
    if draws is None or p == 0:
        return weight
    return weight * draws.mask(tuple(weight.shape), p, weight, rows=False)
