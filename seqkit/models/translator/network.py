"""The network of a translator: encoder, bridge, attention, decoder, head; and the loss of a batch of pairs.

Not handled: choosing words (models.translator.search); input feeding with Luong's attention; stacks of
different cells.
"""

from dataclasses import dataclass, replace
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, linear

from seqkit.core.device import upload
from seqkit.core.types import Array
from seqkit.models.encoder import Encoder, stack_of
from seqkit.models.options import Recurrent
from seqkit.models.translator.options import DecoderOptions
from seqkit.nn.attention import Attention, attention
from seqkit.nn.cell import State
from seqkit.nn.dropout import Draws, drop_words, dropout
from seqkit.nn.heads.softmax import Softmax
from seqkit.nn.initialise import initial_embedding, seeded


@dataclass(frozen=True)
class PairBatch:
    """Sources with their lengths; what the decoder reads (bos first) and predicts (eos last, -1 beyond).

    count: predictions. rows: (first row, rows in all) of a part of a batch that is shared out.
    """

    source: Annotated[Array, "B S"]
    lengths: Annotated[Array, "B"]
    input: Annotated[Array, "B T"]
    target: Annotated[Array, "B T"]
    count: int
    rows: tuple[int, int] | None = None


@dataclass(frozen=True)
class Memory:
    """A source as the decoder reads it, and the decoder's initial state."""

    outputs: Annotated[Tensor, "B S H"]
    keys: Annotated[Tensor, "B S K"]
    mask: Annotated[Tensor, "B S"]
    state: State

    def select(self, rows: Tensor) -> "Memory":
        """Some of the rows; one may be taken many times."""
        return Memory(
            self.outputs[rows], self.keys[rows], self.mask[rows], tuple(s[rows] for s in self.state)
        )


