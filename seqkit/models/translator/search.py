"""How a translator writes: greedily or by beam search, many sources at once, each as if it were alone.

A row that has ended is taken out, so it neither advances nor costs; a row's longest text depends on its own
source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import torch

from seqkit.core import options
from seqkit.core.errors import OptionError
from seqkit.core.options import option
from seqkit.core.types import Array, Ids
from seqkit.models.decoding.beam import BeamOptions, log_softmax, search
from seqkit.models.translator.network import Memory, TranslatorNetwork
from seqkit.text.batches.buckets import by_length
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec

STEPS = 4096  # of sources and their beams that are run at once, with padding


@dataclass(frozen=True)
class TranslatingOptions:
    """How translations are searched for."""

    beam: int = option(5, low=1, help="translations followed side by side; 1: always the likeliest next word")
    length_penalty: float = option(
        1.0, low=0, help="α: compared by log p / ((5 + tokens) / 6)^α, end included (beams alone)"
    )
    max_length: int | None = option(
        None, low=1, unit="tokens", help="most tokens, end included; 2 · source + 10 if not given"
    )
    ban_unk: bool = option(True, help="never write the unknown token")
    top: int = option(1, low=1, help="translations to give back, at most beam")

    def __post_init__(self) -> None:
        options.check(self)
        if self.top > self.beam:
            raise OptionError(
                f"translate: top {self.top} came with beam {self.beam}, allowed is at most the beam."
            )

    def limit(self, source: int) -> int:
        """The most tokens that a translation of `source` tokens may have."""
        return self.max_length or 2 * source + 10


@dataclass(frozen=True)
class Translation:
    """A text found for a source.  log_prob: Σ log p of its tokens, end included, in nats, nothing banned;
    unknown: tokens of the source that are not in the vocabulary."""

    text: str
    tokens: tuple[str, ...]
    log_prob: float
    stopped: Literal["eos", "length"]
    unknown: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "translation": self.text,
            "log_prob": self.log_prob,
            "stopped": self.stopped,
            "unknown": self.unknown,
        }


class Decoder:
    """Rows of a decoder that go on step by step, each with its source."""

    def __init__(self, network: TranslatorNetwork, memory: Memory) -> None:
        self.network, self.whole, self.memory, self.state = network, memory, memory, memory.state
        self.source: Array = np.arange(len(memory.mask))

    def logits(self, tokens: Annotated[Array, "N"]) -> Annotated[Array, "N V"]:
        """Read one token a row and say how likely each next one is."""
        x = self.network.embedding[torch.from_numpy(tokens).to(self.network.embedding.device)]
        o, self.state, _ = self.network.step(x, self.memory, self.state)
        found: Array = self.network.logits(o).cpu().numpy()
        return found

    def select(self, rows: Annotated[Array, "N"]) -> None:
        """Go on with these rows; one may be taken many times."""
        device = self.network.embedding.device
        order = torch.from_numpy(rows).to(device)
        self.state = tuple(s[order] for s in self.state)
        source = self.source[rows]
        if not np.array_equal(source, self.source):
            self.source, self.memory = source, self.whole.select(torch.from_numpy(source).to(device))


@torch.no_grad()
def translate(
    network: TranslatorNetwork,
    codec: Codec,
    sources: Sequence[Ids],
    settings: TranslatingOptions,
    unk: int | None,
) -> list[list[Translation]]:
    """The `top` best texts found for each source, best first.  unk: the sources' unknown token."""
    network.eval()
    specials, device = codec.vocab.specials, network.embedding.device
    banned = [
        specials[name] for name in ("pad", "bos", *(["unk"] if settings.ban_unk else [])) if name in specials
    ]
    if len(codec.vocab) <= len(banned) + 1:
        raise OptionError(f"translate: of {codec.vocab!r} no token may be written. Use ban_unk=False.")
    found: list[list[Translation]] = [[]] * len(sources)
    lengths = np.array([len(ids) for ids in sources], np.int64)
    for rows in by_length(lengths, max(STEPS // settings.beam, 1)):
        source, own = padded([sources[i] for i in rows])
        memory = network.read(
            torch.from_numpy(source).to(device, torch.int64), torch.from_numpy(own).to(device)
        )
        decoder, first = Decoder(network, memory), np.full(len(rows), specials["bos"], np.int64)
        limits = [settings.limit(n) for n in own.tolist()]
        if settings.beam == 1:
            texts = greedy(decoder, first, limits, banned, specials["eos"])
        else:
            each = [
                BeamOptions(settings.beam, n, settings.length_penalty, settings.ban_unk, settings.top)
                for n in limits
            ]
            texts = search(decoder, first, each, banned, specials["eos"])
        for i, best in zip(rows.tolist(), texts, strict=True):
            unknown = 0 if unk is None else int((sources[i] == unk).sum())
            found[i] = [_translation(codec, ids, log_prob, unknown) for log_prob, ids in best]
    return found


def greedy(
    decoder: Decoder, tokens: Annotated[Array, "B"], limits: Sequence[int], banned: Sequence[int], eos: int
) -> list[list[tuple[float, tuple[int, ...]]]]:
    """For each row the text of always the likeliest token, of equals the smallest id: one (log p, ids) a
    row.
    """
    live, log_p = np.arange(len(tokens)), np.zeros(len(tokens))
    written: list[list[int]] = [[] for _ in tokens]
    while len(live):
        log_probs = log_softmax(decoder.logits(tokens))
        log_probs[:, banned] = -np.inf
        tokens = log_probs.argmax(-1)
        log_p[live] += log_probs[np.arange(len(live)), tokens]
        for row, token in zip(live.tolist(), tokens.tolist(), strict=True):
            written[row].append(token)
        goes_on = [written[row][-1] != eos and len(written[row]) < limits[row] for row in live.tolist()]
        kept = np.flatnonzero(goes_on)
        decoder.select(kept)
        live, tokens = live[kept], tokens[kept]
    return [[(float(log_prob), tuple(ids))] for log_prob, ids in zip(log_p, written, strict=True)]


def _translation(codec: Codec, ids: tuple[int, ...], log_prob: float, unknown: int) -> Translation:
    ended = ids[-1] == codec.vocab.specials["eos"]
    mine = ids[:-1] if ended else ids
    return Translation(
        codec.decode(mine), tuple(codec.vocab.words(mine)), log_prob, "eos" if ended else "length", unknown
    )
