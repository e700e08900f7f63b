"""The network of a language model: embedding, stack, head; and the loss of a window of streams."""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from seqkit.core import options
from seqkit.core.options import option
from seqkit.nn.cell import State, cells
from seqkit.nn.dropout import Draws, drop_words, dropout
from seqkit.nn.head import head
from seqkit.nn.initialise import check_way, initialise
from seqkit.nn.stack import Stack
from seqkit.text.batches.streams import Window


@dataclass(frozen=True)
class NetworkOptions:
    """Sizes and dropout of a language model's network."""

    cell: str = option(
        "lstm", help="rnn, relu-rnn, gru, gru-before, lstm, peephole-lstm, layer-norm-lstm, min-gru"
    )
    num_layers: int = option(2, low=1, search="1..4", help="layers of the stack")
    hidden_size: int = option(256, low=1, search="32..512:log", help="numbers in a layer's state")
    embed_dim: int | None = option(
        None, low=1, search="32..512:log", help="numbers in an embedding; hidden_size if not given"
    )
    tie: bool = option(True, help="the head's weight is the embedding")
    head: Literal["softmax", "adaptive-softmax"] = option("softmax", help="softmax or adaptive-softmax")
    dropout: float = option(0.0, low=0, high=0.95, help="of embeddings, between layers, of outputs")
    locked: bool = option(False, help="dropout masks are the same for all steps of a window")
    weight_dropout: float = option(0.0, low=0, high=0.95, help="of the recurrent weights")
    embedding_dropout: float = option(0.0, low=0, high=0.95, help="of whole words of the embedding")
    residual: bool = option(False, help="add a layer's input to its output")
    learned_state: bool = option(False, help="train the first state")
    init_embedding: str = option(
        "small-normal", help="how the embedding starts: small-normal (σ 0.25), uniform (±0.1), ..."
    )
    init_input: str = option("xavier-uniform", help="how the weights that read a layer's input start")
    init_hidden: str | None = option(
        None, help="how each gate's recurrent weights start; the cell's own way if not given"
    )
    seed: int = option(1, low=0, help="seed of weights and dropout")

    def __post_init__(self) -> None:
        options.check(self)
        cells.load(self.cell)
        for way in (self.init_embedding, self.init_input, self.init_hidden):
            if way is not None:
                check_way(way)


class Network(nn.Module):
    """ids -> embedding -> stack -> (projection to the embedding's size, if tied and another) -> head."""

    def __init__(self, classes: int, settings: NetworkOptions) -> None:
        super().__init__()
        self.settings = s = settings
        dim = s.embed_dim or s.hidden_size
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(s.seed)
            self.embedding = nn.Parameter(torch.empty(classes, dim))
            initialise(self.embedding, s.init_embedding)
            self.stack = Stack(
                dim,
                s.hidden_size,
                s.num_layers,
                s.cell,
                residual=s.residual,
                dropout=s.dropout,
                locked=s.locked,
                weight_dropout=s.weight_dropout,
                learned_state=s.learned_state,
            )
            for one in self.stack.layers:
                one.reset_parameters(input=s.init_input, hidden=s.init_hidden)
            narrow = s.tie and dim != s.hidden_size
            self.projection = nn.Linear(s.hidden_size, dim) if narrow else None
            self.head = head(
                s.head,
                dim if s.tie else s.hidden_size,
                classes,
                **({"tied": self.embedding} if s.tie else {}),
            )

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
        x = embedding(ids.transpose(0, 1), drop_words(self.embedding, s.embedding_dropout, draws)).transpose(
            0, 1
        )
        x = dropout(x, s.dropout, draws, locked=s.locked)
        y, state = self.stack(x, state, lengths, draws=draws)
        y = dropout(y, s.dropout, draws, locked=s.locked)
        return (y if self.projection is None else self.projection(y)), state

    def loss(self, batch: Window, carry: State | None, step: int) -> tuple[Tensor, int, State]:
        """Σ -log p(target) of a window in nats, its count, and the state to carry on; dropout drawn from
        `step` if training.
        """
        device = self.embedding.device
        ids, targets = (torch.from_numpy(x).to(device, torch.int64) for x in (batch.input, batch.target))
        draws = Draws(self.settings.seed, step, batch.rows) if self.training else None
        y, state = self.hidden(ids, None if batch.first else carry, draws=draws)
        return self.head.loss(y.transpose(0, 1).flatten(0, 1), targets.t().flatten()), batch.count, state
