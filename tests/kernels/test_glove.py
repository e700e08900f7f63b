"""glove: the compiled kernel is the reference, tile by tile; every pair is visited once; threads change no byte."""

import importlib

import numpy as np
import pytest

from seqkit.core.errors import FormatError, ShapeError
from seqkit.kernels.glove import cpu, reference
from seqkit.kernels.glove.tiles import cpu as tiling
from seqkit.kernels.primitives.simd.rows import aligned, padded


def counts(vocab, seed=0, density=0.4):
    """The upper half of a symmetric matrix: row ends, columns, values."""
    random = np.random.default_rng(seed)
    rows, columns = np.nonzero(np.triu(random.random((vocab, vocab)) < density))
    ends = np.append(0, np.cumsum(np.bincount(rows, minlength=vocab)))
    return ends, columns.astype(np.int32), random.exponential(8, len(columns)) + 0.01


def parameters(vocab, dim, seed=0):
    random, size = np.random.default_rng(seed), padded(dim)
    made = [aligned(vocab, 2 * size) for _ in range(2)]
    for matrix in made:
        matrix[:, :dim] = (random.random((vocab, dim)) - 0.5) / dim
        matrix[:, size:] = 1
    biases = [np.stack([random.random(vocab) - 0.5, np.ones(vocab)], 1).astype(np.float32) for _ in range(2)]
    return reference.Parameters(*made, *biases)


def exact(made, dim):
    size = padded(dim)
    wide = [np.stack([m[:, :dim], m[:, size : size + dim]], 1).astype(np.float64) for m in made[:2]]
    return reference.Parameters(*wide, *(bias.astype(np.float64) for bias in made[2:]))


