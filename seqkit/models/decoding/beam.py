"""Greedy and beam search for any model that writes step by step: the likeliest texts that are found.

On a CPU numpy chooses, and texts that have ended leave at once; on a GPU models.decoding.on_gpu chooses.
Not handled: sampling (models.decoding.sampling); texts that must hold given words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

import numpy as np

from seqkit.core.device import upload
from seqkit.core.types import Array
from seqkit.models.decoding import on_gpu
from seqkit.models.decoding.on_gpu import Found
from seqkit.models.decoding.options import BeamOptions


@dataclass
class _Search:
    """The texts of one prompt: those that are followed, and the best that have ended, best first."""

    settings: BeamOptions
    length: int  # tokens of the longest text
    live: list[tuple[int, ...]]
    log_probs: Annotated[Array, "N"]
    ended: list[tuple[float, float, tuple[int, ...]]] = field(default_factory=list)  # normalised, log p, ids

    def end(self, log_prob: float, ids: tuple[int, ...]) -> None:
        """Keep a text that has ended, if it is among the best; of equals the one found first."""
        self.ended.append((self.settings.normal(log_prob, len(ids)), log_prob, ids))
        self.ended.sort(key=lambda text: -text[0])
        del self.ended[self.settings.top :]

    def grow(self, log_probs: Annotated[Array, "N V"], eos: int) -> list[int]:
        """Add one token; return from which text each of those that are now followed comes.

        Every text followed may end here; of the others the `width` likeliest continue, of equals those of the
        better text and the smaller id.
        """
        whole = self.log_probs[:, None] + log_probs
        if eos >= 0:
            for ids, log_prob in zip(self.live, whole[:, eos].tolist(), strict=True):
                if log_prob > -np.inf:
                    self.end(log_prob, (*ids, eos))
            whole[:, eos] = -np.inf
        flat, width = whole.ravel(), min(self.settings.width, whole.size)
        good = np.flatnonzero((flat >= np.partition(flat, -width)[-width]) & (flat > -np.inf))
        best = good[np.argsort(-flat[good], kind="stable")][:width]
        parents, tokens = np.divmod(best, whole.shape[1])
        self.live = [
            (*self.live[p], token) for p, token in zip(parents.tolist(), tokens.tolist(), strict=True)
        ]
        self.log_probs = flat[best]
        if self.live and len(self.live[0]) == self.length:
            for ids, log_prob in zip(self.live, self.log_probs.tolist(), strict=True):
                self.end(log_prob, ids)
            self.live, self.log_probs = [], flat[:0]
        if self.is_decided():
            self.live, self.log_probs = [], flat[:0]
        origin: list[int] = parents.tolist()
        return origin[: len(self.live)]

    def is_decided(self) -> bool:
        """Whether no followed text can still win: its log p only falls, its length is at most the longest."""
        if not len(self.live) or len(self.ended) < self.settings.top:
            return not len(self.live)
        return self.settings.normal(float(self.log_probs[0]), self.length) <= self.ended[-1][0]


class Reader(Protocol):
    """Rows that are extended step by step."""

    @property
    def gpu(self) -> Any:  # Any: torch.device
        """The GPU that the rows are on; None on a CPU."""

    def logits(self, tokens: Any) -> Any:
        """Read one token for each row and return the log probability of each next one, as array or tensor.

        Shapes:  tokens (N,) -> (N, V), a tensor on the GPU for a tensor.
        """

    def select(self, rows: Any) -> None:
        """Continue with these rows; one may be taken many times. A tensor's rows are of the same prompts."""


class Texts(Protocol):
    """What is chosen at each step: `_Beams` and `_Greedy` here, those of models.decoding.on_gpu there."""

    def grow(self, logits: Any) -> tuple[Any, Sequence[Any]]:
        """Add one token to each text: what the rows read next, and which rows to go on with, in turn."""

    def found(self) -> Found:
        """The texts of each prompt, best first, when nothing is read any more."""


