"""The network of a generator, whose condition starts the decoder and is read at every step; and its loss.

Not handled: conditions that change along a text (the translator).
"""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, linear

from seqkit.core.device import upload
from seqkit.core.types import Array
from seqkit.models.encoder import stack_of
from seqkit.models.generator.options import ConditionOptions
from seqkit.models.options import Recurrent
from seqkit.nn.cell import State
from seqkit.nn.dropout import Draws, drop_words, dropout
from seqkit.nn.heads.softmax import Softmax
from seqkit.nn.initialise import initial_embedding, seeded


@dataclass(frozen=True)
class ConditionBatch:
    """Conditions; what is read (bos first) and predicted (eos last, -1 beyond).

    rows: as in text.batches.streams.Window.
    """

    condition: Annotated[Array, "B C"]
    input: Annotated[Array, "B T"]
    target: Annotated[Array, "B T"]
    count: int
    rows: tuple[int, int] | None = None


class GeneratorNetwork(nn.Module):
    """k = A x of a condition x (one-hot for a label); h_0 = tanh(W k + b); step t reads [y_{t-1}; k]."""

    def __init__(self, conditions: int, classes: int, settings: Recurrent, own: ConditionOptions) -> None:
        super().__init__()
        self.settings = s = settings
        with seeded(s.seed):
            self.embedding = initial_embedding(classes, s.dim, s.init_embedding)
            self.condition = nn.Linear(conditions, own.condition_dim, bias=False)
            self.stack = stack_of(s, s.dim + own.condition_dim)
            states = s.num_layers * self.stack.states_a_cell
            self.first = nn.ModuleList(nn.Linear(own.condition_dim, s.hidden_size) for _ in range(states))
            self.head = Softmax(self.stack.output_size, classes)

    def start(self, condition: Annotated[Tensor, "B C"]) -> State:
        """The state before the first step, and k as its last part."""
        k = self.condition(condition)
        return *(torch.tanh(one(k)).to(self.embedding.dtype) for one in self.first), k

    def hidden(
        self,
        condition: Annotated[Tensor, "B C"],
        ids: Annotated[Tensor, "B T"],
        *,
        draws: Draws | None = None,
    ) -> Annotated[Tensor, "B T H"]:
        """What the head reads after each of ids."""
        s = self.settings
        *state, k = self.start(condition)
        x = embedding(ids, drop_words(self.embedding, s.word_dropout, draws))
        x = torch.cat([x, k[:, None].expand(-1, ids.shape[1], -1).to(x.dtype)], -1)
        y, _ = self.stack(dropout(x, s.dropout, draws, locked=s.locked), tuple(state), draws=draws)
        return dropout(y, s.dropout, draws, locked=s.locked)

    def step(self, tokens: Annotated[Tensor, "B"], state: State) -> tuple[Annotated[Tensor, "B V"], State]:
        """Read one token for each row, for kernels.decode: logits of the next one, the state after."""
        *before, k = state
        y, after = self.stack.step(torch.cat([self.embedding[tokens], k], -1), tuple(before))
        return linear(y, self.head.weight, self.head.bias), (*after, k)

    def read(self, ids: Annotated[Tensor, "B T"], lengths: Annotated[Tensor, "B"], state: State) -> State:
        """Read lengths[b] tokens of each row."""
        *before, k = state
        x = torch.cat([embedding(ids, self.embedding), k[:, None].expand(-1, ids.shape[1], -1)], -1)
        return *self.stack(x, tuple(before), lengths)[1], k

    def loss(self, batch: ConditionBatch, carry: None, step: int) -> tuple[Tensor, int, None]:
        """Σ -log p(target | condition) of a batch in nats; dropout is drawn from `step` if training."""
        h, targets = self._outputs(batch, step)
        return self.head.loss(h.flatten(0, 1), targets.flatten()), batch.count, None

    @torch.no_grad()
    def losses(self, batch: ConditionBatch) -> Annotated[Tensor, "B"]:
        """-log p of each row in nats."""
        h, targets = self._outputs(batch, 0)
        return self.head.losses(h.flatten(0, 1), targets.flatten()).double().view(targets.shape).sum(1)

    def _outputs(self, batch: ConditionBatch, step: int) -> tuple[Tensor, Tensor]:
        device = self.embedding.device
        ids = upload(batch.input, device, torch.int64)
        targets = torch.from_numpy(batch.target).to(torch.int64)
        condition = upload(batch.condition, device, self.embedding.dtype)
        draws = Draws(self.settings.seed, step, batch.rows) if self.training else None
        return self.hidden(condition, ids, draws=draws), targets
