"""Threads that share work inside compiled code by a counter and a barrier; Python starts and joins them.

A team's state is one int64 array made by `team`. The barrier spins a little and then gives its core away, so
that a busy machine is slower but never stuck.
"""

import ctypes
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from llvmlite import ir
from numba.core.types import intp

from seqkit.core.types import Array
from seqkit.kernels.primitives.compiler.cpu import emitted, njit

R = TypeVar("R")
SPINS = 2000  # looks at the barrier, about 1 µs, before a thread gives its core away
_ARRIVED, _TURN, _COUNTER, _GIVE_WAY, _GONE = (
    0,
    8,
    16,
    24,
    25,
)  # places in a team, each on a cache line of its own
_I = ir.IntType(64)


def team() -> Array:
    """The state of a new team."""
    state = np.zeros(32, np.int64)
    windows = sys.platform == "win32"
    give_way = ctypes.CDLL("kernel32").SwitchToThread if windows else ctypes.CDLL(None).sched_yield
    state[_GIVE_WAY] = ctypes.cast(give_way, ctypes.c_void_p).value or 0
    return state


@emitted(intp, intp, result=intp)
def _add(b: Any, address: Any, n: Any) -> Any:
    """Add n to the int64 at `address` as one step; return what it was."""
    return b.atomic_rmw("add", b.inttoptr(address, _I.as_pointer()), n, "acq_rel")


@emitted(intp, result=intp)
def _look(b: Any, address: Any) -> Any:
    """The int64 at `address`, as other threads have left it."""
    return b.load_atomic(b.inttoptr(address, _I.as_pointer()), "acquire", 8)


@emitted(intp)
def _call(b: Any, address: Any) -> None:
    """Call the C function of no arguments at `address`."""
    kind = ir.FunctionType(ir.IntType(32), [])
    b.call(b.inttoptr(address, kind.as_pointer()), [])


@njit(inline="always")
def take(team: Any, n: Any) -> Any:
    """Take the next n pieces of work: the number of the first."""
    return _add(team.ctypes.data + 8 * _COUNTER, n)


@njit
def meet(team: Any, threads: Any) -> None:
    """Wait until all `threads` are here, or one has failed; the counter then stands at 0 again."""
    here = team.ctypes.data
    turn = _look(here + 8 * _TURN)
    if _add(here + 8 * _ARRIVED, 1) == threads - 1:
        team[_ARRIVED] = 0
        team[_COUNTER] = 0
        _add(here + 8 * _TURN, 1)
        return
    looks = 0
    while _look(here + 8 * _TURN) == turn and _look(here + 8 * _GONE) == 0:
        looks += 1
        if looks > SPINS:
            _call(team[_GIVE_WAY])


def together(state: Array, threads: int, call: Callable[[int], R]) -> list[R]:
    """call(0) … call(threads - 1), each on its own thread, the first on this one; none starts unless all can.

    When one fails (or is interrupted), no other waits for it in `meet`, and its error is raised here.
    """
    if threads == 1:
        return [call(0)]
    gate, all_here = threading.Event(), False

    def guarded(member: int) -> R:
        try:
            return call(member)
        except BaseException:
            state[_GONE] = 1
            raise

    def wait_and_call(member: int) -> R | None:
        gate.wait()
        return guarded(member) if all_here else None

    with ThreadPoolExecutor(threads - 1) as pool:
        try:
            others = [pool.submit(wait_and_call, member) for member in range(1, threads)]
            all_here = True
        finally:
            gate.set()
        first = guarded(0)
        return [first, *(other.result() for other in others)]  # type: ignore[list-item]  # all were called
