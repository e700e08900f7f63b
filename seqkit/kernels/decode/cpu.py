"""The decoding loop, compiled: reference.Decoder in float32 on a CPU.

Every number of a step is made by the same instructions in the same order, k by k, whatever stands in the rows
beside it and however many threads share the panels: so a row is the same to the last bit alone and among
others.
"""

from typing import Any

import numpy as np

from seqkit.core import rng
from seqkit.kernels.decode import choice
from seqkit.kernels.decode.panels.cpu import GROUP, multiply
from seqkit.kernels.decode.pointwise import pointwise
from seqkit.kernels.decode.rules import BROKEN
from seqkit.kernels.primitives.compiler.cpu import njit
from seqkit.kernels.primitives.simd.cpu import move
from seqkit.kernels.primitives.thread_team.cpu import meet

_LANES, _LINE = 16, 64
_GAMMA, _12 = rng.GAMMA, np.uint64(12)
_quick: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_mix = njit(inline="always")(rng.mix)
_pointwise = njit(**_quick)(pointwise)
_exponentials, _sift = njit(**_quick)(choice.exponentials), njit(**_quick)(choice.sift)
_scaled, _ban_repeats = njit(**_quick)(choice.scaled), njit(**_quick)(choice.ban_repeats)


@njit(inline="always")
def _begin(stage: Any, panel: Any, tokens: Any, low: Any, rows: Any, weights: Any, sums: Any) -> None:
    """Where the sums of a panel start: at the biases, or at the token's row of the table."""
    base, out = weights.ctypes.data, sums.ctypes.data
    for v in range(stage.vectors):
        for r in range(rows):
            at = stage.start + (panel * stage.vectors + v) * _LANES
            if v < stage.table_width:
                at = (
                    stage.table + tokens[low + r] * stage.table_row + (panel * stage.table_width + v) * _LANES
                )
            move(base + 4 * at, out + _LINE * (GROUP * v + r), _LANES)


