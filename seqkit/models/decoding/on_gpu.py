"""Greedy and beam search where the logits are: the choices of models.decoding.beam, made on a GPU.

Log p, texts and what has ended are tensors there. Every `LOOK` steps the host asks which prompts are done,
and takes them out; texts are read at the end. Rows: `width` of each prompt, one after the other; a text that
has ended, or is missing, has log p = -inf and is written on until then.
Not handled: the loop itself (models.decoding.beam).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from seqkit.core.device import upload
from seqkit.core.errors import TrainingError
from seqkit.core.types import Array
from seqkit.models.decoding.options import BeamOptions

LOOK = 8  # steps between two looks at what has ended: a prompt loses half of them, a look costs 0.1 step
Found = list[list[tuple[float, tuple[int, ...]]]]  # for each prompt its texts: (log p, ids), best first


def broken() -> TrainingError:
    """What is wrong if logits are."""
    return TrainingError(
        "beam: logits are nan or infinite, expected finite ones. The weights are broken: go back to an "
        "earlier checkpoint."
    )


class _Texts(ABC):
    """What both searches have in common: the prompts that go on, and what is read of the others.

    texts: the log p (B, K) and the ids (B, K, T) that are the result, -1 after a text.
    """

    def __init__(
        self, limits: Sequence[int], banned: Sequence[int], eos: int, gpu: torch.device, width: int
    ) -> None:
        self.longest, self.width, self.eos, self.never = max(limits, default=0), width, eos, list(banned)
        self.limits = upload(np.array(limits, np.int64), gpu)
        self.steps, self.prompts = 0, np.arange(len(limits))
        self.broken = torch.zeros((), dtype=torch.bool, device=gpu)
        self.barred = torch.zeros(0, device=gpu)  # (V,) -inf where a token may not continue a text
        self.over = torch.zeros(len(limits), dtype=torch.bool, device=gpu)
        self.parts: list[tuple[Array, Tensor, Tensor]] = []  # prompts that are done, with their texts

    def grow(self, logits: Annotated[Tensor, "N V"]) -> tuple[Annotated[Tensor, "M"], list[Any]]:
        """Add one token to each text: what the rows read next, and which rows to go on with, in turn."""
        if not self.steps:
            self.barred = torch.zeros(logits.shape[1], dtype=torch.float64, device=logits.device)
            for token_id in self.never:  # one by one: a list would be copied to the device
                self.barred[token_id] = -torch.inf
        self.steps += 1
        x = logits.double()
        self.broken |= ~(x < torch.inf).all()
        log_probs = torch.log_softmax(x, -1).nan_to_num_(
            -torch.inf, neginf=-torch.inf
        )  # told by the next look
        tokens, moves = self.choose(log_probs.view(len(self.over), self.width, -1))
        if self.steps % LOOK and self.steps < self.longest:
            return tokens.flatten(), moves
        *over, wrong = torch.cat([self.over, self.broken[None]]).tolist()
        if wrong:
            raise broken()
        kept = np.flatnonzero(~np.array(over, np.bool_))
        if len(kept) < len(over):
            tokens = self._leave(np.flatnonzero(over), kept, tokens)
            moves.append((kept[:, None] * self.width + np.arange(self.width)).ravel())
        return tokens.flatten(), moves if len(kept) else []

    @abstractmethod
    def choose(self, log_probs: Annotated[Tensor, "B W V"]) -> tuple[Annotated[Tensor, "B W"], list[Any]]:
        """The next token of each text, the rows that they come from, if others; sets `over`."""

    @abstractmethod
    def result(self) -> tuple[Annotated[Tensor, "B K"], Annotated[Tensor, "B K T"]]:
        """log p and ids of the texts to return, -1 after a text."""

    @abstractmethod
    def keep(self, rows: Tensor) -> None:
        """Go on with these prompts."""

    def _leave(self, ended: Array, kept: Array, tokens: Tensor) -> Tensor:
        """Put the prompts that have ended aside; the tokens of the others."""
        gone, rest = (upload(numbers, tokens.device) for numbers in (ended, kept))
        log_probs, ids = self.result()
        self.parts.append((self.prompts[ended], log_probs[gone], ids[gone]))
        self.prompts, self.limits, self.over = self.prompts[kept], self.limits[rest], self.over[rest]
        self.keep(rest)
        return tokens[rest]

    def found(self) -> Found:
        """The texts of each prompt, best first, read in one copy."""
        texts: Found = [[] for _ in range(sum(len(prompts) for prompts, _, _ in self.parts))]
        if not texts:
            return texts
        prompts = np.concatenate([numbers for numbers, _, _ in self.parts])
        log_probs = torch.cat([part for _, part, _ in self.parts])
        ids = torch.cat([part for _, _, part in self.parts])
        packed = torch.cat([log_probs.view(torch.int64)[:, :, None], ids], 2).cpu().numpy()
        for prompt, best in zip(prompts.tolist(), packed, strict=True):
            for log_prob, own in zip(best[:, :1].copy().view(np.float64)[:, 0], best[:, 1:], strict=True):
                if log_prob > -np.inf:
                    texts[prompt].append((float(log_prob), tuple(own[own >= 0].tolist())))
        return texts


class Beams(_Texts):
    """The beam searches of all prompts, `width` rows each, best first."""

    def __init__(
        self,
        settings: BeamOptions,
        limits: Sequence[int],
        banned: Sequence[int],
        eos: int,
        gpu: torch.device,
    ) -> None:
        super().__init__(limits, banned, eos, gpu, settings.width)
        self.never += [eos] if eos >= 0 else []  # it ends a text and continues none
        self.norms = upload(np.array([settings.norm(n) for n in range(self.longest + 1)]), gpu)
        self.last_norms = self.norms[self.limits]  # of each prompt's longest text
        self.ends = set(limits)
        B, W, T, K = len(limits), settings.width, self.longest, settings.top
        self.log_probs = _none((B, W), gpu)
        self.log_probs[:, 0] = 0.0  # one empty text
        self.ids = torch.full((B, W, T), -1, device=gpu)
        self.values, self.ended = _none((B, K), gpu), _none((B, K), gpu)
        self.ended_ids = torch.full((B, K, T), -1, device=gpu)

    def choose(self, log_probs: Annotated[Tensor, "B W V"]) -> tuple[Annotated[Tensor, "B W"], list[Any]]:
        """As beam._Search.grow does."""
        B, W, V = log_probs.shape
        now = self.steps - 1
        whole = log_probs.add_(self.log_probs[:, :, None])
        if self.eos >= 0:
            self.ids[:, :, now] = self.eos
            self._end(whole[:, :, self.eos])
        self.log_probs, best = likeliest(whole.add_(self.barred).view(B, W * V), W)
        parents, tokens = best // V, best % V
        self.ids = self.ids.gather(1, parents[:, :, None].expand_as(self.ids))
        self.ids[:, :, now] = tokens
        if self.steps in self.ends:
            full = (self.limits == self.steps)[:, None]
            self._end(self.log_probs.masked_fill(~full, -torch.inf))
            self.log_probs = self.log_probs.masked_fill(full, -torch.inf)
        # decided: log p only falls, and a text has at most the longest length
        self.over = self.log_probs[:, 0] / self.last_norms <= self.values[:, -1]
        self.log_probs = self.log_probs.masked_fill(self.over[:, None], -torch.inf)
        return tokens, [(parents + torch.arange(B, device=parents.device)[:, None] * W).flatten()]

    def _end(self, log_probs: Annotated[Tensor, "B W"]) -> None:
        """Keep texts that end now, if they are among the best; of equals those found first."""
        values = torch.cat([self.values, log_probs / self.norms[self.steps]], 1)
        order = values.argsort(dim=1, descending=True, stable=True)[:, : self.values.shape[1]]
        self.values = values.gather(1, order)
        self.ended = torch.cat([self.ended, log_probs], 1).gather(1, order)
        every = torch.cat([self.ended_ids, self.ids], 1)
        self.ended_ids = every.gather(1, order[:, :, None].expand(-1, -1, every.shape[2]))

    def result(self) -> tuple[Annotated[Tensor, "B K"], Annotated[Tensor, "B K T"]]:
        """The best that have ended."""
        return self.ended, self.ended_ids

    def keep(self, rows: Tensor) -> None:
        """Go on with these prompts."""
        self.last_norms, self.log_probs, self.ids = (
            self.last_norms[rows],
            self.log_probs[rows],
            self.ids[rows],
        )
        self.values, self.ended, self.ended_ids = self.values[rows], self.ended[rows], self.ended_ids[rows]


class Greedy(_Texts):
    """One text for each prompt."""

    def __init__(self, limits: Sequence[int], banned: Sequence[int], eos: int, gpu: torch.device) -> None:
        super().__init__(limits, banned, eos, gpu, 1)
        self.log_probs = torch.zeros(len(limits), dtype=torch.float64, device=gpu)
        self.ids = torch.full((len(limits), self.longest), -1, device=gpu)

    def choose(self, log_probs: Annotated[Tensor, "B W V"]) -> tuple[Annotated[Tensor, "B W"], list[Any]]:
        """The likeliest token, of equals the smallest id."""
        tokens = (log_probs[:, 0] + self.barred).argmax(-1)
        own = log_probs[:, 0].gather(1, tokens[:, None])[:, 0]
        self.log_probs = self.log_probs + own.masked_fill(self.over, 0.0)
        self.ids[:, self.steps - 1] = tokens.masked_fill(self.over, -1)
        self.over = self.over | (tokens == self.eos) | (self.limits <= self.steps)
        return tokens[:, None], []

    def result(self) -> tuple[Annotated[Tensor, "B K"], Annotated[Tensor, "B K T"]]:
        """The one text."""
        return self.log_probs[:, None], self.ids[:, None]

    def keep(self, rows: Tensor) -> None:
        """Go on with these prompts."""
        self.log_probs, self.ids = self.log_probs[rows], self.ids[rows]


def _none(shape: tuple[int, int], gpu: torch.device) -> Tensor:
    """log p of texts that are not there."""
    return torch.full(shape, -torch.inf, dtype=torch.float64, device=gpu)


def likeliest(
    values: Annotated[Tensor, "B N"], k: int
) -> tuple[Annotated[Tensor, "B K"], Annotated[Tensor, "B K"]]:
    """The k largest values of each row, falling, and their places; of equals the smaller places.

    torch's topk says nothing of equals, and a stable sort of all would take many times as long.

    >>> likeliest(torch.tensor([[1.0, 3.0, 2.0, 3.0, 2.0]]), 3)[1]
    tensor([[1, 3, 2]])
    """
    least = values.topk(k).values[:, -1:]
    above, equal = values > least, values == least
    room = k - above.sum(1, keepdim=True)
    chosen = above | (equal & (equal.cumsum(1) <= room))
    falling = torch.arange(values.shape[1], 0, -1, device=values.device)
    places = values.shape[1] - torch.where(chosen, falling, 0).topk(k).values  # by rising place
    order = values.gather(1, places).argsort(dim=1, descending=True, stable=True)
    places = places.gather(1, order)
    return values.gather(1, places), places
