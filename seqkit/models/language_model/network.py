"""The network of a language model: embedding, stack, head; and the loss of a window of streams."""

from typing import Annotated, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, linear

from seqkit.core.device import upload
from seqkit.models.encoder import stack_of
from seqkit.models.language_model.options import SETTINGS, LanguageModelOptions
from seqkit.models.options import Recurrent
from seqkit.nn.cell import State
from seqkit.nn.dropout import Draws, drop_words, dropout
from seqkit.nn.head import head
from seqkit.nn.heads.softmax import Softmax
from seqkit.nn.initialise import initial_embedding, seeded
from seqkit.text.batches.streams import Window


class Network(nn.Module):
    """ids -> embedding -> stack -> (projection to the embedding's size, if tied and another) -> head."""

    def __init__(self, classes: int, settings: Recurrent, own: LanguageModelOptions) -> None:
        super().__init__()
        self.settings = s = settings
        with seeded(s.seed):
            self.embedding = initial_embedding(classes, s.dim, s.init_embedding)
            self.stack = stack_of(s, s.dim, anew=True)
            wide = self.stack.output_size
            self.projection = nn.Linear(wide, s.dim) if own.tie and s.dim != wide else None
            tied = {"tied": self.embedding} if own.tie else {}
            self.head = head(own.head, s.dim if own.tie else wide, classes, **tied)

    @staticmethod
    def of(classes: int, **settings: Any) -> "Network":
        """The network of a language model with these settings."""
        made = SETTINGS.make("Network", settings)
        return Network(classes, made["recurrent"], made["language_model"])

    @property
    def size(self) -> int:
        """Numbers in what the head reads."""
        return self.stack.output_size if self.projection is None else self.projection.out_features

    def hidden(
        self,
        ids: Annotated[Tensor, "B T"],
        state: State | None = None,
        lengths: Annotated[Tensor, "B"] | None = None,
        *,
        draws: Draws | None = None,
    ) -> tuple[Annotated[Tensor, "B T H"], State]:
        """What the head reads at each step, and the state after each row's last."""
        s = self.settings
        weight = drop_words(self.embedding, s.word_dropout, draws)
        x = embedding(ids.transpose(0, 1), weight).transpose(0, 1)
        x = dropout(x, s.dropout, draws, locked=s.locked)
        y, state = self.stack(x, state, lengths, draws=draws)
        y = dropout(y, s.dropout, draws, locked=s.locked)
        return (y if self.projection is None else self.projection(y)), state

    def loss(self, batch: Window, carry: State | None, step: int) -> tuple[Tensor, int, State]:
        """Σ -log p(target) of a window in nats, its count, the next state; dropout drawn from `step`."""
        device = self.embedding.device
        ids = upload(batch.input, device, torch.int64)
        targets = torch.as_tensor(batch.target).to(torch.int64)
        draws = Draws(self.settings.seed, step, batch.rows) if self.training else None
        y, state = self.hidden(ids, None if batch.first else carry, draws=draws)
        return self.head.loss(y.transpose(0, 1).flatten(0, 1), targets.t().flatten()), batch.count, state

    def step(self, tokens: Annotated[Tensor, "B"], state: State) -> tuple[Annotated[Tensor, "B V"], State]:
        """Read one token for each row: logits of the next (log p if no softmax head); the state after."""
        y, after = self.after(tokens, state)
        if isinstance(self.head, Softmax):
            return linear(y, self.head.weight, self.head.bias), after
        return self.head.log_probs(y), after

    def after(self, tokens: Annotated[Tensor, "B"], state: State) -> tuple[Annotated[Tensor, "B H"], State]:
        """Read one token for each row: what the head reads, the state after."""
        y, state = self.stack.step(self.embedding[tokens], state)
        return (y if self.projection is None else self.projection(y)), state

    def read(self, ids: Annotated[Tensor, "B T"], lengths: Annotated[Tensor, "B"], state: State) -> State:
        """Read lengths[b] tokens of each row at once."""
        return self.hidden(ids, state, lengths)[1]
