"""Weights that were trained elsewhere: pretrained vectors, those of a file."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from seqkit.core.errors import OptionError
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


def take_weights(network: nn.Module, given: Arrays) -> None:
    """Put arrays into the parameters of their names.

    Raises:  KeyError if they are others, or of other sizes.
    """
    own = dict(network.named_parameters())
    if own.keys() != given.keys() or any(tuple(p.shape) != given[name].shape for name, p in own.items()):
        raise KeyError("weights of the sizes that the settings ask for")
    put_weights(network, {name: torch.from_numpy(np.array(array)) for name, array in given.items()})


@torch.no_grad()
def put_weights(network: nn.Module, given: Mapping[str, torch.Tensor]) -> None:
    """Put tensors into the parameters of their names."""
    for name, p in network.named_parameters():
        p.copy_(given[name])