@njit(inline="always")
def _run_stage(
    stage: Any, weights: Any, work: Any, tokens: Any, rows: Any, me: Any, threads: Any, sums: Any
) -> None:
    """This thread's panels of a stage, for the first rows."""
    base, data, out, stride = weights.ctypes.data, work.ctypes.data, sums.ctypes.data, 4 * work.shape[1]
    for panel in range(stage.panels * me // threads, stage.panels * (me + 1) // threads):
        for low in range(0, rows, GROUP):
            n = min(GROUP, rows - low)
            _begin(stage, panel, tokens, low, n, weights, sums)
            if stage.first_blocks:
                size = stage.first_width * stage.first_blocks * _LANES * _LANES
                x = data + stride * stage.first_source
                w = base + 4 * (stage.first_weights + panel * size)
                multiply(n, stage.first_width, x + _LINE * low, stride, w, stage.first_blocks, out)
            if stage.second_blocks:
                size = stage.second_width * stage.second_blocks * _LANES * _LANES
                x = data + stride * stage.second_source
                w = base + 4 * (stage.second_weights + panel * size)
                last = out + _LINE * GROUP * (stage.vectors - stage.second_width)
                multiply(n, stage.second_width, x + _LINE * low, stride, w, stage.second_blocks, last)
            _pointwise(stage.op, panel, stage, weights, sums, work, _LANES * low, _LANES * n)


@njit(inline="always")
def _advance(
    model: Any, work: Any, tokens: Any, rows: Any, me: Any, threads: Any, team: Any, sums: Any
) -> None:
    """One step of the first rows through the stages: they read their tokens."""
    weights, embedding, stages = model
    if len(embedding):
        wide = embedding.shape[1]
        for r in range(rows * me // threads, rows * (me + 1) // threads):
            for k in range(0, wide, _LANES):
                from_ = embedding.ctypes.data + 4 * (tokens[r] * wide + k)
                move(from_, work.ctypes.data + 4 * (k // _LANES * work.shape[1] + r * _LANES), _LANES)
        meet(team, threads)
    for s in range(len(stages)):
        stage = stages[s]
        _run_stage(stage, weights, work, tokens, rows, me, threads, sums)
        meet(team, threads)
        if stage.keep:  # all have read the old h
            first, last = stage.panels * me // threads, stage.panels * (me + 1) // threads
            for block in range(first * stage.units, last * stage.units):
                at = work.ctypes.data + 4 * work.shape[1] * (stage.fresh + block)
                move(at, work.ctypes.data + 4 * work.shape[1] * (stage.old + block), _LANES * rows)


@njit(nogil=True)
def _total(w: Any) -> Any:
    """Σ w, in rising order."""
    total = 0.0
    for v in range(len(w)):
        total += w[v]
    return total


@njit(nogil=True, error_model="numpy")
def _cut(room: Any, most: Any, line: Any) -> None:
    """Set w to 0 for all but the likeliest: at most `most`, while the sum of those above is below `line`.

    Tokens are put into buckets of similar w; only those of the bucket where the cut falls are put in order.
    """
    z, w, heap, keys = room.z, room.w, room.heap, room.keys
    kept, mass, count = room.kept, room.mass, room.count
    bits, last = w.view(np.int64), len(mass) - 1
    for b in range(last + 1):
        mass[b], count[b] = 0.0, 0
    for v in range(len(z)):
        key = min((choice.ONE - bits[v]) >> choice.BUCKET, last)
        keys[v] = key
        mass[key] += w[v]
        count[key] += w[v] > 0
    b, n, size, reached = 0, 0, 0, 0.0
    while b < last and n + count[b] <= most and reached + mass[b] < line:
        n, reached, b = n + count[b], reached + mass[b], b + 1
    for v in range(len(z)):
        if keys[v] == b and w[v] > 0:
            heap[size], kept[v] = v, w[v]
            size += 1
        if keys[v] >= b:
            w[v] = 0.0
    for i in range(size // 2 - 1, -1, -1):
        _sift(z, heap, size, i)
    while size and n < most and reached < line:
        v = heap[0]
        w[v] = kept[v]
        reached += kept[v]
        n, size = n + 1, size - 1
        heap[0] = heap[size]
        _sift(z, heap, size, 0)


@njit(nogil=True, error_model="numpy", cache=True)
def choose(rules: Any, seed: Any, index: Any, banned: Any, seen: Any, history: Any, room: Any) -> Any:
    """The next token for the logits in room.row; history: tokens of the row; seen: whether an id is there."""
    z, w = room.z, room.w
    if not _scaled(room.row, rules, index, banned, seen, z):
        return BROKEN
    if rules.ngram:
        _ban_repeats(z, history, rules.ngram, room.kept)
    best = 0
    for v in range(len(z)):
        if z[v] > z[best]:
            best = v
    if z[best] == -np.inf:
        return BROKEN
    if rules.temperature == 0:
        return best
    _exponentials(z, z[best], w, room.scale)
    if rules.top_k:
        _cut(room, rules.top_k, np.inf)
    total = _total(w)
    if rules.top_p < 1:
        _cut(room, len(z), rules.top_p * total)
        total = _total(w)
    uniform = np.float64(_mix(seed + np.uint64(index) * _GAMMA) >> _12) * 2.0**-52
    reached, v = w[0], 0
    while reached <= uniform * total:
        v += 1
        reached += w[v]
    return v


@njit(nogil=True, error_model="numpy")
def log_prob(room: Any, token: Any) -> Any:
    """log p of a token, of the logits in room.row alone."""
    top = -np.inf
    for v in range(len(room.z)):
        room.z[v] = room.row[v]
        top = max(top, room.z[v])
    _exponentials(room.z, top, room.w, room.scale)
    return room.z[token] - top - np.log(_total(room.w))


@njit(nogil=True, cache=True)
def run(
    model: Any,
    work: Any,
    ids: Any,
    live: Any,
    logits: Any,
    rows: Any,
    rules: Any,
    banned: Any,
    seen: Any,
    scores: Any,
    room: Any,
    crew: Any,
) -> None:
    """Steps t = 0, 1, … of the first live[t] rows: they read ids[t], then their own tokens, and write.

    model: weights, embedding, stages. rows: the fields of Rows. crew: number of the thread, threads,
    team. Threads share out panels, then rows.
    """
    tokens, seeds, out, index, done, log_probs = rows
    me, threads, team = crew
    flat = np.empty(4 * GROUP * _LANES + _LANES, np.float32)
    start = (-flat.ctypes.data % _LINE) // 4
    sums = flat[start : start + 4 * GROUP * _LANES].reshape(4, GROUP * _LANES)
    for t in range(len(live)):
        writes = t >= len(ids)
        if writes and done.all():
            break
        _advance(model, work, tokens if writes else ids[t], live[t], me, threads, team, sums)
        for r in range(live[t] * me // threads, live[t] * (me + 1) // threads):
            if done[r] or not writes:
                continue
            for v in range(len(room.row)):
                room.row[v] = work[logits + v // _LANES, r * _LANES + v % _LANES]
            i = index[r]
            mine = seen[r] if rules.penalty != 1 else seen[0]
            token = choose(rules, seeds[r], i, banned, mine, out[r, :i], room)
            out[r, i] = token
            index[r] = i + 1
            done[r] = token == BROKEN or (rules.stop and token == rules.eos) or i + 1 == out.shape[1]
            if token != BROKEN:
                tokens[r] = token
                mine[token] = True
                if scores:
                    log_probs[r] += log_prob(room, token)
        meet(team, threads)
