"""A pass over a text by threads: the same for every kernel that trains on windows of a few rows.

Fast: threads take pieces of text and change the shared rows without locks (Hogwild, Niu et al. 2011); of the
last `own` output rows each of several threads has copies, exchanged after each piece. One thread is exactly
the reference. Deterministic: LANES lanes of STEP tokens each work on private copies of the rows they touch,
and their changes are merged in the order of the lanes (private_copies). Who computes a lane does not matter,
so the bytes are the same for any number of threads.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types

from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.private_copies.cpu import (
    LANES,
    copies,
    exchange,
    forget,
    lane_of,
    last_copied,
    merge,
)
from seqkit.kernels.primitives.simd.rows import aligned, check_rows
from seqkit.kernels.primitives.thread_team.cpu import meet, take, team, together
from seqkit.kernels.primitives.windows.settings import Matrices, Stretch, Windows

STEP = 128  # tokens a lane between two merges
PIECE = 256  # tokens a thread takes at once


class Task(NamedTuple):
    """What a pass does, the same for all of its text; most: targets (or sources) a window has at most."""

    text: Stretch
    windows: Windows
    targets: Any
    lr: np.float32
    most: int


class Own(NamedTuple):
    """What one who trains changes: rows (private_copies.Rows), and floats to work in."""

    inputs: Any
    outputs: Any
    work: Any


class Room(NamedTuple):
    """What a pass needs: floats of work, and the rows a lane touches at most.

    own: the last output rows of which each of several threads has copies, where it is not deterministic.
    """

    work: int
    inputs: int
    outputs: int
    own: int = 0


def predicts_by(task: Any, kind: type) -> bool:
    """Whether the targets of a task, given by its numba type, are of this kind."""
    targets = task[Task._fields.index("targets")]
    return isinstance(targets, types.NamedTuple) and targets.instance_class is kind


def stretch(task: Any, low: Any, high: Any, own: Any) -> Any:
    """Train on the tokens [low, high) one after the other; return loss and number of predictions.

    The kernels overload this for compiled code, each for its own type of targets.
    """
    raise NotImplementedError


@njit(nogil=True, cache=True)
def _pieces(task: Any, own: Any, crew: Any) -> Any:
    """One thread: piece after piece, as it comes to them."""
    low, high, (team, threads) = task.text.low, task.text.high, crew
    loss, count = 0.0, 0
    start = low + PIECE * take(team, 1)
    while start < high:
        more = stretch(task, start, min(start + PIECE, high), own)
        loss, count = loss + more[0], count + more[1]
        exchange(own.outputs, threads, task.lr)
        start = low + PIECE * take(team, 1)
    return loss, count


@njit(nogil=True, cache=True)
def _lanes(task: Any, rows: Any, work: Any, sums: Any, crew: Any) -> None:
    """One member of a team: rounds of LANES lanes, shared out and merged together."""
    (inputs, outputs), (losses, counts, input_marks, output_marks), (team, me, threads) = rows, sums, crew
    low, high, lr = task.text.low, task.text.high, task.lr
    for start in range(low, high, LANES * STEP):
        for lane in range(me, LANES, threads):  # always the same lanes: they lie in this core's cache
            begin = start + lane * STEP
            own = Own(lane_of(inputs, lane), lane_of(outputs, lane), work[lane])
            forget(own.inputs)
            forget(own.outputs)
            if begin < high:
                loss, count = stretch(task, begin, min(begin + STEP, high), own)
                losses[lane] += loss
                counts[lane] += count
        meet(team, threads)
        old = work[me].ctypes.data
        merge(inputs, input_marks, me, threads, old, lr)
        merge(outputs, output_marks, me, threads, old, lr)
        meet(team, threads)


def run(
    task: Task, matrices: Matrices, room: Room, *, threads: int, deterministic: bool
) -> tuple[float, int]:
    """Train on all of the text, changing the matrices, made by simd.rows.aligned.

    Returns:  total loss in nats, number of predictions.
    Raises:  ShapeError for matrices that are not aligned.
    """
    input, output = matrices
    check_rows("input", input)
    check_rows("output", output)
    state = team()
    if deterministic:
        threads = min(threads, LANES)
        rows = copies(input, room.inputs), copies(output, room.outputs)
        work = aligned(LANES, room.work)
        marks = np.zeros(len(input), np.uint8), np.zeros(len(output), np.uint8)
        sums = np.zeros(LANES), np.zeros(LANES, np.int64), *marks
        together(state, threads, lambda me: _lanes(task, rows, work, sums, (state, me, threads)))
        return float(sums[0].sum()), int(sums[1].sum())
    own = [
        Own(last_copied(input, 0), last_copied(output, room.own), aligned(1, room.work)[0])
        for _ in range(threads)
    ]
    done = together(state, threads, lambda me: _pieces(task, own[me], (state, threads)))
    return sum(loss for loss, _ in done), sum(count for _, count in done)
