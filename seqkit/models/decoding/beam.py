"""Beam search: the likeliest texts a model can be found to have; `beam` for language models, `search` for any
decoder.

Not handled: sampling (models.decoding.sampling); texts that must hold given words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

import numpy as np
import torch

from seqkit.core import options
from seqkit.core.errors import OptionError, TrainingError
from seqkit.core.options import option
from seqkit.core.types import Array
from seqkit.models.decoding.sampling import Page, Sample, begin, encode_prompt
from seqkit.models.language_model.network import Network
from seqkit.text.codec import Codec


@dataclass(frozen=True)
class BeamOptions:
    """How far and how wide to search."""

    width: int = option(5, low=1, help="texts that are followed side by side")
    length: int = option(50, low=1, unit="tokens", help="the most tokens a text may have, eos included")
    length_penalty: float = option(0.0, low=0, help="α: texts are compared by log p / ((5 + tokens) / 6)^α")
    ban_unk: bool = option(True, help="never write the unknown token")
    top: int = option(1, low=1, help="texts to give back, at most width")

    def __post_init__(self) -> None:
        options.check(self)
        if self.top > self.width:
            raise OptionError(
                f"beam: top {self.top} came with width {self.width}, allowed is at most the width."
            )

    def normal(self, log_prob: float, tokens: int) -> float:
        """What texts are compared by (Wu et al. 2016, arXiv:1609.08144, eq. 14)."""
        return float(log_prob / ((5 + tokens) / 6) ** self.length_penalty)


@dataclass
class _Search:
    """One prompt's texts: those that are followed, and the best of those that have ended, the best first."""

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
        """One token more: which of the texts followed before each of those followed now comes from.

        Every text followed may end here; of the others the `width` likeliest go on, of equals those of the
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
        came: list[int] = parents.tolist()
        return came[: len(self.live)]

    def is_decided(self) -> bool:
        """Whether no text that is followed can come among the best: its log p only falls, its length is at
        most the longest.
        """
        if not len(self.live) or len(self.ended) < self.settings.top:
            return not len(self.live)
        return self.settings.normal(float(self.log_probs[0]), self.settings.length) <= self.ended[-1][0]


@torch.no_grad()
def beam(
    network: Network,
    codec: Codec,
    *,
    prompt: str | Sequence[str],
    width: int = 5,
    length: int = 50,
    length_penalty: float = 0.0,
    ban_unk: bool = True,
    top: int = 1,
    threads: int | None = None,
) -> list[Sample]:
    """The `top` likeliest texts found after each prompt, best first, prompt after prompt; each ends at eos or
    at `length`.

    A text's worth is its log p as the model has it (banned tokens leave a gap, they are not shared out), eos
    included, over ((5 + tokens) / 6)^length_penalty. The search ends when no text that is followed can still
    win. There are fewer than `top` texts only if there are no more. A prompt's texts do not depend on other
    prompts.

    Raises:  OptionError for settings that do not fit, or an empty prompt where the vocabulary has neither bos
             nor eos; VocabularyError for an unknown token in a prompt if there is no unk; TrainingError if
             logits are not finite.
    """
    settings = BeamOptions(width, length, length_penalty, ban_unk, top)
    specials = codec.vocab.specials
    banned = [specials[name] for name in ("pad", "bos", *(["unk"] if ban_unk else [])) if name in specials]
    if len(banned) == len(codec.vocab):
        raise OptionError(f"beam: of {codec.vocab!r} no token may be written. Use ban_unk=False.")
    prompts = [encode_prompt(codec, text) for text in ([prompt] if isinstance(prompt, str) else prompt)]
    if not prompts:
        return []
    tokens, decoder = begin(network, codec, prompts, threads)
    if (tokens < 0).any():
        raise OptionError(
            "beam: an empty prompt came, but the vocabulary has neither bos nor eos to begin with. Give "
            "a prompt."
        )
    found = search(decoder, tokens, [settings] * len(prompts), banned, specials.get("eos", -1))
    pages = [Page(codec, ids, specials.get("eos")) for ids in prompts]
    return [
        page.sample(ids, log_prob, decoder.backend)
        for page, texts in zip(pages, found, strict=True)
        for log_prob, ids in texts
    ]


class Decoder(Protocol):
    """Rows that go on step by step."""

    def logits(self, tokens: Annotated[Array, "N"]) -> Annotated[Array, "N V"]:
        """Read one token a row and say how likely each next one is."""

    def select(self, rows: Annotated[Array, "N"]) -> None:
        """Go on with these rows; one may be taken many times."""


def search(
    decoder: Decoder,
    tokens: Annotated[Array, "B"],
    settings: Sequence[BeamOptions],
    banned: Sequence[int],
    eos: int,
) -> list[list[tuple[float, tuple[int, ...]]]]:
    """For each row, by its own settings, the best texts found: (log p, ids), best first. tokens: what each
    row reads first.
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
