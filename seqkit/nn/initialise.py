"""Initial weights by name, drawn from a seed of their own."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from seqkit.core.errors import OptionError, did_you_mean

WAYS: dict[str, Callable[..., Any]] = {
    "xavier-uniform": nn.init.xavier_uniform_,  # U(±√(6 / (in + out))): Glorot & Bengio 2010
    "xavier-normal": nn.init.xavier_normal_,  # N(0, 2 / (in + out))
    "he-uniform": nn.init.kaiming_uniform_,  # U(±√(6 / in)): He et al. 2015
    "he-normal": nn.init.kaiming_normal_,  # N(0, 2 / in)
    "orthogonal": nn.init.orthogonal_,  # Saxe et al. 2014
    "normal": nn.init.normal_,  # N(0, 1), as torch.nn.Embedding has it
    "small-normal": lambda w, generator=None: nn.init.normal_(w, 0.0, 0.25, generator=generator),
    "identity": lambda w, generator=None: nn.init.eye_(w),  # Le, Jaitly & Hinton 2015
    "uniform": lambda w, generator=None: nn.init.uniform_(
        w, -0.1, 0.1, generator=generator
    ),  # Zaremba et al. 2014
}


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draws inside come from `seed`; those of the program go on as if there had been none."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def initial_embedding(rows: int, dim: int, way: str) -> nn.Parameter:
    """A trainable (rows, dim) embedding.  Raises:  OptionError for an unknown way."""
    made = nn.Parameter(torch.empty(rows, dim))
    initialise(made, way)
    return made


def check_way(way: str, *, where: str = "") -> None:
    """Raise OptionError, its message beginning with `where`, for an unknown name."""
    if way not in WAYS:
        raise OptionError(
            f"{where}unknown initialisation {way!r}; known: {', '.join(WAYS)}.{did_you_mean(way, WAYS)}"
        )


def initialise(weight: Tensor, way: str, generator: torch.Generator | None = None, *, parts: int = 1) -> None:
    """Fill a (out, in) weight in place; parts: number of gates, each filled by itself.

    Raises:  OptionError for an unknown name.
    """
    check_way(way)
    with torch.no_grad():
        for part in weight.chunk(parts) if weight.numel() and not weight.is_meta else ():
            WAYS[way](part, generator=generator)
