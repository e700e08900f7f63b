"""Decoder of the GPU program that writes many tokens in one launch: packs weights once, brings rows and takes
them back.

Not handled: top-k, top-p, penalty and n-grams (reference.Decoder.write does them); residual connections; the
cells gru-before and layer-norm-lstm; models of more than MOST weights.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqkit.core.device import has_kernels, upload
from seqkit.kernels.decode import reference
from seqkit.kernels.decode.plan import GRU, LSTM, MIN_GRU, RELU, TANH
from seqkit.kernels.decode.rules import Rows, Rules

if TYPE_CHECKING:
    from seqkit.kernels.decode.gpu import Model

MOST = 1 << 22  # weights that a step reads: for 16 MB one of 132 parts of a GPU needs what launches take
KINDS = {
    "rnn": TANH,
    "relu-rnn": RELU,
    "lstm": LSTM,
    "peephole-lstm": LSTM,
    "gru": GRU,
    "min-gru": MIN_GRU,
}


class Layer(NamedTuple):
    """A cell of seqkit.nn: W (G·H, D), b, U (G·H, H), and b_u of a GRU or the peepholes."""

    weight_input: Tensor
    bias: Tensor
    weight_hidden: Tensor
    extra: Tensor | None = None


def handles(place: torch.device, kind: str, size: int, layers: int, classes: int) -> bool:
    """Whether the program runs there: layers of a cell of this name and size, and so many classes."""
    sums = {LSTM: 4, GRU: 4, MIN_GRU: 2}.get(KINDS.get(kind, TANH), 1)
    few = sums * size * size * (2 * layers - 1) + classes * size <= MOST
    return has_kernels(place) and kind in KINDS and few


@torch.no_grad()
def pack(
    kind: str,
    layers: Sequence[Layer],
    embedding: Tensor,
    head: tuple[Tensor, Tensor],
    projection: tuple[Tensor, Tensor] | None = None,
) -> "Model":
    """The weights as the kernel reads them; head and projection are (weight, bias), and become one matrix."""
    from seqkit.kernels.decode.gpu import DEPTH, WIDE, Model, padded

    op, (L, H) = KINDS[kind], (len(layers), layers[0].weight_hidden.shape[1])
    parts = [_columns(op, layer, H) for layer in layers]
    C, deep = len(parts[0][2]), padded(H, DEPTH)
    weights = embedding.new_zeros(2 * L - 1, deep, padded(C, WIDE))
    for n, (W, U, _) in enumerate(parts):
        weights[2 * n, :H, :C] = U.T
        if n:
            weights[2 * n - 1, :H, :C] = W.T
    first = (embedding.double() @ parts[0][0].double().T + parts[0][2]).float()  # rounded once
    starts = torch.cat([first, *(b[None] for _, _, b in parts[1:])])
    matrix, bias = (x.double() for x in head)
    if projection is not None:
        matrix, bias = matrix @ projection[0].double(), bias + matrix @ projection[1].double()
    wide = embedding.new_zeros(deep, padded(len(bias), WIDE))
    wide[:H, : len(bias)] = matrix.T
    own = [layer.extra for layer in layers if layer.extra is not None]
    peepholes = torch.stack(own) if op == LSTM and own else None
    return Model(op, H, L, weights.flatten(0, 1), starts, peepholes, wide, bias.float())


def _columns(op: int, layer: Layer, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """W, U and b of all sums of a layer: a GRU's n has W x + b_n and U h + b_u apart."""
    W, b, U, extra = layer
    if op == MIN_GRU:
        U = U.new_zeros(len(b), size)
    if op != GRU:
        return W, U, b
    assert extra is not None
    U = torch.cat([U[: 2 * size], torch.zeros_like(U[2 * size :]), U[2 * size :]])
    return torch.cat([W, W.new_zeros(size, W.shape[1])]), U, torch.cat([b, extra])


class Decoder(reference.Decoder):
    """reference.Decoder whose steps of one `write` are one launch.

    backend: which of both wrote last.
    """

    backend = "persistent"

    def __init__(self, model: reference.Model, state: reference.State, packed: "Model") -> None:
        super().__init__(model, state)
        self.packed = packed
        self._barred: dict[tuple[int, ...], Tensor] = {}

    @torch.no_grad()
    def write(
        self, rows: Rows, rules: Rules, banned: Sequence[int], steps: int, *, scores: bool = False
    ) -> None:
        """Write up to `steps` tokens in each open row; eos (if `stop`), its length or a broken token end it.

        scores: add up log p of the tokens, from the logits as they are.
        """
        if rules.top_k or rules.top_p < 1 or rules.penalty != 1 or rules.ngram:
            self.backend = reference.Decoder.backend
            super().write(rows, rules, banned, steps, scores=scores)
            return
        from seqkit.kernels.decode import gpu

        self.backend, place = Decoder.backend, self.state[0].device
        heat = np.array([rules.temperature or 1.0]).view(np.int64)
        fields = [
            rows.tokens,
            rows.seeds.view(np.int64),
            rows.index,
            rows.done,
            rows.log_probs.view(np.int64),
        ]
        given = upload(np.concatenate([*fields, heat], dtype=np.int64), place)
        states, length = self._states(), rows.out.shape[1]
        found = gpu.write(
            self.packed, states, given, self._never(banned), rules, steps, length, scores=scores
        )
        after = states[..., : self.packed.size].permute(2, 0, 1, 3).contiguous()
        self.state = after.flatten(0, 1).unbind()
        reference.take_back(rows, found)

    def _states(self) -> Tensor:
        """The states of all layers, (S, B, L, H) with H padded by zeros to what the weights have."""
        L, H = self.packed.layers, self.packed.size
        states = torch.stack(self.state).view(L, -1, *self.state[0].shape).permute(1, 2, 0, 3)
        made = states.new_zeros(*states.shape[:3], len(self.packed.head))
        made[..., :H] = states
        return made

    def _never(self, banned: Sequence[int]) -> Tensor:
        """(V,) uint8: 1 for what may never come."""
        key = tuple(banned)
        if key not in self._barred:
            never = np.zeros(len(self.packed.bias), np.uint8)
            never[list(key)] = 1
            self._barred[key] = upload(never, self.state[0].device)
        return self._barred[key]
