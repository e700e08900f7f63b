"""Decoding in torch: how a token is chosen, and rows written step by step. The specification; used on a GPU.

Nothing is read back from the device between the steps of one call of `write`.
"""

from collections.abc import Sequence
from typing import Annotated, Protocol

import numpy as np
import torch
from torch import Tensor

from seqkit.core.types import Array
from seqkit.kernels.decode.rules import BROKEN, Rows, Rules, uniform

State = tuple[Tensor, ...]
LOWEST = -700.0  # logits that much below the largest count as impossible


class Model(Protocol):
    """Reads tokens and predicts the next ones."""

    def step(self, tokens: Annotated[Tensor, "B"], state: State) -> tuple[Annotated[Tensor, "B V"], State]:
        """Read one token a row: logits of the next one, new state."""

    def read(self, ids: Annotated[Tensor, "B T"], lengths: Annotated[Tensor, "B"], state: State) -> State:
        """Read lengths[b] tokens of each row."""


def choose(
    logits: Annotated[Tensor, "B V"],
    u: Annotated[Tensor, "B"],
    rules: Rules,
    index: Annotated[Tensor, "B"],
    banned: Sequence[int] = (),
    out: Annotated[Tensor, "B T"] | None = None,
) -> Annotated[Tensor, "B"]:
    """The next token of each row, by these steps, in float64:

    1. Logits of tokens that stand in out[b, : index[b]] are divided by `penalty` if positive, else multiplied
       (Keskar et al. 2019, arXiv:1909.05858, §4.1); then all are divided by the temperature.
    2. Banned tokens become impossible, eos too while index < min_length, and what would end an n-gram that
       out[b] has already (unless that leaves nothing).
    3. Temperature 0: the largest; of equals the smallest id. Else p = softmax.
    4. top_k: the k largest stay; of equals the smaller ids.
    5. top_p: of what stays, in falling order, equals by rising id, the fewest tokens whose sum is at least
       top_p of the whole (Holtzman et al. 2020, arXiv:1904.09751): the one that crosses the line stays.
    6. The first id, in rising order, at which the sum of what stays exceeds u of its whole.

    A row whose logits hold nan or +inf, or in which all is banned, gets BROKEN. cpu.choose may add sums in
    another order.
    """
    x = logits.double()
    broken = ~(x < torch.inf).all(-1)
    if rules.penalty != 1 and out is not None:
        x = torch.where(
            _seen(out, index, x.shape[1]), torch.where(x > 0, x / rules.penalty, x * rules.penalty), x
        )
    z = x / (rules.temperature or 1.0)
    for token_id in banned:  # one by one: a list would be copied to the device
        z[:, token_id] = -torch.inf
    if rules.eos >= 0 and rules.min_length:
        z[:, rules.eos] = z[:, rules.eos].masked_fill(index < rules.min_length, -torch.inf)
    if rules.ngram and out is not None:
        z = _without_repeats(z, out, index, rules.ngram)
    top = z.max(-1, keepdim=True).values
    broken |= top[:, 0] == -torch.inf
    if rules.temperature == 0:
        return z.argmax(-1).masked_fill(broken, BROKEN)
    w = torch.exp(z - top).masked_fill(z - top <= LOWEST, 0.0)
    if rules.top_k or rules.top_p < 1:
        w = _narrowed(z, w, rules.top_k, rules.top_p)
    reached = w.cumsum(-1)
    token = (reached <= u[:, None] * reached[:, -1:]).sum(-1).clamp(max=x.shape[1] - 1)
    return token.masked_fill(broken, BROKEN)


def _narrowed(z: Tensor, w: Tensor, k: int, p: float) -> Tensor:
    """w with 0 for all that top-k and top-p leave out."""
    order = z.argsort(dim=-1, descending=True, stable=True)
    falling = w.gather(-1, order)
    if k:
        falling[:, k:] = 0.0
        w = torch.zeros_like(w).scatter(-1, order, falling)
    if p < 1:
        whole = w.cumsum(-1)[:, -1:]
        before = torch.cat([torch.zeros_like(whole), falling.cumsum(-1)[:, :-1]], -1)
        w = torch.zeros_like(w).scatter(-1, order, falling.masked_fill(before >= p * whole, 0.0))
    return w