def pairs_of(tiles, t):
    blocks = len(tiles.edges) - 1
    span = slice(tiles.ends[t], tiles.ends[t + 1])
    rows = tiles.edges[t // blocks] + (tiles.places[span] >> 16).astype(np.int64)
    return rows, tiles.edges[t % blocks] + (tiles.places[span] & 0xFFFF).astype(np.int64), tiles.logs[span]


def rounds(blocks):
    return np.arange(blocks) * blocks + (np.arange(blocks) + np.arange(blocks)[:, None]) % blocks


@pytest.mark.parametrize("adagrad", ["c", "plain"])
@pytest.mark.parametrize("dim", [1, 16, 20, 100])
def test_kernel_equals_reference_over_a_thousand_updates(adagrad, dim):
    ends, columns, values = counts(50)
    tiles = tiling.order(ends, columns, values, np.array([0, 50]), mirror=True, seed=np.uint64(3))
    assert len(tiles.places) > 900
    got, rule = parameters(50, dim), reference.rule(adagrad, 0.05, 10.0, 0.75)
    want = exact(got, dim)
    cost = reference.train(*pairs_of(tiles, 0), want, rule)
    fast, number = cpu.train(tiles, np.array([[0]]), np.array([0]), 1, got, rule)
    assert number == len(tiles.places)
    assert fast == pytest.approx(cost, rel=1e-5)
    for have, expected in zip(exact(got, dim), want, strict=True):
        np.testing.assert_allclose(have, expected, atol=1e-5, rtol=1e-5)
    size = padded(dim)
    assert all((matrix[:, dim:size] == 0).all() for matrix in got[:2])


@pytest.mark.parametrize(("adagrad", "dim"), [("c", 1), ("plain", 37), ("c", 20)])
def test_kernel_of_a_gpu_equals_the_reference(adagrad, dim, kernels_run_on):
    gpu = importlib.import_module("seqkit.kernels.glove.gpu")
    resident = importlib.import_module("seqkit.kernels.primitives.resident.gpu")
    ends, columns, values = counts(17)
    tiles = tiling.order(ends, columns, values, np.array([0, 5, 17]), mirror=True, seed=np.uint64(3))
    got, rule = parameters(17, dim), reference.rule(adagrad, 0.05, 10.0, 0.75)
    got[0][3, :dim] = 400  # its gradients are clipped
    want, cost = exact(got, dim), 0.0
    there = resident.Parameters(got._asdict(), kernels_run_on)
    pairs = gpu.pairs_of(tiles, there.device)
    wanted = [0, 3, 2, 1]
    for t in wanted:
        cost += reference.train(*pairs_of(tiles, t), want, rule)
    spans = tiles.spans(np.array(wanted), 0, 1)
    fast, number = gpu.train(pairs, spans, reference.Parameters(*there.tensors.values()), rule, dim=dim)
    there.download()
    assert number == len(tiles.places) > 90
    assert fast == pytest.approx(cost, rel=1e-5)
    near = {"atol": 1e-5, "rtol": 1e-5} if kernels_run_on == "cpu" else {"atol": 1e-2, "rtol": 1e-2}
    for have, expected in zip(exact(got, dim), want, strict=True):
        np.testing.assert_allclose(have, expected, **near)
    assert all((matrix[:, dim : padded(dim)] == 0).all() for matrix in got[:2])


def test_gradients_of_vectors_are_clipped_as_in_c():
    ends, columns, values = np.array([0, 1]), np.array([0], np.int32), np.array([1e6])
    tiles = tiling.order(ends, columns, values, np.array([0, 1]), mirror=True, seed=np.uint64(3))
    got, rule = parameters(1, 3), reference.rule("c", 0.05, 10.0, 0.75)
    got[0][0, :3] = 300.0
    got[1][0, :3] = [-300.0, 1.0, 300.0]
    want = exact(got, 3)
    reference.train(*pairs_of(tiles, 0), want, rule)
    cpu.train(tiles, np.array([[0]]), np.array([0]), 1, got, rule)
    assert want[0][0, 1].max() == pytest.approx(1 + (100 * 0.05) ** 2)
    np.testing.assert_allclose(exact(got, 3)[0], want[0], rtol=1e-6)


@pytest.mark.parametrize("mirror", [True, False])
@pytest.mark.parametrize("edges", [[0, 41], [0, 1, 41], [0, 7, 8, 20, 40, 41]])
def test_order_holds_every_pair_once_in_its_tile(mirror, edges):
    ends, columns, values = counts(41, density=0.2)
    tiles = tiling.order(ends, columns, values, np.array(edges), mirror=mirror, seed=np.uint64(1), threads=2)
    found = [pairs_of(tiles, t) for t in range((len(edges) - 1) ** 2)]
    got = {(int(i), int(j)): float(x) for part in found for i, j, x in zip(*part, strict=True)}
    row_of = np.repeat(np.arange(41), np.diff(ends))
    want = {
        (int(i), int(j)): float(np.float32(np.log(x)))
        for i, j, x in zip(row_of, columns, values, strict=True)
    }
    if mirror:
        want |= {(j, i): x for (i, j), x in want.items()}
    assert got == pytest.approx(want, rel=1e-6)
    assert sum(len(part[0]) for part in found) == len(want)


@pytest.mark.parametrize("parts", [1, 3])
def test_threads_change_no_byte_and_rounds_are_the_reference_tile_after_tile(parts):
    ends, columns, values = counts(60)
    edges = np.array([0, 5, 11, 30, 59, 60])
    rule, results = reference.rule("c", 0.05, 10.0, 0.75), []
    wanted, order = np.repeat(rounds(5), parts, 0), np.tile(np.arange(parts), 5)
    for threads in (1, 2, 3):
        tiles = tiling.order(ends, columns, values, edges, mirror=True, seed=np.uint64(9), threads=threads)
        made = parameters(60, 20)
        told = cpu.train(tiles, wanted, order, parts, made, rule, threads=threads)
        results.append((told, [matrix.tobytes() for matrix in made]))
    assert results[0] == results[1] == results[2]
    assert results[0][0][1] == len(tiles.places)
    want, cost = exact(parameters(60, 20), 20), 0.0
    for row, part in zip(wanted, order, strict=True):
        for t in row:
            (span,) = tiles.spans(np.array([t]), part, parts) - tiles.ends[t]
            cost += reference.train(*(a[slice(*span)] for a in pairs_of(tiles, t)), want, rule)
    assert results[0][0][0] == pytest.approx(cost, rel=1e-5)
    np.testing.assert_allclose(exact(made, 20)[0], want[0], atol=1e-5, rtol=1e-5)


def test_a_reference_update_is_the_finite_difference_gradient():
    """Plain AdaGrad of rate 1 whose sums stand at 1: the change is minus the gradient of ½ f diff², in float64."""
    random = np.random.default_rng(2)
    rule, log_x = reference.rule("plain", 1.0, 10.0, 0.75), np.log([4.0])
    start = [np.stack([random.normal(size=(1, 4)), np.ones((1, 4))], 1) for _ in range(2)]
    start += [np.stack([random.normal(size=1), np.ones(1)], 1) for _ in range(2)]

    def run(values):
        one = np.array([0])
        return reference.train(one, one, log_x, values, rule)

    moved = [value.copy() for value in start]
    run(moved)
    for which, value in enumerate(start):
        for place in np.ndindex(value[:, 0].shape):
            ends = []
            for sign in (1, -1):
                shifted = [v.copy() for v in start]
                shifted[which][:, 0][place] += sign * 1e-5
                ends.append(run(shifted))
            gradient = (ends[0] - ends[1]) / 2e-5
            assert (value[:, 0] - moved[which][:, 0])[place] == pytest.approx(gradient, rel=1e-7)
            assert gradient != 0


@pytest.mark.parametrize(
    ("column", "value"), [(3, 1.0), (-1, 1.0), (0, 1.0), (2, 0.0), (2, np.nan), (2, np.inf), (2, -1.0)]
)
def test_a_bad_entry_is_refused_before_anything_is_written(column, value):
    ends = np.array([0, 0, 1, 1])
    with pytest.raises(FormatError, match="entry 0 is word"):
        tiling.order(
            ends,
            np.array([column], np.int32),
            np.array([value]),
            np.array([0, 3]),
            mirror=True,
            seed=np.uint64(0),
        )


def test_matrices_that_are_not_aligned_are_refused():
    ends, columns, values = counts(5)
    tiles = tiling.order(ends, columns, values, np.array([0, 5]), mirror=True, seed=np.uint64(3))
    made = parameters(5, 16)
    made = made._replace(words=made.words.astype(np.float64))
    with pytest.raises(ShapeError, match="words: got a float64 matrix of 32 columns"):
        cpu.train(tiles, np.array([[0]]), np.array([0]), 1, made, reference.rule("c", 0.05, 10, 0.75))
