"""How likely text is under a language model: token by token, sentence by sentence, or a text as one stream.

Every number is exact for its text: it does not depend on the texts scored with it, nor on windows.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch

from seqkit.core.device import upload
from seqkit.core.errors import FormatError
from seqkit.core.score import Loss
from seqkit.core.types import Array, Ids
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.resident import resident
from seqkit.nn.resources import at_once
from seqkit.text.batches.streams import Streams, padded
from seqkit.text.codec import Codec
from seqkit.text.corpus.corpus import Corpus
from seqkit.train.world import World


@dataclass(frozen=True)
class TextScore:
    """Sum of -log p over the predictions of a text, and what the sum is over.

    eos and unknown of the predictions were end-of-sentence and unknown tokens; unscored tokens had no context
    before them. characters and bytes are those of the text as it was given, line ends included.
    """

    loss: Loss
    eos: int
    unknown: int
    unscored: int
    characters: int
    bytes: int

    @property
    def log_prob(self) -> float:
        """log p of the text, in nats."""
        return -self.loss.total

    @property
    def bits_per_character(self) -> float:
        """-log₂ p of the text for each of its characters."""
        return self.loss.total / math.log(2) / self.characters if self.characters else math.nan

    @property
    def bits_per_byte(self) -> float:
        """-log₂ p of the text for each byte of its UTF-8: comparable across tokenizers."""
        return self.loss.total / math.log(2) / self.bytes if self.bytes else math.nan

    def __add__(self, other: "TextScore") -> "TextScore":
        return TextScore(
            self.loss + other.loss,
            self.eos + other.eos,
            self.unknown + other.unknown,
            self.unscored + other.unscored,
            self.characters + other.characters,
            self.bytes + other.bytes,
        )

    def to_json(self) -> dict[str, Any]:
        """All numbers as plain JSON values."""
        numbers = {
            "log_prob": self.log_prob,
            "nats_per_token": self.loss.mean,
            "perplexity": self.loss.perplexity,
            "bits_per_character": self.bits_per_character,
            "bits_per_byte": self.bits_per_byte,
        }
        finite = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        counts = {
            "tokens": self.loss.count,
            "eos": self.eos,
            "unknown": self.unknown,
            "unscored": self.unscored,
        }
        return finite | counts | {"characters": self.characters, "bytes": self.bytes}


@torch.no_grad()
def stream_losses(network: Network, ids: Annotated[Ids, "T"], context: int | None) -> Annotated[Array, "T"]:
    """-log p of every token of one text given all before it, in nats, float64.

    context: the token before the text; without one the first token is not scored (nan).
    """
    network.eval()
    device, state, found = network.embedding.device, None, []
    inputs, targets = _shifted(ids, context)
    length = at_once("stream", device)
    for start in range(0, len(targets), length):
        y, state = network.hidden(upload(inputs[None, start : start + length], device), state)
        expected = torch.from_numpy(targets[start : start + length])
        found.append(network.head.losses(y[0], expected).double())
    losses = torch.cat(found).cpu().numpy() if found else np.zeros(0)
    return np.concatenate([np.full(len(ids) - len(targets), math.nan), losses])


@torch.no_grad()
def row_losses(network: Network, rows: Sequence[Ids], context: int | None) -> list[Array]:
    """stream_losses of many short texts, each by itself, run together in batches."""
    network.eval()
    device, told = network.embedding.device, []
    groups = list(_groups(rows, at_once("score", device)))
    for group in groups:
        shifted = [_shifted(rows[i], context) for i in group]
        inputs, lengths = padded([x for x, _ in shifted])
        targets, _ = padded([y for _, y in shifted], fill=-1)
        y, _ = network.hidden(upload(inputs, device, torch.int64), None, torch.from_numpy(lengths))
        flat = torch.from_numpy(targets).to(torch.int64).flatten()
        told.append(network.head.losses(y.flatten(0, 1), flat).double())
    every = torch.cat(told).cpu().numpy() if told else np.zeros(0)  # a GPU is waited for once
    found: list[Array] = [np.zeros(0)] * len(rows)
    for group, part in zip(
        groups, np.split(every, np.cumsum([len(part) for part in told[:-1]])), strict=True
    ):
        for i, row in zip(group, part.reshape(len(group), -1), strict=True):
            n = len(rows[i]) - (context is None)
            found[i] = np.concatenate([np.full(len(rows[i]) - n, math.nan), row[:n]])
    return found


def _shifted(ids: Ids, context: int | None) -> tuple[Array, Array]:
    """What is read and predicted at each step, int64; without a context the first token is only read."""
    before = ids[:0] if context is None else [context]
    targets = ids[1:] if context is None else ids
    return np.concatenate([before, ids[:-1]]).astype(np.int64), targets.astype(np.int64)


def score_rows(network: Network, codec: Codec, texts: Sequence[str]) -> list[TextScore]:
    """Score each text by itself, from a fresh state, with eos after it if the model was trained so.

    Raises:  VocabularyError for an unknown token if the vocabulary has no unk; FormatError for a text without
             a token.
    """
    encoded = [encode(codec, text, i) for i, text in enumerate(texts)]
    losses = row_losses(network, encoded, first_context(codec))
    ends = codec.recipe.add_eos
    return [
        summed(codec, ids, nll, len(text) + ends, len(text.encode()) + ends)
        for text, ids, nll in zip(texts, encoded, losses, strict=True)
    ]


def score_corpus(network: Network, codec: Codec, corpus: Corpus, characters: int, size: int) -> TextScore:
    """Score a text as one stream."""
    losses = stream_losses(network, corpus.ids, first_context(codec))
    return summed(codec, corpus.ids, losses, characters, size)


@torch.no_grad()
def mean_loss(network: Network, corpus: Corpus, batch: int, length: int, world: World) -> Loss:
    """A quick estimate on a text cut into `batch` streams, which the processes share.

    Each stream starts from a fresh state, so it depends a little on `batch` (smaller for a short text).
    """
    network.eval()
    batch = max(1, min(batch, corpus.num_tokens // 2))
    streams = resident(Streams(corpus, batch, length, {}, (world.rank, world.size)), network)
    state, count = None, 0
    total = torch.zeros((), dtype=torch.float64, device=network.embedding.device)
    for window, _ in streams.epoch(0):
        if window is not None:
            loss, predictions, state = network.loss(window, state, 0)
            total, count = total + loss, count + predictions
    return world.add(Loss(float(total), count))


def encode(codec: Codec, text: str, number: int = 0) -> Ids:
    """The ids of one text, with those of line ends, and a last eos if the model was trained so."""
    lines = text.split("\n")
    eos = codec.vocab.specials.get("eos")
    parts: list[Array] = []
    for line in lines:
        parts.append(codec.encode(line))
        if codec.recipe.add_eos and eos is not None:
            parts.append(np.array([eos]))
    ids = np.concatenate(parts).astype(np.int32)
    if not len(ids):
        raise FormatError(
            f"score: text {number + 1:,} has no token, expected at least one. Leave empty texts out."
        )
    return ids


def surfaces(codec: Codec, text: str) -> list[str]:
    """The text's own characters for each id of `encode`; an eos is written as the vocabulary has it."""
    specials, found = codec.vocab.specials, []
    end = [codec.vocab.tokens[specials["eos"]]] if codec.recipe.add_eos and "eos" in specials else []
    for line in text.split("\n"):
        found += codec.surfaces(line) + end
    return found


def first_context(codec: Codec) -> int | None:
    """The token a text starts after: bos if the vocabulary has one, else eos, else none."""
    return codec.vocab.specials.get("bos", codec.vocab.specials.get("eos"))


def summed(codec: Codec, ids: Ids, losses: Array, characters: int, size: int) -> TextScore:
    """The score of a text from the losses of its tokens."""
    scored = ~np.isnan(losses)
    eos, unk = (codec.vocab.specials.get(name, -1) for name in ("eos", "unk"))
    return TextScore(
        Loss(float(losses[scored].sum()), int(scored.sum())),
        int((ids[scored] == eos).sum()),
        int((ids[scored] == unk).sum()),
        int((~scored).sum()),
        characters,
        size,
    )


def _groups(rows: Sequence[Ids], tokens: int) -> Iterator[list[int]]:
    """Row numbers in groups of similar length, about so many tokens each with padding."""
    group: list[int] = []
    for i in sorted(range(len(rows)), key=lambda i: len(rows[i])):
        if group and (len(group) + 1) * len(rows[i]) > tokens:
            yield group
            group = []
        group.append(i)
    if group:
        yield group
