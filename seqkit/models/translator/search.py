"""How a translator writes: greedy or beam search, many sources at once, each as if it were alone.

A row that has ended is taken out, so it neither advances nor costs; a row's longest text depends on its own
source.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import torch

from seqkit.core.types import Array, Ids
from seqkit.models.decoding.beam import greedy, search
from seqkit.models.decoding.options import BeamOptions
from seqkit.models.decoding.sampling import banned_tokens
from seqkit.models.translator.network import Memory, TranslatorNetwork
from seqkit.text.batches.buckets import by_length
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec

STEPS = 4096  # of sources and their beams that are run at once, with padding


@dataclass(frozen=True)
class Translation:
    """A text found for a source."""

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


class SourceRows:
    """Rows of a decoder that are extended step by step, each with its source."""

    def __init__(self, network: TranslatorNetwork, memory: Memory) -> None:
        self.network, self.whole, self.memory, self.state = network, memory, memory, memory.state
        self.source: Array = np.arange(len(memory.mask))

    def logits(self, tokens: Annotated[Array, "N"]) -> Annotated[Array, "N V"]:
        """Read one token for each row and return the log probability of each next one."""
        x = self.network.embedding[torch.from_numpy(tokens).to(self.network.embedding.device)]
        o, self.state, _ = self.network.step(x, self.memory, self.state)
        return self.network.logits(o).cpu().numpy()

    def select(self, rows: Annotated[Array, "N"]) -> None:
        """Continue with these rows; one may be taken many times."""
        device = self.network.embedding.device
        order = torch.from_numpy(rows).to(device)
        self.state = tuple(s[order] for s in self.state)
        source = self.source[rows]
        if not np.array_equal(source, self.source):
            self.source, self.memory = source, self.whole.select(torch.from_numpy(source).to(device))


@torch.no_grad()
def translate(
    network: TranslatorNetwork, codec: Codec, sources: Sequence[Ids], settings: BeamOptions, unk: int | None
) -> list[list[Translation]]:
    """The `top` best texts found for each source, best first.  unk: the sources' unknown token."""
    network.eval()
    specials, device = codec.vocab.specials, network.embedding.device
    banned = banned_tokens("translate", codec, settings.ban_unk)
    found: list[list[Translation]] = [[]] * len(sources)
    lengths = np.array([len(ids) for ids in sources], np.int64)
    for rows in by_length(lengths, max(STEPS // settings.width, 1)):
        source, own = padded([sources[i] for i in rows])
        memory = network.read(
            torch.from_numpy(source).to(device, torch.int64), torch.from_numpy(own).to(device)
        )
        decoder, first = SourceRows(network, memory), np.full(len(rows), specials["bos"], np.int64)
        limits = [settings.limit(n) for n in own.tolist()]
        if settings.width == 1:
            texts = greedy(decoder, first, limits, banned, specials["eos"])
        else:
            each = [replace(settings, length=limit) for limit in limits]
            texts = search(decoder, first, each, banned, specials["eos"])
        for i, best in zip(rows.tolist(), texts, strict=True):
            unknown = 0 if unk is None else int((sources[i] == unk).sum())
            found[i] = [_translation(codec, ids, log_prob, unknown) for log_prob, ids in best]
    return found


def _translation(codec: Codec, ids: tuple[int, ...], log_prob: float, unknown: int) -> Translation:
    ended = ids[-1] == codec.vocab.specials["eos"]
    mine = ids[:-1] if ended else ids
    return Translation(
        codec.decode(mine), tuple(codec.vocab.words(mine)), log_prob, "eos" if ended else "length", unknown
    )
