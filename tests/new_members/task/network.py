"""The network of a rater: embedding -> stack -> pooled outputs -> one number. File: seqkit/models/rater/network.py."""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from seqkit.core.types import Array, Ids
from seqkit.models.encoder import Encoder
from seqkit.models.options import Recurrent
from seqkit.models.rater.options import RaterOptions
from seqkit.nn.dropout import Draws


@dataclass(frozen=True)
class Batch:
    """Texts as padded ids, and their numbers.  rows: (first row, rows in all) of a part of a batch."""

    ids: Annotated[Ids, "B T"]
    lengths: Annotated[Array, "B"]
    numbers: Annotated[Array, "B"]
    rows: tuple[int, int] | None = None


class RaterNetwork(nn.Module):
    """A number for each row of ids; the loss is the squared error."""

    def __init__(self, words: int, settings: Recurrent, rater: RaterOptions) -> None:
        super().__init__()
        self.seed, self.pooling = settings.seed, rater.pooling
        self.encoder = Encoder(words, settings)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed + 1)
            self.output = nn.Linear(self.encoder.output_size, 1)

    def forward(self, batch: Batch, draws: Draws | None = None) -> Annotated[Tensor, "B"]:
        """The numbers of a batch."""
        device = self.encoder.embedding.device
        ids, lengths = (torch.from_numpy(x).to(device, torch.int64) for x in (batch.ids, batch.lengths))
        y, _ = self.encoder(ids, lengths, draws=draws)  # 0 beyond a row's length
        last = y[torch.arange(len(y)), lengths - 1]
        pooled = last if self.pooling == "last" else y.sum(1) / lengths[:, None]
        found: Tensor = self.output(pooled)[:, 0]
        return found

    def loss(self, batch: Batch, carry: None, step: int) -> tuple[Tensor, int, None]:
        """Σ (number - prediction)² and how many there are."""
        draws = Draws(self.seed, step, batch.rows) if self.training else None
        found = self(batch, draws)
        wanted = torch.from_numpy(batch.numbers).to(found.device, found.dtype)
        return (found - wanted).square().sum(), len(wanted), None
