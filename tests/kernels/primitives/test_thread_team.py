"""team: every piece of work taken once, nobody past the barrier before all are there, more threads than cores."""

import threading

import numpy as np
import pytest
from numba import njit

from seqkit.kernels.primitives.thread_team.cpu import meet, take, team, together


@njit(nogil=True)
def _rounds(pieces, rounds, state, me, threads, taken, seen):
    """Each round: mark every piece taken, meet, count what all have marked, meet."""
    for turn in range(rounds):
        piece = take(state, 1)
        while piece < pieces:
            taken[turn, piece] += 1
            piece = take(state, 1)
        meet(state, threads)
        seen[me, turn] = taken[turn].sum()
        meet(state, threads)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_piece_is_taken_once_and_all_is_seen_after_the_barrier(threads):
    pieces, rounds = 37, 200
    taken, seen = np.zeros((rounds, pieces), np.int64), np.zeros((threads, rounds), np.int64)
    state = team()
    together(state, threads, lambda me: _rounds(pieces, rounds, state, me, threads, taken, seen))
    assert (taken == 1).all()
    assert (seen == pieces).all()


def test_results_come_in_the_order_of_the_members_and_errors_come_through():
    assert together(team(), 4, lambda me: 10 * me) == [0, 10, 20, 30]

    def fail(me):
        if me == 2:
            raise ValueError("member 2")

    with pytest.raises(ValueError, match="member 2"):
        together(team(), 3, fail)


def test_nobody_waits_at_the_barrier_for_a_member_that_failed():
    state = team()
    taken, seen = np.zeros((5, 3), np.int64), np.zeros((3, 5), np.int64)

    def work(me):
        if me == 0:
            raise KeyboardInterrupt
        _rounds(3, 5, state, me, 3, taken, seen)

    with pytest.raises(KeyboardInterrupt):
        together(state, 3, work)


def test_nobody_starts_when_a_thread_cannot(monkeypatch):
    called, start = [], threading.Thread.start

    def one_only(self):
        if called == ["started"]:
            raise RuntimeError("can't start new thread")
        called.append("started")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", one_only)
    with pytest.raises(RuntimeError, match="can't start"):
        together(team(), 4, called.append)
    assert called == ["started"]
