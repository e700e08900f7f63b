"""The network of a tagger: [embedding; vector; characters] -> stack -> label scores -> softmax or CRF."""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from seqkit.core.device import upload
from seqkit.core.types import Array
from seqkit.models.encoder import Encoder
from seqkit.models.options import Recurrent
from seqkit.models.tagger.features import Batch
from seqkit.models.tagger.options import TaggerOptions
from seqkit.nn.characters import Characters
from seqkit.nn.crf import CRF
from seqkit.nn.dropout import Draws
from seqkit.nn.initialise import seeded


class TaggerNetwork(nn.Module):
    """Scores (B, T, C) of labels; the loss and the choice of labels are the head's."""

    def __init__(
        self,
        words: int,
        characters: int,
        classes: int,
        settings: Recurrent,
        tagger: TaggerOptions,
        *,
        vector_size: int = 0,
        allowed: tuple[Array, Array, Array] | None = None,
    ) -> None:
        super().__init__()
        self.seed = settings.seed
        kind, size = tagger.characters, 0 if tagger.characters == "none" else tagger.char_size
        self.encoder = Encoder(words, settings, extra=vector_size + size)
        with seeded(settings.seed + 1):
            self.characters = None if kind == "none" else Characters(characters, tagger.char_dim, size, kind)
            self.output = nn.Linear(self.encoder.output_size, classes)
            self.crf = CRF(classes, allowed) if tagger.head == "crf" else None

    def hidden(
        self, batch: Batch, draws: Draws | None = None
    ) -> tuple[Annotated[Tensor, "B T H"], Annotated[Tensor, "B T"]]:
        """What the stack gives at each step, and which steps count."""
        places, lengths = self._tensor(batch.places), torch.from_numpy(batch.lengths).to(torch.int64)
        ids, extra = self._tensor(batch.words)[places], None
        parts = [] if batch.vectors is None else [upload(batch.vectors, places.device)]
        if self.characters is not None:
            sizes = torch.from_numpy(batch.word_lengths).to(torch.int64)
            parts.append(self.characters(self._tensor(batch.characters), sizes))
        if parts:
            extra = torch.cat(parts, 1)[places]
        y, _ = self.encoder(ids, lengths, draws=draws, extra=extra)
        return y, (torch.arange(places.shape[1]) < lengths[:, None]).to(places.device, non_blocking=True)

    def loss(self, batch: Batch, carry: None, step: int) -> tuple[Tensor, int, None]:
        """Σ -log p(targets) in nats and how many targets there are; missing ones do not count."""
        draws = Draws(self.seed, step, batch.rows) if self.training else None
        y, mask = self.hidden(batch, draws)
        scores, targets = self.output(y), self._tensor(batch.targets)
        if self.crf is None:
            total = cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum")
        else:
            total = self.crf.loss(scores, targets, mask, all_known=batch.count == int(batch.lengths.sum()))
        return total, batch.count, None

    @torch.no_grad()
    def decode(self, batch: Batch) -> Annotated[Tensor, "B T"]:
        """The likeliest labels: of the sentence with a CRF, of each word with a softmax."""
        y, mask = self.hidden(batch)
        scores: Tensor = self.output(y)
        return scores.argmax(-1) if self.crf is None else self.crf.decode(scores, mask)

    @torch.no_grad()
    def marginals(self, batch: Batch) -> Annotated[Tensor, "B T C"]:
        """p(label of the word | sentence)."""
        y, mask = self.hidden(batch)
        scores: Tensor = self.output(y)
        return torch.softmax(scores, -1) if self.crf is None else self.crf.marginals(scores, mask)

    def _tensor(self, array: Array) -> Tensor:
        return upload(array, self.encoder.embedding.device, torch.int64)