def _seen(out: Tensor, index: Tensor, classes: int) -> Tensor:
    """(B, V): whether a token stands in out[b, : index[b]]."""
    live = torch.arange(out.shape[1], device=out.device) < index[:, None]
    counts = torch.zeros(len(out), classes, dtype=torch.int64, device=out.device)
    return counts.scatter_add_(1, out.clamp(min=0), live.long()) > 0


def _without_repeats(z: Tensor, out: Tensor, index: Tensor, n: int) -> Tensor:
    """z without what would end an n-gram for the second time."""
    if out.shape[1] < n:
        return z
    grams = out.unfold(1, n, 1)  # (B, T - n + 1, n)
    last = (index[:, None] + torch.arange(1 - n, 0, device=out.device)).clamp(min=0)
    ended = torch.arange(n, out.shape[1] + 1, device=out.device) <= index[:, None]
    same = (grams[:, :, :-1] == out.gather(1, last)[:, None]).all(-1) & ended
    counts = torch.zeros(z.shape, dtype=torch.int64, device=z.device)
    counts.scatter_add_(1, grams[:, :, -1].clamp(min=0), same.long())
    found = z.masked_fill(counts > 0, -torch.inf)
    return torch.where((found > -torch.inf).any(-1, keepdim=True), found, z)


class Decoder:
    """Rows of a model, written step by step."""

    backend = "reference"
    chunk = 64  # steps between two looks at what was written

    def __init__(self, model: Model, state: State) -> None:
        self.model, self.state = model, state

    def read(self, ids: Annotated[Array, "B T"], lengths: Annotated[Array, "B"]) -> None:
        """Read lengths[b] tokens of each row."""
        device = self.state[0].device
        if ids.shape[1]:
            self.state = self.model.read(
                torch.from_numpy(ids).to(device), torch.from_numpy(lengths).to(device), self.state
            )

    def logits(self, tokens: Annotated[Array, "B"]) -> Annotated[Array, "B V"]:
        """Read one token a row and say how likely each next one is."""
        logits, self.state = self.model.step(torch.from_numpy(tokens).to(self.state[0].device), self.state)
        return logits.cpu().numpy()

    def select(self, rows: Annotated[Array, "N"]) -> None:
        """Continue with these rows; one may be taken many times."""
        order = torch.from_numpy(np.asarray(rows, np.int64)).to(self.state[0].device)
        self.state = tuple(s[order] for s in self.state)

    def write(
        self, rows: Rows, rules: Rules, banned: Sequence[int], steps: int, *, scores: bool = False
    ) -> None:
        """Write up to `steps` tokens in each open row; eos (if `stop`), its length or a broken token end it.

        scores: add up log p of the tokens, from the logits as they are.
        """
        device, places = self.state[0].device, rows.index[:, None] + np.arange(steps)
        draws = torch.from_numpy(uniform(rows.seeds, places)).to(device)
        tokens, out, index, done, log_probs = (
            torch.from_numpy(x).to(device, copy=True)
            for x in (rows.tokens, rows.out, rows.index, rows.done, rows.log_probs)
        )
        for t in range(steps):
            logits, self.state = self.model.step(tokens, self.state)
            token = choose(logits, draws[:, t], rules, index, banned, out)
            live, place = ~done, index.clamp(max=out.shape[1] - 1)[:, None]
            out.scatter_(1, place, torch.where(live, token, out.gather(1, place)[:, 0])[:, None])
            index += live
            good = live & (token != BROKEN)
            if scores:
                own = torch.log_softmax(logits.double(), -1).gather(1, token.clamp(min=0)[:, None])[:, 0]
                log_probs += torch.where(good, own, 0.0)
            tokens = torch.where(good, token, tokens)
            ended = (
                (token == BROKEN) | (index == out.shape[1]) | ((token == rules.eos) if rules.stop else False)
            )
            done |= live & ended
        for mine, found in zip(
            (rows.tokens, rows.out, rows.index, rows.done, rows.log_probs),
            (tokens, out, index, done, log_probs),
            strict=True,
        ):
            mine[:] = found.cpu().numpy()