class TranslatorNetwork(nn.Module):
    """o_t = tanh(W [h_t; c_t] + b), p(y_t) = softmax(E o_t + b): h the decoder's state, c the context.

    Weight dropout, a learnt first state and layers on top are the encoder's alone.
    h_0 = tanh(W [→h; ←h] + b) of the encoder's last states, layer by layer (Bahdanau et al. 2014 take ←h
    alone). total_steps: those of the whole training, for the schedule of teacher forcing.
    """

    total_steps = 1

    def __init__(self, sources: int, targets: int, encoder: Recurrent, decoder: DecoderOptions) -> None:
        super().__init__()
        self.settings, self.decoder = encoder, decoder
        e, size = encoder, decoder.decoder_size or encoder.hidden_size
        layers = decoder.decoder_layers or encoder.num_layers
        self.encoder = Encoder(sources, encoder)
        wide = self.encoder.output_size
        with seeded(e.seed + 1):  # another than the encoder's, whose embedding would be the same
            self.embedding = initial_embedding(targets, e.dim, e.init_embedding)
            self.attention: Attention | None = None
            if decoder.attention != "none":
                self.attention = attention(decoder.attention, size, wide)
            self.feeds = self.attention is not None and self.attention.feeds
            self.stack = stack_of(_plain(e, size, layers), e.dim + wide * self.feeds)
            states = e.hidden_size * self.encoder.stack.directions
            self.bridge = nn.ModuleList(
                nn.Linear(states, size) for _ in range(layers * self.stack.states_a_cell)
            )
            read = size + wide * (self.attention is not None)
            self.readout = nn.Linear(read, e.dim if decoder.tie else size)
            self.head = Softmax(
                self.readout.out_features, targets, tied=self.embedding if decoder.tie else None
            )

    def read(
        self, source: Annotated[Tensor, "B S"], lengths: Annotated[Tensor, "B"], *, draws: Draws | None = None
    ) -> Memory:
        """Read sources; nothing beyond a row's length is read."""
        outputs, last = self.encoder(source, lengths, draws=draws)
        D, S = self.encoder.stack.directions, self.stack.states_a_cell
        state = []
        for i, joint in enumerate(self.bridge):
            layer, kind = min(i // S, len(last) // (D * S) - 1), i % S
            both = [last[(layer * D + direction) * S + kind] for direction in range(D)]
            state.append(torch.tanh(joint(torch.cat(both, -1))).to(last[0].dtype))
        mask = torch.arange(source.shape[1], device=source.device) < lengths.to(source.device)[:, None]
        keys = outputs if self.attention is None else self.attention.keys(outputs)
        return Memory(outputs, keys, mask, tuple(state))

    def forward(
        self, ids: Annotated[Tensor, "B T"], memory: Memory, *, draws: Draws | None = None, share: float = 1.0
    ) -> tuple[Annotated[Tensor, "B T H"], Annotated[Tensor, "B T S"] | None]:
        """What the head reads after each of ids, and attention; share: of ids read, else its own words."""
        s = self.settings
        weight = drop_words(self.embedding, s.word_dropout, draws)
        x = dropout(embedding(ids, weight), s.dropout, draws, locked=s.locked)
        if not self.feeds and share == 1:
            y, _ = self.stack(x, memory.state, draws=draws)
            o, looked = self._output(y, memory)
        else:
            o, looked = self._steps(x, weight, memory, draws, share)
        return dropout(o, s.dropout, draws, locked=s.locked), looked

    def step(
        self, x: Annotated[Tensor, "B D"], memory: Memory, state: State, *, draws: Draws | None = None
    ) -> tuple[Annotated[Tensor, "B H"], State, Annotated[Tensor, "B S"] | None]:
        """One step of the decoder given the embedding of the word before: o, next state, attention."""
        context = looked = None
        if self.attention is not None and self.feeds:
            top = state[-self.stack.states_a_cell]
            context, looked = self.attention(top[:, None], memory.keys, memory.outputs, memory.mask)
            x = torch.cat([x, context[:, 0].to(x.dtype)], -1)
        y, state = self.stack.step(x, state, draws=draws)
        o, found = self._output(y[:, None], memory, context)
        looked = found if looked is None else looked
        return o[:, 0], state, None if looked is None else looked[:, 0]

    def logits(self, o: Annotated[Tensor, "B H"]) -> Annotated[Tensor, "B V"]:
        """What softmax takes."""
        return linear(o, self.head.weight, self.head.bias)

    def loss(self, batch: PairBatch, carry: None, step: int) -> tuple[Tensor, int, None]:
        """Σ -log p(target) of a batch in nats, smoothed in training; dropout, teaching drawn from `step`."""
        device = self.embedding.device
        source, ids = (upload(x, device, torch.int64) for x in (batch.source, batch.input))
        lengths, targets = (torch.from_numpy(x).to(torch.int64) for x in (batch.lengths, batch.target))
        draws = Draws(self.settings.seed, step, batch.rows) if self.training else None
        share = self.decoder.share(step / self.total_steps) if self.training else 1.0
        o, _ = self(ids, self.read(source, lengths, draws=draws), draws=draws, share=share)
        h, y = o.flatten(0, 1), targets.flatten()
        total = self.head.loss(h, y)
        if self.training and (smoothing := self.decoder.label_smoothing):
            total = total + smoothing * self._towards_even(h, y)
        return total, batch.count, None

    def _towards_even(self, h: Tensor, y: Tensor) -> Tensor:
        """Σ (mean_v -log p_v) - (-log p_y) = Σ logit_y - mean_v logit_v: what smoothing adds, times ε."""
        live = torch.nonzero(y >= 0)[:, 0]
        weight, bias = self.head.weight, self.head.bias
        h, y = h[live.to(h.device)].to(weight.dtype), y[live].to(h.device)
        apart = embedding(y, weight) - weight.mean(0)
        return (h * apart).sum() + bias[y].sum() - len(y) * bias.mean()

    def _output(
        self, y: Tensor, memory: Memory, context: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        looked = None
        if self.attention is not None and context is None:
            context, looked = self.attention(y, memory.keys, memory.outputs, memory.mask)
        joined = y if context is None else torch.cat([y, context.to(y.dtype)], -1)
        return torch.tanh(self.readout(joined)), looked

    def _steps(
        self, x: Tensor, weight: Tensor, memory: Memory, draws: Draws | None, share: float
    ) -> tuple[Tensor, Tensor | None]:
        """Step by step; with chance 1 - share a row reads its own likeliest word (Bengio et al. 2015)."""
        given = None if share == 1 or draws is None else draws.mask(tuple(x.shape[:2]), 1 - share, x) > 0
        waits = x.device.type != "cpu"  # a GPU reads a word sooner than it is asked whether it must
        state, before = memory.state, None
        found, looks, number = [], [], draws.number if draws else 0
        for t in range(x.shape[1]):
            now = x[:, t]
            if before is not None and given is not None and (waits or not bool(given[:, t].all())):
                own = self.logits(before.detach()).argmax(-1)
                now = torch.where(given[:, t, None], now, embedding(own, weight))
            if draws and self.settings.locked:
                draws.number = number  # the masks of the step before
            before, state, looked = self.step(now, memory, state, draws=draws)
            found.append(before)
            looks.append(looked)
        looked = None if looks[0] is None else torch.stack(looks, 1)  # type: ignore[arg-type]
        return torch.stack(found, 1), looked


def _plain(encoder: Recurrent, size: int, layers: int) -> Recurrent:
    """The settings of the decoder's stack: the encoder's, without what is the encoder's alone."""
    return replace(
        encoder,
        hidden_size=size,
        num_layers=layers,
        bidirectional=False,
        weight_dropout=0.0,
        learned_state=False,
        feed_forward=(),
    )
