"""Decoder of the compiled loop: the memory of rows, threads, and one call into cpu.py for many steps."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from seqkit.core import device
from seqkit.core.errors import ShapeError
from seqkit.core.types import Array
from seqkit.kernels.decode import cpu
from seqkit.kernels.decode.choice import BUCKETS, Room
from seqkit.kernels.decode.plan import Plan, blocks_of
from seqkit.kernels.decode.rules import Rows, Rules
from seqkit.kernels.primitives.simd.rows import LANES, aligned
from seqkit.kernels.primitives.thread_team.cpu import team, together

RULES, UNSEEN = Rules(), np.zeros((1, 1), np.bool_)
CHUNK = 2 * 10**10  # multiply-adds of a call
WORTH = 2_000_000  # multiply-adds of a step from which more threads pay: about 40 µs of work


class Decoder:
    """reference.Decoder in compiled code; a row's numbers are the same bits alone and among any others."""

    backend, gpu = "compiled", None

    def __init__(
        self, plan: Plan, state: Sequence[Annotated[Array, "B H"]], *, threads: int | None = None
    ) -> None:
        """state: as a Stack orders it. threads: by default one, or all cores if the work is large."""
        self.plan, self.asked = plan, threads
        self._rooms: list[Room] = []
        self._allocate(len(state[0]))
        for (first, size), s in zip(plan.states, state, strict=True):
            whole = np.zeros((self.rows, blocks_of(size) * LANES), np.float32)
            whole[:, :size] = s
            blocks = whole.reshape(self.rows, -1, LANES).transpose(1, 0, 2)
            self._blocks()[first : first + len(blocks)] = blocks

    @property
    def threads(self) -> int:
        """Threads that the next step takes."""
        if self.asked is not None:
            return self.asked
        return device.threads() if self.rows * self.plan.work >= WORTH else 1

    @property
    def chunk(self) -> int:
        """Steps of one call: some tenths of a second of work, since new threads are slow at first."""
        return int(max(64, CHUNK // max(1, self.plan.work * self.rows)))

    @property
    def state(self) -> list[Annotated[Array, "B H"]]:
        """The states as they stand, in the order of a Stack."""
        return [self._matrix(first, size) for first, size in self.plan.states]

    def read(self, ids: Annotated[Array, "B T"], lengths: Annotated[Array, "B"]) -> None:
        """Read lengths[b] tokens of each row."""
        order = np.argsort(-lengths, kind="stable")  # rows that still read stand first
        self.select(order)
        live = (lengths[:, None] > np.arange(lengths.max(initial=0))).sum(0)
        kept = np.where(np.arange(ids.shape[1]) < lengths[:, None], ids, 0)  # what stands beyond is not read
        self._run(
            self.plan.stages[: self.plan.depth],
            np.ascontiguousarray(kept[order, : len(live)].T, np.int64),
            live,
        )
        self.select(np.argsort(order))

    def logits(self, tokens: Annotated[Array, "B"]) -> Annotated[Array, "B V"]:
        """Read one token a row and say how likely each next one is."""
        self._run(self.plan.stages, np.array(tokens, np.int64)[None], np.array([self.rows]))
        return self._matrix(self.plan.logits, self.plan.classes)

    def select(self, rows: Annotated[Array, "N"]) -> None:
        """Continue with these rows; one may be taken many times."""
        before = self._blocks()
        self._allocate(len(rows))
        after = self._blocks()
        for first, size in self.plan.states:
            places = slice(first, first + blocks_of(size))
            after[places] = before[places][:, rows]

    def write(
        self, rows: Rows, rules: Rules, banned: Sequence[int], steps: int, *, scores: bool = False
    ) -> None:
        """Write up to `steps` tokens in each open row; eos (if `stop`), its length or a broken token end it.

        scores: add up log p of the tokens, from the logits as they are.
        """
        seen = np.zeros((self.rows if rules.penalty != 1 else 1, self.plan.classes), np.bool_)
        if rules.penalty != 1:
            for r, n in enumerate(rows.index):
                seen[r, rows.out[r, :n]] = True
        nothing = np.zeros((0, self.rows), np.int64)
        self._run(self.plan.stages, nothing, np.full(steps, self.rows), rows, rules, banned, seen, scores)

    def _run(
        self,
        stages: Array,
        ids: Array,
        live: Array,
        rows: Rows | None = None,
        rules: Rules = RULES,
        banned: Sequence[int] = (),
        seen: Array = UNSEEN,
        scores: bool = False,
    ) -> None:
        """Steps in which the first live[t] rows read ids[t], or after these write."""
        plan, threads, meeting = self.plan, self.threads, team()
        while len(self._rooms) < threads:
            self._rooms.append(_room(plan.classes))
        rows = rows or Rows.start(np.zeros(0), np.zeros(0, np.uint64), 0)
        fields = (rows.tokens, rows.seeds, rows.out, rows.index, rows.done, rows.log_probs)
        model: Any = (plan.weights, plan.embedding, stages)
        never = np.array(banned, np.int64)
        _check_ids((ids, rows.tokens, never), plan.classes)
        shared = (model, self._work, ids, live, plan.logits, fields, rules, never, seen, scores)

        def call(me: int) -> None:
            cpu.run(*shared, self._rooms[me], (me, threads, meeting))

        together(meeting, threads, call)

    def _allocate(self, rows: int) -> None:
        self.rows, self._work = rows, aligned(self.plan.blocks, rows * LANES)

    def _blocks(self) -> Array:
        return self._work.reshape(self.plan.blocks, self.rows, LANES)

    def _matrix(self, first: int, size: int) -> Array:
        blocks = self._blocks()[first : first + blocks_of(size)]
        return blocks.transpose(1, 0, 2).reshape(self.rows, -1)[:, :size].copy()


def _check_ids(arrays: Sequence[Array], classes: int) -> None:
    """Raise ShapeError for an id that is none of the classes."""
    for ids in arrays:
        if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < classes:
            raise ShapeError(
                f"Decoder: got ids from {ids.min()} to {ids.max()}, expected 0 to {classes - 1}."
            )


def _room(classes: int) -> Room:
    z, w, scale, kept = (np.zeros(classes) for _ in range(4))
    heap, keys = (np.zeros(classes, np.int64) for _ in range(2))
    return Room(
        np.zeros(classes, np.float32),
        z,
        w,
        scale,
        heap,
        keys,
        kept,
        np.zeros(BUCKETS),
        np.zeros(BUCKETS, np.int64),
    )
