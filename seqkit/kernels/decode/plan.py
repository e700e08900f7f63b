"""A recurrent model as the compiled loop reads it: weights in panels, and a table of stages.

Numbers of a step lie in blocks of 16 units for all rows, (N, B, 16), so that every vector of a row is one
aligned load. A stage makes one part of a step: start + W · source + U · source, panel by panel, then a
pointwise rule. A panel holds what makes `units` blocks of each gate: vectors of 16 columns, for each input
number those of all its gates side by side.

Not handled: cells that need a whole row's statistics (layer-norm-lstm), other heads than one matrix.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from seqkit.core.types import Array, Floats
from seqkit.kernels.primitives.simd.rows import LANES, aligned

TABLE = 2**24  # numbers the table of a layer's input products may have; beyond it they are made at each step
SPARE = 3  # blocks behind each array that panels of several blocks may reach
LINEAR, TANH, RELU, LSTM, GRU, RESET, UPDATE, MIN_GRU = range(8)  # pointwise rules
STAGE = np.dtype(
    [
        (name, np.int64)
        for name in (
            "op",
            "units",
            "panels",
            "vectors",  # vectors: sums of a panel, 16 columns each
            "start",
            "table",
            "table_width",
            "table_row",  # where sums start; the first ones may come from a table, by token
            "first_source",
            "first_blocks",
            "first_width",
            "first_weights",  # W x adds to the first vectors
            "second_source",
            "second_blocks",
            "second_width",
            "second_weights",  # U h adds to the last ones
            "old",
            "memory",
            "fresh",
            "keep",  # h, the second state, the new h, whether that is copied to `old` after the stage
            "extra",
            "input",
            "out",  # peepholes; out = fresh + input, where input is not -1
        )
    ]
)


@dataclass(frozen=True)
class Layer:
    """A cell of seqkit.nn: kind, W (G·H, D), b, U (G·H, H), and b_u of a GRU or the peepholes."""

    kind: str
    weight_input: Array
    bias: Array
    weight_hidden: Array
    extra: Array | None = None


class Plan:
    """What the loop runs: `stages` over `blocks` blocks, `weights` in a row, and where states and logits are.

    embedding: rows that are copied to block 0 and the next ones before a step, if a stage reads them; else
    none.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.states: list[tuple[int, int]] = []  # first block and size of each state, in the order of a Stack
        self.blocks, self.logits, self.work = 0, 0, 0  # work: multiply-adds of a row's step
        self.depth = 0  # stages that change states; the others make logits
        self.embedding = aligned(0, LANES)
        self.weights = aligned(1, 0)[0]
        self.stages: Array = np.zeros(0, STAGE)
        self._parts: list[Floats] = []
        self._size = 0

    def room(self, size: int) -> int:
        """The first of the blocks that hold `size` numbers of every row."""
        self.blocks += blocks_of(size) + SPARE
        return self.blocks - blocks_of(size) - SPARE

    def store(self, array: Array) -> int:
        """The place in `weights` that the array will have; its size is whole vectors."""
        self._parts.append(array.reshape(-1))
        self._size += array.size
        return self._size - array.size

    def close(self, stages: Sequence[Array]) -> None:
        """Put all weights into one array."""
        self.weights = aligned(1, self._size)[0]
        np.concatenate(self._parts, out=self.weights)
        self._parts = []
        self.stages = np.array(stages, STAGE)


