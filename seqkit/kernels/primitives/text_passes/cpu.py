"""A pass over a text by threads: the same for every kernel that trains on windows of a few rows.

Fast: threads take pieces of text and change the shared rows without locks (Hogwild, Niu et al. 2011); of the
last `own` output rows each of several threads has copies, exchanged after each piece. One thread is exactly
the reference. Deterministic: LANES lanes of STEP tokens each work on private copies of the rows they touch,
and their changes are merged in the order of the lanes (private_copies). Who computes a lane does not matter,
so the bytes are the same for any number of threads.
"""

from typing import Any, NamedTuple

import numpy as np

from seqkit.core.types import Array, Ids
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
from seqkit.kernels.primitives.windows.settings import Windows

STEP = 128  # tokens a lane between two merges
PIECE = 256  # tokens a thread takes at once


class Text(NamedTuple):
    """Ids of tokens and the first place of each sentence."""

    ids: Any
    starts: Any


class Room(NamedTuple):
    """What a pass needs: targets (or sources) of a window at most, floats of work, rows a lane touches.

    own: the last output rows of which each of several threads has copies, where it is not deterministic.
    """

    most: int
    work: int
    inputs: int
    outputs: int
    own: int = 0


def stretch(
    text: Any,
    low: Any,
    high: Any,
    windows: Any,
    targets: Any,
    inputs: Any,
    outputs: Any,
    lr: Any,
    work: Any,
    most: Any,
) -> Any:
    """Train on the tokens [low, high) one after the other; return loss and number of predictions.

    The kernels overload this for compiled code, each for its own type of `targets`.
    """
    raise NotImplementedError


@njit(nogil=True, cache=True)
def _pieces(
    text: Any,
    low: Any,
    high: Any,
    windows: Any,
    targets: Any,
    inputs: Any,
    outputs: Any,
    lr: Any,
    work: Any,
    most: Any,
    team: Any,
    threads: Any,
) -> Any:
    loss, count = 0.0, 0
    start = low + PIECE * take(team, 1)
    while start < high:
        end = min(start + PIECE, high)
        more = stretch(text, start, end, windows, targets, inputs, outputs, lr, work, most)
        loss, count = loss + more[0], count + more[1]
        exchange(outputs, threads, lr)
        start = low + PIECE * take(team, 1)
    return loss, count


@njit(nogil=True, cache=True)
def _lanes(
    text: Any,
    low: Any,
    high: Any,
    windows: Any,
    targets: Any,
    inputs: Any,
    outputs: Any,
    lr: Any,
    work: Any,
    most: Any,
    sums: Any,
    crew: Any,
) -> None:
    """One member of a team: rounds of LANES lanes, shared out and merged together."""
    losses, counts, input_marks, output_marks = sums
    team, me, threads = crew
    for start in range(low, high, LANES * STEP):
        for lane in range(me, LANES, threads):  # always the same lanes: they lie in this core's cache
            begin = start + lane * STEP
            end = min(begin + STEP, high)
            mine, theirs = lane_of(inputs, lane), lane_of(outputs, lane)
            forget(mine)
            forget(theirs)
            if begin < high:
                loss, count = stretch(text, begin, end, windows, targets, mine, theirs, lr, work[lane], most)
                losses[lane] += loss
                counts[lane] += count
        meet(team, threads)
        old = work[me].ctypes.data
        merge(inputs, input_marks, me, threads, old, lr)
        merge(outputs, output_marks, me, threads, old, lr)
        meet(team, threads)


def run(
    ids: Ids,
    starts: Array,
    low: int,
    high: int,
    windows: Windows,
    targets: Any,
    input: Array,
    output: Array,
    lr: float,
    room: Room,
    *,
    threads: int,
    deterministic: bool,
) -> tuple[float, int]:
    """Train on the tokens at places [low, high), changing `input` and `output`, made by simd.rows.aligned.

    Returns:  total loss in nats, number of predictions.
    Raises:  ShapeError for matrices that are not aligned.
    """
    check_rows("input", input)
    check_rows("output", output)
    what, state, rate = (Text(ids, starts), low, high, windows, targets), team(), np.float32(lr)
    if deterministic:
        threads = min(threads, LANES)
        rows = copies(input, room.inputs), copies(output, room.outputs)
        work = aligned(LANES, room.work)
        marks = np.zeros(len(input), np.uint8), np.zeros(len(output), np.uint8)
        sums = np.zeros(LANES), np.zeros(LANES, np.int64), *marks
        together(
            state,
            threads,
            lambda me: _lanes(*what, *rows, rate, work, room.most, sums, (state, me, threads)),
        )
        return float(sums[0].sum()), int(sums[1].sum())
    own_rows = [
        (last_copied(input, 0), last_copied(output, room.own), rate, aligned(1, room.work)[0])
        for _ in range(threads)
    ]
    done = together(state, threads, lambda me: _pieces(*what, *own_rows[me], room.most, state, threads))
    return sum(loss for loss, _ in done), sum(count for _, count in done)
