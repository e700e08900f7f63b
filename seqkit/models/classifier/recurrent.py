"""A recurrent network with many-to-one pooling and one head for each task.

Not handled: the averaged network (models.classifier.bag); attention between words.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding, linear

from seqkit.core.device import upload
from seqkit.core.errors import OptionError
from seqkit.core.types import Array, Floats, Ids
from seqkit.models.encoder import Encoder
from seqkit.models.language_model.network import Network
from seqkit.models.options import Recurrent
from seqkit.nn.dropout import Draws, dropout
from seqkit.nn.initialise import seeded


@dataclass(frozen=True)
class TextBatch:
    """A batch of texts.  part: its place in a shared batch.

    ids, lm_ids (B, T) int32; labels (B, K) int32, -1: none.
    """

    ids: Annotated[Ids, "B T"]
    lm_ids: Annotated[Ids, "B T"] | None
    lengths: Annotated[Array, "B"]
    labels: Annotated[Ids, "B K"] | None = None
    part: tuple[int, int] | None = None


class RecurrentNetwork(nn.Module):
    """embedding (and language model states) -> dropout -> stack -> dropout -> pooling -> softmaxes.

    words: rows of the embedding that are trained; fixed: words that only the vectors have, not trained.
    heads: where the classes of each task begin, and their number. lm: a language model's network, whose state
    at each word is joined to the word's embedding.
    """

    def __init__(
        self,
        words: int,
        fixed: int,
        encoder: Recurrent,
        pooling: str,
        heads: Annotated[Array, "K"],
        lm: Network | None = None,
    ) -> None:
        super().__init__()
        self.encoder = Encoder(words, encoder, extra=0 if lm is None else lm.size)
        self.fixed = nn.Parameter(torch.zeros(fixed, encoder.dim), requires_grad=False)
        self.lm, self.pooling, self.heads, size = lm, pooling, heads.tolist(), self.encoder.output_size
        if encoder.bidirectional and encoder.feed_forward and pooling in ("last", "all"):
            raise OptionError(
                f"pooling: got {pooling!r} with bidirectional and feed_forward, but layers on top mix both "
                "directions. Use max, mean or attention, or leave one of the two out."
            )
        with seeded(encoder.seed + 1):
            self.attention = nn.Linear(size, 1) if pooling in ("attention", "all") else None
            self.head = nn.Linear(size * (4 if pooling == "all" else 1), self.heads[-1])
        self.class_weights = torch.ones(self.heads[-1])
        self.known = torch.zeros(words, dtype=torch.bool)  # rows that were pretrained
        self.holds = False  # whether there are such rows, and they are frozen at first
        self.freeze, self.thawed = 0.0, 0  # steps for which a part is frozen; parts that no longer are
        layers = [] if lm is None else [[lm.embedding], *([*one.parameters()] for one in lm.stack.layers)]
        for place, group in enumerate(reversed(layers)):
            for p in group:
                p.register_hook(  # type: ignore[no-untyped-call]
                    lambda g, place=place: g if place < self.thawed else torch.zeros_like(g)
                )

    def _apply(self, fn: Any, recurse: bool = True) -> Any:  # Any: torch's own
        """Also move what is no parameter, and no part of a file."""
        self.class_weights, self.known = fn(self.class_weights), fn(self.known)
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def start(self, matrix: Annotated[Floats, "V D"] | None, known: Annotated[Array, "V"], unk: int) -> None:
        """Begin with pretrained rows where there are some; an unknown word is 0, as a dropped word is."""
        words = len(self.encoder.embedding)
        self.encoder.embedding[unk] = 0
        self.known = torch.from_numpy(known[:words]).to(self.known.device)
        if matrix is not None:
            rows = torch.from_numpy(matrix[:words]).to(self.encoder.embedding)
            self.encoder.embedding[self.known] = rows[self.known]
            self.fixed.copy_(torch.from_numpy(matrix[words:]))

    def prepare(self, class_weights: Annotated[Floats, "C"], frozen: float, *, always: bool) -> None:
        """For training: weights of the loss, and how many steps each pretrained part is frozen."""
        device = self.head.bias.device
        self.class_weights = torch.from_numpy(class_weights).to(device)
        self.known, self.freeze = self.known & (frozen > 0), frozen
        self.holds = bool(self.known.any())
        if self.lm is not None:
            self.lm.requires_grad_(not always)

    def forward(self, rows: TextBatch, step: int | None = None) -> Annotated[Tensor, "B C"]:
        """The logits of texts; step: of training, or none."""
        s, device = self.encoder.settings, self.head.bias.device
        draws = None if step is None else Draws(s.seed, step, rows.part)
        ids, lengths = upload(rows.ids, device, torch.int64), torch.from_numpy(rows.lengths)
        self.thawed = (
            0 if step is None else int(step / self.freeze) if self.freeze else len(list(self.parameters()))
        )
        x = self._embed(ids, draws)
        if self.lm is not None and rows.lm_ids is not None:
            x = torch.cat([x, self._states(upload(rows.lm_ids, device, torch.int64), lengths, draws)], -1)
        x = dropout(x, s.dropout, draws, locked=s.locked)
        y, _ = self.encoder.stack(x, None, lengths, draws=draws)
        pooled = dropout(self._pool(y, lengths.to(device, non_blocking=True))[:, None], s.dropout, draws)[
            :, 0
        ]
        return linear(pooled, self.head.weight, self.head.bias)

    def loss(self, batch: TextBatch, carry: Any, step: int) -> tuple[Tensor, int, None]:
        """Σ -weight · log p(label) over all labels that are not missing, in nats, and their number."""
        assert batch.labels is not None, "training needs labels"
        logits = self(batch, step if self.training else None)
        labels = upload(batch.labels, logits.device, torch.int64)
        total = torch.zeros((), device=logits.device)
        for head, (low, high) in enumerate(zip(self.heads[:-1], self.heads[1:], strict=True)):
            weights = self.class_weights[low:high]
            total = total + cross_entropy(
                logits[:, low:high], labels[:, head], weights, ignore_index=-1, reduction="sum"
            )
        return total, int((batch.labels >= 0).sum()), None

    def _embed(self, ids: Tensor, draws: Draws | None) -> Tensor:
        weight, words = self.encoder.embedding, len(self.encoder.embedding)
        x = embedding(ids.clamp(max=words - 1), weight)
        if self.thawed == 0 and self.holds:
            x = torch.where(self.known[ids.clamp(max=words - 1)][..., None], x.detach(), x)
        if len(self.fixed):
            x = torch.where((ids < words)[..., None], x, self.fixed[(ids - words).clamp(min=0)])
        p = self.encoder.settings.word_dropout
        if draws is None or p == 0:
            return x
        return x * draws.mask((words + len(self.fixed), 1), p, weight, rows=False)[ids]

    def _states(self, ids: Tensor, lengths: Tensor, draws: Draws | None) -> Tensor:
        assert self.lm is not None, "asked for with a language model alone"
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.thawed > 0):
            return self.lm.hidden(ids, None, lengths, draws=draws if self.thawed else None)[0]

    def _pool(self, y: Tensor, lengths: Tensor) -> Tensor:
        """Outputs (B, T, H) of each text as one vector (B, H); nothing beyond its length is read."""
        live = (torch.arange(y.shape[1], device=y.device) < lengths[:, None])[..., None]
        found = {}
        if self.pooling in ("max", "all"):
            found["max"] = y.masked_fill(~live, -torch.inf).amax(1)
        if self.pooling in ("mean", "all"):
            found["mean"] = (y * live).sum(1) / lengths[:, None]
        if self.pooling in ("last", "all"):
            ends = y[torch.arange(len(y), device=y.device), lengths - 1]
            half = y.shape[2] // 2
            found["last"] = (
                torch.cat([ends[:, :half], y[:, 0, half:]], 1)
                if self.encoder.settings.bidirectional
                else ends
            )
        if self.attention is not None:
            scores = self.attention(torch.tanh(y)).masked_fill(~live, -torch.inf)
            found["attention"] = (torch.softmax(scores, 1) * y).sum(1)
        return torch.cat(list(found.values()), 1)


def micro_error(found: Annotated[Array, "N K"], labels: Annotated[Array, "N K"]) -> float:
    """1 - micro F1 of sets of labels, 2 tp / (2 tp + fp + fn) over all of them; 1 where there is no label.

    >>> micro_error(np.array([[1, 0], [1, 1]]), np.array([[1, 0], [0, 1]])).__round__(2)
    0.2
    """
    there = labels >= 0
    both = int(((found == 1) & (labels == 1)).sum())
    either = int((found[there] == 1).sum() + (labels == 1).sum())
    return 1 - 2 * both / either if either else 1.0


def balanced_error(found: Annotated[Array, "N K"], labels: Annotated[Array, "N K"]) -> float:
    """The share of wrong labels, averaged over the classes of a task and then over tasks; -1: no label.

    >>> balanced_error(np.array([[0], [0], [0]]), np.array([[0], [0], [1]]))
    0.5
    """
    tasks = []
    for guess, truth in zip(found.T, labels.T, strict=True):
        there = np.unique(truth[truth >= 0])
        tasks.append(np.mean([np.mean(guess[truth == c] != c) for c in there]) if len(there) else 0.0)
    return float(np.mean(tasks))
