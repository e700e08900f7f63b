"""Loops of a GPU that are kept with their buffers, so that all steps of time are started at once.

A loop of some shape is kept from its `OFTEN`th run on: windows of a language model have one length, sentences
many. Numbers are copied into it, and its results out of it. Nothing else changes: the same kernels run.

Not handled: shapes so large that starting their kernels costs little.
"""

import itertools
from collections import Counter, OrderedDict
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqkit.kernels.primitives.recording.gpu import Recording
from seqkit.kernels.rnn_scan.reference import State

OFTEN, SHAPES, LARGEST = 3, 8, 1 << 24  # runs of a shape, shapes that are kept, numbers in gx
OLD = 256  # runs of others since the last one of a shape that then makes room for a new one
Key = tuple[Any, ...]
_seen: Counter[Key] = Counter()
_used: dict[Key, int] = {}  # the number of the run that used a kept shape last
_runs = itertools.count()
_free: OrderedDict[Key, list["Kept"]] = OrderedDict()  # those that no run has now; the last used shape last


class Given(NamedTuple):
    """What a run of a loop is given."""

    gx: Tensor
    weight: Tensor
    state: State
    parameters: State


class Kept:
    """A loop whose tensors stay where they are, and both its directions, recorded."""

    def __init__(self, make: Any, given: Given, lengths: Tensor | None) -> None:
        parameters = tuple(p.clone() for p in given.parameters)
        self.loop = loop = make(given.gx.clone(), given.weight.clone(), given.state, parameters)
        self.lengths = loop.lengths = None if lengths is None else lengths.clone()
        self.dy, self.d = loop.buffer(loop.T, loop.H), [torch.empty_like(s[0]) for s in loop.states]
        self.forward = Recording(partial(loop.forward, None), given.gx.device)
        self.backward = Recording(partial(loop.backward, self.dy, self.d, None), given.gx.device)

    def fill(self, given: Given, lengths: Tensor | None) -> None:
        """Bring the numbers of a run to where the loop reads them."""
        loop = self.loop
        firsts = [whole[0] for whole in loop.states]
        places = [loop.gx, loop.weight, *loop.parameters, *firsts]
        new = [given.gx, given.weight, *given.parameters, *given.state]
        if loop.low:
            places, new = [*places, loop.inputs[0]], [*new, given.state[0]]
        torch._foreach_copy_(places, new)
        if lengths is not None and self.lengths is not None:
            self.lengths.copy_(lengths)

    def run_backward(self, dy: Tensor, dstates: State) -> tuple[Tensor, list[Tensor]]:
        """The gradients of gx and of the first state, copied out of the loop."""
        torch._foreach_copy_([self.dy, *self.d], [dy, *dstates])
        self.backward()
        return self.loop.dgx.clone(), [g.clone() for g in self.d]


class Lease:
    """A kept loop, for one run: it is free again when this is forgotten."""

    def __init__(self, key: Key, kept: Kept) -> None:
        self.key, self.kept = key, kept

    def __del__(self) -> None:
        if self.key in _free:
            _free[self.key].append(self.kept)


def forget() -> None:
    """Let go of all loops that no run has, and of which shapes were seen."""
    for known in (_seen, _free, _used):
        known.clear()


def _room(now: int) -> bool:
    """Whether one more shape can be kept: one that was not used for long makes room. Many lengths share 8."""
    if len(_free) < SHAPES:
        return True
    oldest = next(iter(_free))
    if now - _used[oldest] < OLD:
        return False
    del _free[oldest], _seen[oldest], _used[oldest]
    return True


def take(
    family: str,
    make: Any,  # Any: the family's class, fused.Loop
    given: Given,
    lengths: Tensor | None,
    first_wanted: bool,
) -> Lease | None:
    """A kept loop with the numbers of this run; None where none is kept: the run makes its own."""
    gx, weight, _, parameters = given
    if not (
        Recording.possible
        and gx.is_cuda
        and gx.numel() <= LARGEST
        and make.has_kernels_for(gx, weight.shape[1])
    ):
        return None
    kinds = gx.device, gx.dtype, gx.shape, weight.shape, len(parameters), lengths is None, first_wanted
    key = family, *kinds, torch.backends.cuda.matmul.fp32_precision
    now = next(_runs)
    if key not in _free:
        _seen[key] += 1
        if _seen[key] < OFTEN or not _room(now):
            return None
        _free[key] = []
    _free.move_to_end(key)
    _used[key] = now
    kept = _free[key].pop() if _free[key] else Kept(make, given, lengths)
    kept.loop.first_wanted = first_wanted
    kept.fill(given, lengths)
    return Lease(key, kept)
