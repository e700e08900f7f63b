"""What classifiers, taggers and translators read with: embedding -> dropout -> recurrent stack, rows of any
length.

Not handled: heads, character features (the tagger's), attention; a stack in both directions cannot write
text.
"""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from seqkit.core import options
from seqkit.core.options import option
from seqkit.nn.cell import State, cells
from seqkit.nn.dropout import Draws, drop_words, dropout
from seqkit.nn.initialise import check_way, initialise
from seqkit.nn.stack import Stack


@dataclass(frozen=True)
class EncoderOptions:
    """Sizes and dropout of an encoder."""

    cell: str = option(
        "lstm", help="rnn, relu-rnn, gru, gru-before, lstm, peephole-lstm, layer-norm-lstm, min-gru"
    )
    num_layers: int = option(1, low=1, search="1..4", help="layers of the stack")
    hidden_size: int = option(
        128, low=1, search="32..512:log", help="numbers in a layer's state, in each direction"
    )
    embed_dim: int = option(100, low=1, search="32..512:log", help="numbers in an embedding")
    bidirectional: bool = option(True, help="read each row from both ends")
    dropout: float = option(0.3, low=0, high=0.95, help="of embeddings, between layers, of outputs")
    locked: bool = option(False, help="dropout masks are the same for all steps of a row")
    word_dropout: float = option(
        0.0, low=0, high=0.95, help="of whole words of the embedding, in a step of training"
    )
    residual: bool = option(False, help="add a layer's input to its output")
    init_embedding: str = option(
        "small-normal", help="how the embedding starts: small-normal (σ 0.25), uniform (±0.1), ..."
    )
    seed: int = option(1, low=0, help="seed of weights, order and dropout")

    def __post_init__(self) -> None:
        options.check(self)
        check_way(self.init_embedding)
        cells.load(self.cell)

    @property
    def output_size(self) -> int:
        """Numbers that the encoder gives for each step."""
        return self.hidden_size * (1 + self.bidirectional)


class Encoder(nn.Module):
    """y, state = encoder(ids, lengths): what stands beyond a row's length is never read, and y is 0 there.

    classes: rows of the embedding. extra: numbers that a caller joins to each word's embedding.
    """

    def __init__(self, classes: int, settings: EncoderOptions, *, extra: int = 0) -> None:
        super().__init__()
        self.settings = s = settings
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(s.seed)
            self.embedding = nn.Parameter(torch.empty(classes, s.embed_dim))
            initialise(self.embedding, s.init_embedding)
            self.stack = Stack(
                s.embed_dim + extra,
                s.hidden_size,
                s.num_layers,
                s.cell,
                bidirectional=s.bidirectional,
                residual=s.residual,
                dropout=s.dropout,
                locked=s.locked,
            )
        self.output_size = self.stack.output_size

    def embed(
        self,
        ids: Annotated[Tensor, "B T"],
        draws: Draws | None = None,
        extra: Annotated[Tensor, "B T D"] | None = None,
    ) -> Annotated[Tensor, "B T D"]:
        """The embeddings of ids, with `extra` beside them, after dropout."""
        s = self.settings
        x = embedding(ids, drop_words(self.embedding, s.word_dropout, draws))
        return dropout(x if extra is None else torch.cat([x, extra], -1), s.dropout, draws, locked=s.locked)

    def forward(
        self,
        ids: Annotated[Tensor, "B T"],
        lengths: Annotated[Tensor, "B"],
        *,
        draws: Draws | None = None,
        extra: Annotated[Tensor, "B T D"] | None = None,
    ) -> tuple[Annotated[Tensor, "B T H"], State]:
        """Outputs for each step, after dropout, and the state after each row's last; draws: none is
        evaluation.
        """
        y, state = self.stack(self.embed(ids, draws, extra), None, lengths, draws=draws)
        return dropout(y, self.settings.dropout, draws, locked=self.settings.locked), state
