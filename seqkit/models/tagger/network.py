"""The network of a tagger: [embedding; vector; characters] -> stack -> label scores -> softmax or CRF."""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from seqkit.core import options
from seqkit.core.options import option
from seqkit.core.types import Array
from seqkit.models.encoder import Encoder, EncoderOptions
from seqkit.models.tagger.features import Batch
from seqkit.nn.characters import Characters
from seqkit.nn.crf import CRF
from seqkit.nn.dropout import Draws


@dataclass(frozen=True)
class TaggerOptions:
    """What is seen of a word and how labels are chosen."""

    head: Literal["crf", "softmax"] = option(
        "crf", help="crf: all labels of a sentence together; softmax: each by itself"
    )
    scheme: str = option(
        "auto", help="how spans are learnt: auto (bioes if the labels are spans), plain, iob1, bio, bioes"
    )
    characters: Literal["cnn", "recurrent", "none"] = option("cnn", help="how a word's characters are read")
    char_dim: int = option(25, low=1, help="numbers in a character's embedding")
    char_size: int = option(50, low=1, help="numbers that a word's characters give")
    min_count: int = option(2, low=1, help="words of the training text read less often are unknown")

    def __post_init__(self) -> None:
        options.check(self)


class TaggerNetwork(nn.Module):
    """Scores (B, T, C) of labels; the loss and the choice of labels are the head's."""

    def __init__(
        self,
        words: int,
        characters: int,
        classes: int,
        settings: EncoderOptions,
        tagger: TaggerOptions,
        *,
        vector_size: int = 0,
        allowed: tuple[Array, Array, Array] | None = None,
    ) -> None:
        super().__init__()
        self.seed = settings.seed
        kind, size = tagger.characters, 0 if tagger.characters == "none" else tagger.char_size
        self.encoder = Encoder(words, settings, extra=vector_size + size)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed + 1)
            self.characters = None if kind == "none" else Characters(characters, tagger.char_dim, size, kind)
            self.output = nn.Linear(self.encoder.output_size, classes)
            self.crf = CRF(classes, allowed) if tagger.head == "crf" else None

    def hidden(
        self, batch: Batch, draws: Draws | None = None
    ) -> tuple[Annotated[Tensor, "B T H"], Annotated[Tensor, "B T"]]:
        """What the stack gives at each step, and which steps count."""
        places, lengths = self._tensor(batch.places), self._tensor(batch.lengths)
        ids, extra = self._tensor(batch.words)[places], None
        parts = [] if batch.vectors is None else [torch.from_numpy(batch.vectors).to(places.device)]
        if self.characters is not None:
            parts.append(self.characters(self._tensor(batch.characters), self._tensor(batch.word_lengths)))
        if parts:
            extra = torch.cat(parts, 1)[places]
        y, _ = self.encoder(ids, lengths, draws=draws, extra=extra)
        return y, torch.arange(places.shape[1], device=places.device) < lengths[:, None]

    def loss(self, batch: Batch, carry: None, step: int) -> tuple[Tensor, int, None]:
        """Σ -log p(targets) in nats and how many targets there are; missing ones count nothing."""
        draws = Draws(self.seed, step, batch.rows) if self.training else None
        y, mask = self.hidden(batch, draws)
        scores, targets = self.output(y), self._tensor(batch.targets)
        if self.crf is None:
            total = cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum")
        else:
            total = self.crf.loss(scores, targets, mask)
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
        return torch.from_numpy(array).to(self.encoder.embedding.device, torch.int64)
