"""cooccurrence: the compiled kernel is the reference, in any cut of the text, on any threads."""

import itertools

import numpy as np
import pytest
import torch
from covering import covering

from seqkit.core.errors import FormatError
from seqkit.kernels.cooccurrence import cpu, gpu, reference
from seqkit.kernels.primitives.windows.settings import Stretch


def weights_of(window):
    unit = reference.unit(window)
    return np.array([0, *(round(unit / d) for d in range(1, window + 1))], np.int64)


def text(random, tokens, vocab, cuts=6):
    ids = random.integers(0, vocab, tokens).astype(np.int32)
    inner = np.sort(random.integers(0, tokens + 1, cuts))  # empty sentences too
    kept = random.random(vocab) < 0.7
    kept[0] = True
    rows = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    return ids, np.concatenate([[0], inner, [tokens]]).astype(np.int64), rows, int(kept.sum())


def matrix(rows):
    lengths, columns, units = (np.concatenate(part) for part in zip(*rows, strict=True))
    return np.append(0, np.cumsum(lengths)), columns, units


def as_counts(ends, columns, units):
    row_of = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    return {(int(i), int(j)): int(x) for i, j, x in zip(row_of, columns, units, strict=True)}


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("holes", [True, False])
@pytest.mark.parametrize(
    ("tokens", "vocab", "window"),
    [(0, 1, 1), (1, 1, 3), (15, 2, 1), (63, 9, 4), (300, 70, 10), (301, 5000, 12)],
)
def test_kernel_equals_reference_however_the_text_is_cut(symmetric, holes, tokens, vocab, window):
    random = np.random.default_rng(tokens + window)
    for _ in range(8):
        ids, starts, rows, size = text(random, tokens, vocab)
        weights = weights_of(window)
        want = reference.count(ids, starts, rows, weights, symmetric=symmetric, holes=holes)
        places = [0, *np.sort(random.integers(0, tokens + 1, 3)).tolist(), tokens]
        parts = []
        for low, high in itertools.pairwise(places):
            stretch = cpu.index(
                Stretch(ids, starts, low, high), rows, size, weights, symmetric=symmetric, holes=holes
            )
            ends, columns, units = matrix(cpu.count(stretch, threads=2, room=7))
            parts.append((ends, columns, units.__getitem__))
        total = matrix(cpu.add(parts, threads=2, room=5))
        assert as_counts(*total) == want
        assert list(as_counts(*total)) == sorted(want)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("room", [1, 100, 1 << 20])
def test_bytes_do_not_depend_on_threads_or_room(threads, room):
    ids, starts, rows, size = text(np.random.default_rng(1), 2000, 90)
    stretch = cpu.index(
        Stretch(ids, starts, 0, 2000), rows, size, weights_of(10), symmetric=True, holes=False
    )
    want, got = (matrix(cpu.count(stretch, threads=t, room=r)) for t, r in ((1, 1 << 20), (threads, room)))
    assert [a.tobytes() for a in got] == [a.tobytes() for a in want]


def test_units_are_exact_to_window_22_and_rounded_beyond():
    for window in (1, 2, 10, 22):
        assert all(reference.unit(window) % d == 0 for d in range(1, window + 1))
    assert reference.unit(10) == 2520
    assert reference.unit(23) == reference.unit(1000) == 2**32


def test_id_without_a_row_is_refused_and_not_read():
    ids, starts = np.array([0, 1, 7, 1], np.int32), np.array([0, 4])
    rows = np.array([0, 1], np.int32)
    for low, high in ((0, 4), (3, 4), (0, 1)):
        with pytest.raises(FormatError, match=r"token 2 is 7, the vocabulary has 2"):
            cpu.index(Stretch(ids, starts, low, high), rows, 2, weights_of(4), symmetric=True, holes=False)


@pytest.mark.parametrize(("column", "units"), [(3, 1), (-1, 1), (0, 0), (0, -5)])
def test_a_bad_entry_is_refused_when_counts_are_added(column, units):
    part = np.array([0, 1, 1, 1]), np.array([column], np.int32), np.array([units]).__getitem__
    with pytest.raises(FormatError, match="no count of a known word"):
        list(cpu.add([part], threads=1, room=10))


@pytest.mark.parametrize(
    ("size", "pairs", "holes", "symmetric"),
    covering(
        [(0, 1, 1), (1, 1, 3), (15, 2, 1), (63, 9, 4), (301, 70, 10), (131, 1000, 25)],
        [1, 40, 500, 1 << 20],
        [True, False],
        [True, False],
    ),
    ids=str,
)
def test_gpu_gives_the_bytes_of_the_cpu_in_any_memory(size, pairs, holes, symmetric):
    """The torch code runs on the CPU. Few pairs at once: every row with more is added densely."""
    tokens, vocab, window = size
    random = np.random.default_rng(tokens + window)
    ids, starts, rows, size = text(random, tokens, vocab)
    how = {"symmetric": symmetric, "holes": holes}
    for low, high in [(0, tokens), (tokens // 3, 2 * tokens // 3)]:
        stretch = cpu.index(Stretch(ids, starts, low, high), rows, size, weights_of(window), **how)
        wanted = matrix(cpu.count(stretch, threads=1, room=1 << 20))
        found = matrix(gpu.count(stretch, torch.device("cpu"), pairs=pairs))
        assert [a.dtype for a in found] == [a.dtype for a in wanted]
        assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted]


def test_gpu_has_keys_that_fit_for_a_large_vocabulary(monkeypatch):
    ids, starts, rows, size = text(np.random.default_rng(2), 300, 60)
    stretch = cpu.index(Stretch(ids, starts, 0, 300), rows, size, weights_of(5), symmetric=True, holes=False)
    wanted = matrix(cpu.count(stretch, threads=1, room=1 << 20))
    monkeypatch.setattr(gpu, "LARGEST", 2 * size * 6)  # of two rows
    found = matrix(gpu.count(stretch, torch.device("cpu")))
    assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted]
