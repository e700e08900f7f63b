"""The network of a fixed-window language model, and the batches of a text.

Not handled: training and scoring (seqkit.models.window.model).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from seqkit.core import rng
from seqkit.core.device import upload
from seqkit.core.types import Array, Ids
from seqkit.models.window.options import WindowModelOptions
from seqkit.nn.head import head
from seqkit.nn.initialise import initial_embedding, initialise, seeded
from seqkit.train.world import World


@dataclass(frozen=True)
class Batch:
    """Context words and the word to predict, -1 where there is no context to predict it from."""

    context: Annotated[Array, "B C"]
    target: Annotated[Array, "B"]


class WindowNetwork(nn.Module):
    """embedding -> tanh layer -> softmax over V words; row V stands for places beyond a sentence."""

    def __init__(self, classes: int, settings: WindowModelOptions) -> None:
        super().__init__()
        self.context_size = 1 if settings.context == "nearby" else len(settings.offsets)
        with seeded(settings.seed):
            self.embedding = initial_embedding(classes + 1, settings.dim, "uniform")
            self.hidden = nn.Linear(self.context_size * settings.dim, settings.hidden_size)
            initialise(self.hidden.weight, "xavier-uniform")
            nn.init.zeros_(self.hidden.bias)
            self.head = head("softmax", settings.hidden_size, classes)

    def forward(self, context: Annotated[Tensor, "B C"]) -> Annotated[Tensor, "B H"]:
        """h = tanh(W x + b)."""
        return torch.tanh(self.hidden(embedding(context, self.embedding).flatten(1)))

    def loss(self, batch: Batch, carry: Any, step: int) -> tuple[Tensor, int, None]:
        """Σ -log p(target | context) in nats, and its count."""
        context, target = upload(batch.context, self.embedding.device), torch.from_numpy(batch.target)
        return self.head.loss(self(context), target), int((batch.target >= 0).sum()), None


class Windows:
    """The batches of a text: all its places, in an order drawn anew for each epoch."""

    def __init__(
        self,
        ids: Ids,
        starts: Array,
        beyond: int,
        settings: WindowModelOptions,
        batch: int,
        signature: dict[str, Any],
        world: World | None = None,
    ) -> None:
        """batch: places in a batch. world: the processes that share each batch out by rows."""
        self.ids, self.beyond, self.settings, self.world = ids, beyond, settings, world or World()
        self.rows = batch
        self.first = np.repeat(
            starts[:-1], np.diff(starts)
        )  # where the sentence of each place begins, and ends
        self.end = np.repeat(starts[1:], np.diff(starts))
        self.size, self.signature = len(ids), signature

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Batch | None, int]]:
        """(batch, its tokens) of epoch `number` after the first `skip`; None: no row in this process."""
        order = rng.permutation(rng.stream(self.settings.seed, 1 + number, 0), self.size)
        for low in range(skip * self.rows, self.size, self.rows):
            places = order[low : low + self.rows]
            mine = places[self.world.part(len(places))]
            yield self.batch(mine, number) if len(mine) else None, len(places)

    def batch(self, places: Annotated[Array, "B"], epoch: int) -> Batch:
        """The contexts and targets of some places of the text."""
        at = places[:, None] + np.array(self.settings.offsets)  # (B, C)
        inside = (at >= self.first[places][:, None]) & (at < self.end[places][:, None])
        target = self.ids[places].astype(np.int64)
        if self.settings.context == "nearby":
            draws = rng.bits(rng.stream(self.settings.seed, 1 + epoch, 1), places.astype(np.uint64))
            count = inside.sum(1)
            wanted = (draws % np.maximum(count, 1).astype(np.uint64)).astype(np.int64)
            chosen = (np.cumsum(inside, 1) > wanted[:, None]).argmax(1)[
                :, None
            ]  # the wanted one of those inside
            at, inside = np.take_along_axis(at, chosen, 1), np.take_along_axis(inside, chosen, 1)
            target[count == 0] = -1
        return Batch(
            np.where(inside, self.ids[np.where(inside, at, 0)], self.beyond).astype(np.int64), target
        )
