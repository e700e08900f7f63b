"""Decoding in torch: how a token is chosen, and rows written step by step. The specification; used on a GPU.

Nothing is read back from the device between the steps of one call of `write`.
Not handled: the search for the likeliest text (models.decoding.beam).
"""

import weakref
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Protocol

import numpy as np
import torch
from torch import Tensor

from seqkit.core.device import upload
from seqkit.core.types import Array
from seqkit.kernels.decode.draws import uniform
from seqkit.kernels.decode.rules import BROKEN, Rows, Rules
from seqkit.kernels.primitives.recording.gpu import Recording

State = tuple[Tensor, ...]
WORTH = 128  # tokens to be written that make recording a step worth its time
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


def gpu_of(tensor: Tensor) -> torch.device | None:
    """The GPU that a tensor is on; None on a CPU."""
    return tensor.device if tensor.device.type == "cuda" else None


def as_tensor(values: Any, device: torch.device) -> Tensor:
    """A tensor as it is; an array brought to the device."""
    return values if isinstance(values, Tensor) else upload(np.asarray(values, np.int64), device)


class Board:
    """Rows where the model is. A step changes all of it in place, so that a GPU can record it.

    Shapes:  fields (5, B) int64: tokens, seeds, index, done, and the bits of log_probs; out (B, T) or None;
             draws and written (B, most steps); t (B, 1) int64, the number of the step.
    """

    def __init__(
        self, model: Model, state: State, rules: Rules, banned: Sequence[int], length: int, scores: bool
    ) -> None:
        self.model, self.rules, self.banned = model, rules, tuple(banned)
        self.length, self.scores = length, scores
        self.state = tuple(s.clone() for s in state)
        self.out: Tensor | None = None
        self.steps = Recording(partial(Board.step, weakref.proxy(self)), state[0].device)  # no cycle

    def fill(self, fields: Tensor, out: Tensor | None, state: State, width: int) -> None:
        """Begin with these rows: what a step reads stays where it is, if it was there before."""
        _, seeds, index = fields[:3]
        places = index[:, None] + torch.arange(width, device=index.device)
        new = [fields, uniform(seeds, places), torch.full_like(places, -1), torch.zeros_like(index)[:, None]]
        if out is not None:
            new.append(out)
        if not self.steps.calls:
            self.fields, self.draws, self.written, self.t, *rest = new
            self.out = rest[0] if rest else None
        else:
            mine = [self.fields, self.draws, self.written, self.t]
            torch._foreach_copy_(mine if self.out is None else [*mine, self.out], new)
        if state is not self.state:
            torch._foreach_copy_(self.state, state)

    def step(self) -> None:
        """Write one token in each open row."""
        tokens, _, index, done, bits = self.fields
        logits, after = self.model.step(tokens, self.state)
        draws = self.draws.gather(1, self.t)[:, 0]
        token = choose(logits, draws, self.rules, index, self.banned, self.out)
        live = done == 0
        self.written.scatter_(1, self.t, torch.where(live, token, -1)[:, None])
        if self.out is not None:
            place = index.clamp(max=self.length - 1)[:, None]
            stays = self.out.gather(1, place)[:, 0]
            self.out.scatter_(1, place, torch.where(live, token, stays)[:, None])
        index += live
        good = live & (token != BROKEN)
        if self.scores:
            own = torch.log_softmax(logits.double(), -1).gather(1, token.clamp(min=0)[:, None])[:, 0]
            bits.view(torch.float64).add_(torch.where(good, own, 0.0))
        tokens.copy_(torch.where(good, token, tokens))
        ended = (token == BROKEN) | (index == self.length)
        if self.rules.stop:
            ended |= token == self.rules.eos
        done.logical_or_(live & ended)
        self.t += 1
        torch._foreach_copy_(self.state, after)


class Decoder:
    """Rows of a model, written step by step."""

    backend = "reference"
    chunk = 64  # steps between two looks at what was written

    def __init__(self, model: Model, state: State) -> None:
        self.model, self.state = model, state
        self.board: tuple[Any, Board] | None = None  # the last one, and what it is for

    @property
    def gpu(self) -> torch.device | None:
        """The GPU that the rows are on; None on a CPU."""
        return gpu_of(self.state[0])

    def read(self, ids: Annotated[Array, "B T"], lengths: Annotated[Array, "B"]) -> None:
        """Read lengths[b] tokens of each row."""
        if ids.shape[1]:
            given = upload(ids, self.state[0].device)
            self.state = self.model.read(given, torch.from_numpy(lengths), self.state)

    def logits(self, tokens: Any) -> Any:
        """Read one token a row and say how likely each next one is: a tensor for a tensor.

        Shapes:  tokens (B,) int64 -> (B, V).
        """
        given = as_tensor(tokens, self.state[0].device)
        logits, self.state = self.model.step(given, self.state)
        return logits if given is tokens else logits.cpu().numpy()

    def select(self, rows: Any) -> None:
        """Continue with these rows (N,), an array or a tensor; one may be taken many times."""
        order = as_tensor(rows, self.state[0].device)
        self.state = tuple(s[order] for s in self.state)

    def write(
        self, rows: Rows, rules: Rules, banned: Sequence[int], steps: int, *, scores: bool = False
    ) -> None:
        """Write up to `steps` tokens in each open row; eos (if `stop`), its length or a broken token end it.

        scores: add up log p of the tokens, from the logits as they are. One copy brings the rows to the
        device, one brings back what was written; the draws are made there. A GPU records a step if rows have
        `WORTH` tokens to go.
        """
        (B, length), width = rows.out.shape, max(steps, self.chunk)
        reads = rules.penalty != 1 or rules.ngram > 0
        key = B, length, width, rules, tuple(banned), scores
        if self.board is None or self.board[0] != key:
            self.board = key, Board(self.model, self.state, rules, banned, length, scores)
        board = self.board[1]
        board.fill(*_brought(rows, reads, self.state[0].device), self.state, width)
        recorded = self.gpu and (board.steps.calls or length - int(rows.index.min()) >= WORTH)
        for _ in range(steps):
            (board.steps if recorded else board.step)()
        self.state = board.state
        tokens, _, *rest = board.fields
        take_back(rows, torch.cat([torch.stack([tokens, *rest], 1), board.written[:, :steps]], 1))


def _brought(rows: Rows, whole: bool, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """tokens, seeds, index, done, log_probs as int64 (5, B); out (B, T) if `whole`: in one copy."""
    B = len(rows.tokens)
    fields = [rows.tokens, rows.seeds.view(np.int64), rows.index, rows.done, rows.log_probs.view(np.int64)]
    packed = upload(np.concatenate([*fields, *([rows.out.ravel()] if whole else [])], dtype=np.int64), device)
    return packed[: 5 * B].view(5, B), packed[5 * B :].view(rows.out.shape) if whole else None


def take_back(rows: Rows, found: Annotated[Tensor, "B N"]) -> None:
    """Put what stands on the device into the rows: the one time that the host waits for it.

    found: int64: tokens, index, done, the bits of log_probs, then what was written.
    """
    numbers = found.cpu().numpy()
    written = numbers[:, 4:]
    places = np.arange(written.shape[1]) + rows.index[:, None]
    new = places < numbers[:, 1, None]
    rows.out[np.nonzero(new)[0], places[new]] = written[new]
    rows.tokens[:], rows.index[:], rows.done[:] = numbers[:, 0], numbers[:, 1], numbers[:, 2]
    rows.log_probs[:] = np.ascontiguousarray(numbers[:, 3]).view(np.float64)
