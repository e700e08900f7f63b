"""Greedy and beam search for any model that writes step by step: the likeliest texts that are found.

Not handled: sampling (models.decoding.sampling); texts that must hold given words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

import numpy as np

from seqkit.core.errors import TrainingError
from seqkit.core.types import Array
from seqkit.models.decoding.options import BeamOptions


@dataclass
class _Search:
    """The texts of one prompt: those that are followed, and the best that have ended, best first."""

    settings: BeamOptions
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
        if self.live and len(self.live[0]) == self.settings.length:
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
        return self.settings.normal(float(self.log_probs[0]), self.settings.limit(0)) <= self.ended[-1][0]


class Reader(Protocol):
    """Rows that are extended step by step."""

    def logits(self, tokens: Annotated[Array, "N"]) -> Annotated[Array, "N V"]:
        """Read one token for each row and return the log probability of each next one."""

    def select(self, rows: Annotated[Array, "N"]) -> None:
        """Continue with these rows; one may be taken many times."""


def search(
    decoder: Reader,
    tokens: Annotated[Array, "B"],
    settings: Sequence[BeamOptions],
    banned: Sequence[int],
    eos: int,
) -> list[list[tuple[float, tuple[int, ...]]]]:
    """For each row, by its own settings, the best texts found: (log p, ids), best first.

    tokens: what each row reads first.
    """
    searches = [_Search(own, [()], np.zeros(1)) for own in settings]
    while len(tokens):
        log_probs = log_softmax(decoder.logits(tokens))
        log_probs[:, banned] = -np.inf
        rows, start = [], 0
        for one in searches:
            n = len(one.live)
            if n:
                rows += [start + parent for parent in one.grow(log_probs[start : start + n], eos)]
            start += n
        decoder.select(np.array(rows, np.int64))
        tokens = np.array([ids[-1] for one in searches for ids in one.live], np.int64)
    return [[(log_prob, ids) for _, log_prob, ids in one.ended] for one in searches]


def greedy(
    decoder: Reader, tokens: Annotated[Array, "B"], limits: Sequence[int], banned: Sequence[int], eos: int
) -> list[list[tuple[float, tuple[int, ...]]]]:
    """For each row the text of likeliest tokens, of equals the smallest id: one (log p, ids) for each row."""
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


def log_softmax(logits: Annotated[Array, "N V"]) -> Annotated[Array, "N V"]:
    """log p of each row in float64."""
    x = logits.astype(np.float64)
    if not (x < np.inf).all():
        raise TrainingError(
            "beam: logits are nan or infinite, expected finite ones. The weights are broken: go back to an "
            "earlier checkpoint."
        )
    x -= x.max(-1, keepdims=True)
    x -= np.log(np.exp(x).sum(-1, keepdims=True))
    return x