def _write(decoder: Reader, tokens: Any, texts: Texts) -> Found:
    """The loop of every search: read, choose, go on with the rows that were chosen."""
    while len(tokens):
        tokens, moves = texts.grow(decoder.logits(tokens))
        for rows in moves:
            decoder.select(rows)
    return texts.found()


def search(
    decoder: Reader,
    tokens: Annotated[Array, "B"],
    settings: BeamOptions,
    limits: Sequence[int],
    banned: Sequence[int],
    eos: int,
) -> Found:
    """For each row the best texts found, (log p, ids), best first, each of `limits` tokens at most.

    tokens: what each row reads first.
    """
    if decoder.gpu is None:
        return _write(decoder, tokens, _Beams(settings, limits, banned, eos))
    decoder.select(np.repeat(np.arange(len(tokens)), settings.width))
    first = upload(np.repeat(tokens, settings.width), decoder.gpu)
    return _write(decoder, first, on_gpu.Beams(settings, limits, banned, eos, decoder.gpu))


def greedy(
    decoder: Reader, tokens: Annotated[Array, "B"], limits: Sequence[int], banned: Sequence[int], eos: int
) -> Found:
    """For each row the text of likeliest tokens, of equals the smallest id: one (log p, ids) for each row."""
    if decoder.gpu is None:
        return _write(decoder, tokens, _Greedy(limits, banned, eos))
    return _write(decoder, upload(tokens, decoder.gpu), on_gpu.Greedy(limits, banned, eos, decoder.gpu))


class _Beams:
    """The searches of all prompts; rows are the texts that each follows."""

    def __init__(self, settings: BeamOptions, limits: Sequence[int], banned: Sequence[int], eos: int) -> None:
        self.searches = [_Search(settings, limit, [()], np.zeros(1)) for limit in limits]
        self.banned, self.eos = list(banned), eos

    def grow(self, logits: Annotated[Array, "N V"]) -> tuple[Annotated[Array, "M"], Sequence[Array]]:
        log_probs = log_softmax(logits)
        log_probs[:, self.banned] = -np.inf
        rows, start = [], 0
        for one in self.searches:
            n = len(one.live)
            if n:
                rows += [start + parent for parent in one.grow(log_probs[start : start + n], self.eos)]
            start += n
        tokens = np.array([ids[-1] for one in self.searches for ids in one.live], np.int64)
        return tokens, [np.array(rows, np.int64)]

    def found(self) -> Found:
        return [[(log_prob, ids) for _, log_prob, ids in one.ended] for one in self.searches]


class _Greedy:
    """One text for each prompt; rows are those that have not ended."""

    def __init__(self, limits: Sequence[int], banned: Sequence[int], eos: int) -> None:
        self.limits, self.banned, self.eos = limits, list(banned), eos
        self.live, self.log_p = np.arange(len(limits)), np.zeros(len(limits))
        self.written: list[list[int]] = [[] for _ in limits]

    def grow(self, logits: Annotated[Array, "N V"]) -> tuple[Annotated[Array, "M"], Sequence[Array]]:
        log_probs, live, written = log_softmax(logits), self.live, self.written
        log_probs[:, self.banned] = -np.inf
        tokens = log_probs.argmax(-1)
        self.log_p[live] += log_probs[np.arange(len(live)), tokens]
        for row, token in zip(live.tolist(), tokens.tolist(), strict=True):
            written[row].append(token)
        goes_on = [
            written[row][-1] != self.eos and len(written[row]) < self.limits[row] for row in live.tolist()
        ]
        kept = np.flatnonzero(goes_on)
        self.live = live[kept]
        return tokens[kept], [kept]

    def found(self) -> Found:
        return [[(float(p), tuple(ids))] for p, ids in zip(self.log_p, self.written, strict=True)]


def log_softmax(logits: Annotated[Array, "N V"]) -> Annotated[Array, "N V"]:
    """log p of each row in float64."""
    x = logits.astype(np.float64)
    if not (x < np.inf).all():
        raise on_gpu.broken()
    x -= x.max(-1, keepdims=True)
    x -= np.log(np.exp(x).sum(-1, keepdims=True))
    return x
