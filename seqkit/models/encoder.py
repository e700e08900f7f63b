"""The reader of classifiers, taggers and translators: embedding -> dropout -> recurrent stack.

Rows may differ in length. Not handled: heads, character features (the tagger's), attention.
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from seqkit.models.options import Recurrent
from seqkit.nn.cell import State
from seqkit.nn.dropout import Draws, drop_words, dropout
from seqkit.nn.initialise import initial_embedding, seeded
from seqkit.nn.stack import Stack

USUAL = (Recurrent.init_input, Recurrent.init_hidden)  # what a cell starts with by itself


def stack_of(s: Recurrent, input_size: int, *, anew: bool = False) -> Stack:
    """The stack that the settings describe, on input of `input_size` numbers.

    anew: draw the weights again, even where the initialisation is the cells' own.
    """
    made = Stack(
        input_size,
        s.hidden_size,
        s.num_layers,
        s.cell,
        bidirectional=s.bidirectional,
        residual=s.residual,
        dropout=s.dropout,
        locked=s.locked,
        weight_dropout=s.weight_dropout,
        learned_state=s.learned_state,
        feed_forward=s.feed_forward,
    )
    if anew or (s.init_input, s.init_hidden) != USUAL:
        for one in made.layers:
            one.reset_parameters(input=s.init_input, hidden=s.init_hidden)
    return made


class Encoder(nn.Module):
    """y, state = encoder(ids, lengths): nothing beyond a row's length is read, and y is 0 there.

    classes: rows of the embedding. extra: numbers that a caller joins to each word's embedding.
    """

    def __init__(self, classes: int, settings: Recurrent, *, extra: int = 0) -> None:
        super().__init__()
        self.settings = s = settings
        with seeded(s.seed):
            self.embedding = initial_embedding(classes, s.dim, s.init_embedding)
            self.stack = stack_of(s, s.dim + extra)
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
        """Outputs for each step, after dropout, and each row's last state; no dropout without draws."""
        y, state = self.stack(self.embed(ids, draws, extra), None, lengths, draws=draws)
        return dropout(y, self.settings.dropout, draws, locked=self.settings.locked), state
