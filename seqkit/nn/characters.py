"""Features of words from their characters: a convolution with a maximum, or a bidirectional recurrent stack.

Not handled: context (each word by itself), choosing the characters' ids (models.tagger.features).
"""

import math
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, embedding_bag, pad

from seqkit.core.errors import OptionError
from seqkit.nn.initialise import initial_embedding
from seqkit.nn.stack import Stack

Kind = Literal["cnn", "recurrent"]


class Characters(nn.Module):
    """f (N, size) = characters(ids (N, T), lengths (N,)); later places than a word's length are never read.

    cnn        f = max over t of tanh(W [x_t-1; x_t; x_t+1] + b), with 0 beyond the word
               (Ma & Hovy 2016, arXiv:1603.01354)
    recurrent  f = the last states of an LSTM read from left and from right (Lample et al. 2016,
    arXiv:1603.01360)
    """

    def __init__(self, classes: int, dim: int, size: int, kind: Kind = "cnn") -> None:
        super().__init__()
        self.kind, self.size = kind, size
        self.embedding = initial_embedding(classes, dim, "small-normal")
        if kind == "cnn":
            self.filters = nn.Parameter(torch.empty(3, size, dim))
            self.bias = nn.Parameter(torch.zeros(size))
            bound = math.sqrt(6 / (3 * dim + size))  # Glorot & Bengio 2010
            nn.init.uniform_(self.filters, -bound, bound)
        elif size % 2:
            raise OptionError(f"char_size: got {size}, expected an even size: half for each direction.")
        else:
            self.stack = Stack(dim, size // 2, bidirectional=True)

    def forward(
        self, ids: Annotated[Tensor, "N T"], lengths: Annotated[Tensor, "N"]
    ) -> Annotated[Tensor, "N D"]:
        """The features; 0 for a word without a character."""
        if not ids.shape[1]:
            return self.embedding.new_zeros(len(ids), self.size)
        if self.kind == "recurrent":
            _, state = self.stack(embedding(ids, self.embedding), None, lengths)
            return torch.cat([state[0], state[self.stack.states_a_cell]], -1)
        known = torch.arange(ids.shape[1]) < lengths.cpu()[:, None]
        live = known.to(ids.device, non_blocking=True)
        lengths = lengths.to(ids.device, non_blocking=True)
        x = torch.where(live, ids, len(self.embedding))  # beyond the word: the row of 0
        before, after = (
            pad(x[:, :-1], (1, 0), value=len(self.embedding)),
            pad(x[:, 1:], (0, 1), value=len(self.embedding)),
        )
        rows = torch.nonzero(known.flatten())[:, 0].to(ids.device, non_blocking=True)
        bags = torch.stack([before, x, after], -1).flatten(0, 1)[rows]
        bags = bags + torch.arange(3, device=ids.device) * (len(self.embedding) + 1)
        # W [x_t-1; x_t; x_t+1] is a sum of three rows of W E: there are few characters, so all products are
        # made beforehand
        products = torch.einsum("kfd,cd->kcf", self.filters, self.embedding).to(self.embedding.dtype)
        sums = embedding_bag(bags, pad(products, (0, 0, 0, 1)).flatten(0, 1), mode="sum")
        places = pad(sums, (0, 0, 0, 1), value=-torch.inf)[
            _places(known).to(ids.device, non_blocking=True)
        ]  # (N, T, F)
        found = torch.tanh(places.amax(1) + self.bias)  # tanh rises, so it may come after the maximum
        return torch.where((lengths > 0)[:, None], found, 0.0)


def _places(live: Tensor) -> Tensor:
    """The number of each True among all of them; that of the first beyond for a False."""
    numbers = live.flatten().cumsum(0).view(live.shape) - 1
    return torch.where(live, numbers, int(live.sum()))