def blocks_of(size: int) -> int:
    """Blocks of 16 that hold `size` numbers."""
    return -(-size // LANES)


def handles(kind: str) -> bool:
    """Whether the compiled loop can run the cell of this name; the reference runs all."""
    return kind in _LAYERS


def make(
    embedding: Array,
    layers: Sequence[Layer],
    head: tuple[Array, Array],
    projection: tuple[Array, Array] | None = None,
    *,
    residual: bool = False,
    table: int = TABLE,
) -> Plan:
    """The plan of embedding -> layers -> projection, if any -> head; head and projection are (weight, bias).

    residual: a layer's input is added to its output where their sizes agree.
    """
    plan = Plan(len(head[0]))
    dim = embedding.shape[1]
    tabled = len(embedding) * len(layers[0].bias) <= table
    source = -1
    if not tabled or (residual and dim == layers[0].weight_hidden.shape[1]):
        source = plan.room(dim)
        plan.embedding = aligned(len(embedding), blocks_of(dim) * LANES)
        plan.embedding[:, :dim] = embedding
    rows = embedding if tabled else None
    stages: list[Array] = []
    for layer in layers:
        hidden = layer.weight_hidden.shape[1]
        made = _LAYERS[layer.kind](plan, layer, source, rows)
        if residual and dim == hidden:
            made[-1]["input"], made[-1]["out"] = source, plan.room(hidden)
        source, dim, rows = int(made[-1]["out"]), hidden, None
        stages += made
    plan.depth = len(stages)
    for weight, bias in [pair for pair in (projection, head) if pair is not None]:
        last = _stage(plan, LINEAR, [bias], (weight, source))
        last["fresh"] = last["out"] = source = plan.room(len(weight))
        stages.append(last)
    plan.logits = source
    plan.close(stages)
    return plan


def _panels(matrix: Array, size: int, units: int) -> Floats:
    """A (G·H, K) weight as (panels, K, G, units · 16), K and H filled up with zeros."""
    gates, blocks = len(matrix) // size, blocks_of(matrix.shape[1])
    panels = -(-blocks_of(size) // units)
    whole = np.zeros((gates, panels * units * LANES, blocks * LANES), np.float32)
    whole[:, :size, : matrix.shape[1]] = matrix.reshape(gates, size, -1)
    return np.ascontiguousarray(whole.reshape(gates, panels, units * LANES, -1).transpose(1, 3, 0, 2))


def _rows(numbers: Array, units: int) -> Floats:
    """(N, G, H) numbers as (N, panels, G, units · 16)."""
    n, gates, size = numbers.shape
    panels = -(-blocks_of(size) // units)
    whole = np.zeros((n, gates, panels * units * LANES), np.float32)
    whole[:, :, :size] = numbers
    return np.ascontiguousarray(whole.reshape(n, gates, panels, -1).transpose(0, 2, 1, 3))


def _table(embedding: Array, weight: Array, starts: Array, units: int) -> Floats:
    """E Wᵀ + b of all tokens, rounded once."""
    gates, size = starts.shape
    w = weight.T.astype(np.float64)
    parts = [embedding[i : i + 512].astype(np.float64) @ w for i in range(0, len(embedding), 512)]
    return np.concatenate([_rows(part.reshape(-1, gates, size) + starts, units) for part in parts])


def _stage(
    plan: Plan,
    op: int,
    starts: Sequence[Array],
    first: tuple[Array, int],
    second: tuple[Array, int] | None = None,
    rows: Array | None = None,
    extra: Array | None = None,
) -> Array:
    """A stage without states. first, second: (weight, block it reads); rows: the embedding, for a table."""
    size, gates = len(starts[0]), len(starts)
    blocks = blocks_of(size)
    units = (
        1 if gates > 2 else 2 if gates == 2 else min((4, 3), key=lambda u: -(-blocks // u) * u)
    )  # 3 or 4 vectors
    made = np.zeros((), STAGE)
    made["op"], made["units"], made["panels"], made["vectors"] = op, units, -(-blocks // units), gates * units
    made["start"] = plan.store(_rows(np.stack(starts)[None], units))
    made["extra"] = made["input"] = -1
    if extra is not None:
        made["extra"] = plan.store(_rows(extra[None], units))
    weight, source = first
    if rows is not None:
        table = _table(rows, weight, np.stack(starts[: len(weight) // size]), units)
        made["table"], made["table_row"] = plan.store(table), table[0].size
        made["table_width"] = len(weight) // size * units
    for name, part in (("first", None if rows is not None else first), ("second", second)):
        if part is not None:
            weight, source = part
            made[f"{name}_source"], made[f"{name}_blocks"] = source, blocks_of(weight.shape[1])
            made[f"{name}_width"] = len(weight) // size * units
            made[f"{name}_weights"] = plan.store(_panels(weight, size, units))
            plan.work += weight.size
    return made


def _simple(op: int) -> Callable[..., list[Array]]:
    """One stage whose new h is kept apart until all have read the old one."""

    def layer(plan: Plan, layer: Layer, source: int, rows: Array | None) -> list[Array]:
        size = layer.weight_hidden.shape[1]
        h, fresh = plan.room(size), plan.room(size)
        plan.states.append((h, size))
        starts, weight, extra = list(layer.bias.reshape(-1, size)), layer.weight_input, layer.extra
        if op == GRU:  # vectors n, r, z and U h of n
            r, z, n = starts
            starts, weight, extra = [n, r, z, cast(Array, layer.extra)], np.roll(weight, size, axis=0), None
        made = _stage(plan, op, starts, (weight, source), (layer.weight_hidden, h), rows, extra)
        made["old"], made["fresh"], made["out"], made["keep"] = h, fresh, fresh, 1
        if op == LSTM:
            made["memory"] = plan.room(size)
            plan.states.append((int(made["memory"]), size))
        return [made]

    return layer


def _min_gru(plan: Plan, layer: Layer, source: int, rows: Array | None) -> list[Array]:
    size = layer.weight_hidden.shape[1]
    h = plan.room(size)
    plan.states.append((h, size))
    made = _stage(plan, MIN_GRU, list(layer.bias.reshape(-1, size)), (layer.weight_input, source), None, rows)
    made["old"] = made["fresh"] = made["out"] = h
    return [made]


def _gru_before(plan: Plan, layer: Layer, source: int, rows: Array | None) -> list[Array]:
    """Stage r, z leaves q = r ∘ h and z; stage n reads q and changes h in place."""
    size = layer.weight_hidden.shape[1]
    h, q, z = (plan.room(size) for _ in range(3))
    plan.states.append((h, size))
    b, W, U = layer.bias.reshape(-1, size), layer.weight_input, layer.weight_hidden
    reset = _stage(plan, RESET, list(b[:2]), (W[: 2 * size], source), (U[: 2 * size], h), rows)
    update = _stage(plan, UPDATE, [b[2]], (W[2 * size :], source), (U[2 * size :], q), rows)
    reset["old"], reset["memory"], reset["fresh"], reset["out"] = h, z, q, q
    update["old"], update["memory"], update["fresh"], update["out"] = h, z, h, h
    return [reset, update]


_LAYERS: dict[str, Callable[..., list[Array]]] = {
    "rnn": _simple(TANH),
    "relu-rnn": _simple(RELU),
    "gru": _simple(GRU),
    "lstm": _simple(LSTM),
    "peephole-lstm": _simple(LSTM),
    "gru-before": _gru_before,
    "min-gru": _min_gru,
}
