"""Weights that were trained elsewhere: pretrained vectors, those of a file."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from seqkit.core.checks import check_form
from seqkit.core.errors import OptionError, ShapeError
from seqkit.core.types import Arrays


def start_embedding(embedding: Any, tokens: Sequence[str], vectors: Any) -> float:
    """Fill the rows of an embedding whose tokens are in `vectors` (Vectors); return the share that are.

    Raises:  OptionError if the vectors have another size.
    """
    if vectors.dim != embedding.shape[1]:
        raise OptionError(
            f"vectors: got {vectors.dim} numbers for each word, expected "
            f"{embedding.shape[1]}, the size of the embedding. Make them equal."
        )
    rows = [(i, vectors.vocab.index[token]) for i, token in enumerate(tokens) if token in vectors.vocab.index]
    with torch.no_grad():
        for i, row in rows:
            embedding[i] = torch.from_numpy(np.array(vectors.matrix[row]))
    return len(rows) / max(len(tokens), 1)


def check_weights(build: Callable[[], nn.Module], given: Arrays) -> None:
    """Raise ShapeError unless `given` are the parameters of a network.

    No memory is taken for it here, nor time for more parameters than are given.
    """
    try:
        with torch.device("meta"), _at_most(len(given)):
            own = dict(build().named_parameters())
    except (RuntimeError, TypeError, OverflowError) as error:
        raise ShapeError(f"settings: got sizes of which no network can be built ({error}).") from error
    if other := own.keys() ^ given.keys():
        raise ShapeError(
            f"weights: got {len(given)}, expected {len(own)}, as the settings ask for; {min(other)} is in "
            "one of them alone."
        )
    for name, p in own.items():
        check_form(name, given[name], "float32", tuple(p.shape))


@contextmanager
def _at_most(parameters: int) -> Iterator[None]:
    """Within the block this thread raises ShapeError when it makes far more: a network may replace some."""
    thread, made = threading.get_ident(), set[int]()

    def count(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        if threading.get_ident() == thread and parameter is not None:
            made.add(id(parameter))
        if len(made) > 2 * parameters:
            raise ShapeError(f"weights: got {parameters:,}, expected more, as the settings ask for.")

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        hook.remove()


@torch.no_grad()
def put_weights(network: nn.Module, given: Mapping[str, torch.Tensor]) -> None:
    """Put tensors into the parameters of their names."""
    for name, p in network.named_parameters():
        p.copy_(given[name])
