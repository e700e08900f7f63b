"""How a translator writes: greedy or beam search, many sources at once, each as if it were alone.

A row that has ended is taken out, so it neither advances nor costs; a row's longest text depends on its own
source.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import torch

from seqkit.core.device import upload
from seqkit.core.types import Array, Ids
from seqkit.kernels.decode.reference import as_tensor, gpu_of
from seqkit.models.decoding.beam import greedy, search
from seqkit.models.decoding.options import BeamOptions
from seqkit.models.decoding.sampling import banned_tokens
from seqkit.models.translator.network import Memory, TranslatorNetwork
from seqkit.nn.resources import at_once
from seqkit.text.batches.buckets import by_length
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec

LOGIT_BYTES = 64  # that a step of a search takes on a GPU for each logit
MEMORY = 0.25  # of what is free there, that it may take


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

    @property
    def gpu(self) -> torch.device | None:
        """The GPU that the rows are on; None on a CPU."""
        return gpu_of(self.network.embedding)

    def logits(self, tokens: Any) -> Any:
        """Read one token for each row and return the logits of each next one: a tensor for a tensor.

        Shapes:  tokens (N,) int64 -> (N, V).
        """
        given = as_tensor(tokens, self.network.embedding.device)
        o, self.state, _ = self.network.step(self.network.embedding[given], self.memory, self.state)
        logits = self.network.logits(o)
        return logits if given is tokens else logits.cpu().numpy()

    def select(self, rows: Any) -> None:
        """Continue with these rows (N,); one may be taken many times. A tensor's have the same sources."""
        device = self.network.embedding.device
        order = as_tensor(rows, device)
        self.state = tuple(s[order] for s in self.state)
        if order is rows:
            return
        source = self.source[rows]
        if not np.array_equal(source, self.source):
            self.source, self.memory = source, self.whole.select(upload(source, device))


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
    for rows in _groups(lengths, settings.width, len(codec.vocab), device):
        source, own = padded([sources[i] for i in rows])
        memory = network.read(upload(source, device, torch.int64), torch.from_numpy(own))
        decoder, first = SourceRows(network, memory), np.full(len(rows), specials["bos"], np.int64)
        limits = [settings.limit(n) for n in own.tolist()]
        if settings.width == 1:
            texts = greedy(decoder, first, limits, banned, specials["eos"])
        else:
            texts = search(decoder, first, settings, limits, banned, specials["eos"])
        for i, best in zip(rows.tolist(), texts, strict=True):
            unknown = 0 if unk is None else int((sources[i] == unk).sum())
            found[i] = [_translation(codec, ids, log_prob, unknown) for log_prob, ids in best]
    return found


def _groups(
    lengths: Annotated[Array, "N"], width: int, classes: int, device: torch.device
) -> Iterator[Annotated[Array, "B"]]:
    """Rows of similar length; on a GPU a row counts as many tokens as the memory of its logits asks for."""
    steps = max(at_once("search", device) // width, 1)
    if device.type == "cuda":
        room = int(MEMORY * torch.cuda.mem_get_info(device)[0])
        most = max(room // (LOGIT_BYTES * width * classes), 1)
        lengths = np.maximum(lengths, -(-steps // most))
    return by_length(lengths, steps)


def _translation(codec: Codec, ids: tuple[int, ...], log_prob: float, unknown: int) -> Translation:
    ended = ids[-1] == codec.vocab.specials["eos"]
    mine = ids[:-1] if ended else ids
    return Translation(
        codec.decode(mine), tuple(codec.vocab.words(mine)), log_prob, "eos" if ended else "length", unknown
    )
