"""fasttext: the compiled kernel is the reference, on any threads, at odd sizes; with one row a word it is word2vec."""

import importlib
import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest

from seqkit.core.errors import ShapeError
from seqkit.kernels.fasttext import cpu, reference
from seqkit.kernels.fasttext.reference import SubwordRows
from seqkit.kernels.word2vec import reference as words_alone

spec = importlib.util.spec_from_file_location("window_plans", Path(__file__).with_name("window_plans.py"))
plans = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plans)

BUCKETS = 25
SETTINGS = [
    {},
    {"window": 1, "negatives": 1},
    {"window": 9, "negatives": 20, "shrink": False},
    {"divide": True},
    {"cbow": True, "negatives": 3},
    {"cbow": True, "divide": True, "window": 12},
    {"subsample": False, "negatives": 8},
]


def make(ids, vocab=30, **settings):
    """A plan whose words have 1 to 9 rows, some twice, and matrices for it."""
    random = np.random.default_rng(5)
    parts = [[w, *random.integers(vocab, vocab + BUCKETS, random.integers(0, 9))] for w in range(vocab)]
    ends = np.cumsum([0, *map(len, parts)])
    noise = plans.noise(ids, vocab, settings.pop("negatives", 5))
    rows = SubwordRows(np.concatenate(parts).astype(np.int32), ends, noise)
    return plans.windows(ids, vocab, **settings), rows


def matrices(vocab=30, dim=20):
    return plans.matrices(vocab + BUCKETS, dim)[0], plans.matrices(vocab, dim)[1]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("dim", [1, 16, 20, 100])
def test_kernel_equals_reference_after_many_windows(settings, dim):
    text = plans.text()
    plan = make(text.ids, **settings)
    expected, got = matrices(dim=dim), matrices(dim=dim)
    exact = tuple(matrix.astype(np.float64) for matrix in expected)
    loss, count = reference.train(text, plan, exact, 0.01)
    fast_loss, fast_count = cpu.train(text, plan, got, 0.01)
    assert count == fast_count > 50
    assert fast_loss == pytest.approx(loss, rel=1e-6)
    for want, have in zip(exact, got, strict=True):
        np.testing.assert_allclose(have, want, atol=2e-5)
    assert (got[0][:, dim:] == 0).all()


@pytest.mark.parametrize(
    ("settings", "dim"),
    [
        ({}, 37),
        ({"window": 1, "negatives": 1}, 1),
        ({"window": 7, "negatives": 3, "shrink": False, "divide": True}, 5),
        ({"cbow": True, "negatives": 9}, 20),
        ({"cbow": True, "divide": True, "window": 12}, 7),
    ],
    ids=str,
)
def test_kernel_of_a_gpu_equals_the_reference(settings, dim):
    interpreted = pytest.importorskip("interpreted", reason="needs the extra gpu")
    gpu = importlib.import_module("seqkit.kernels.fasttext.gpu")
    resident = importlib.import_module("seqkit.kernels.primitives.resident.gpu")
    text = plans.text(tokens=90)._replace(low=20, high=43)
    plan = make(text.ids, **settings)
    got = matrices(dim=dim)
    exact = [matrix.astype(np.float64) for matrix in got]
    loss, count = reference.train(text, plan, exact, 0.01)
    held = resident.Resident({"input": got[0], "output": got[1]}, dim, plan, interpreted.DEVICE)
    fast_loss, fast_count = held.train(gpu.train, text, plan[0], 0.01)
    held.parameters.download()
    assert count == fast_count > 10
    assert fast_loss == pytest.approx(loss, rel=1e-6)
    limit = 1e-5 if interpreted.DEVICE == "cpu" else 1e-2  # compiled, windows see each other's changes late
    for want, have in zip(exact, got, strict=True):
        np.testing.assert_allclose(have, want, atol=limit)


def test_with_one_row_a_word_cbow_is_that_of_word2vec():
    text = plans.text()
    windows, noise = plans.plan(text.ids, cbow=True)
    rows = SubwordRows(np.arange(30, dtype=np.int32), np.arange(31), noise)
    one, other = ([matrix.astype(np.float64) for matrix in plans.matrices()] for _ in range(2))
    assert reference.train(text, (windows, rows), one, 0.05) == pytest.approx(
        words_alone.train(text, (windows, noise), other, 0.05)
    )
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_two_stretches_equal_one_bit_for_bit():
    text = plans.text()
    plan = make(text.ids)
    one, two = matrices(), matrices()
    cpu.train(text, plan, one, 0.05)
    for low, high in itertools.pairwise([0, 1, 130, 131, 399, 400]):
        cpu.train(text._replace(low=low, high=high), plan, two, 0.05)
    assert one[0].tobytes() == two[0].tobytes()
    assert one[1].tobytes() == two[1].tobytes()


@pytest.mark.parametrize("settings", [{}, {"cbow": True}], ids=str)
def test_deterministic_bytes_do_not_depend_on_threads_and_one_lane_is_the_sequential_pass(settings):
    text = plans.text(tokens=5000, vocab=200)
    plan = make(text.ids, 200, **settings)
    results = []
    for threads in (1, 2, 3, 8):
        pair = matrices(200)
        loss = cpu.train(text, plan, pair, 0.05, threads=threads, deterministic=True)
        results.append((loss, pair[0].tobytes(), pair[1].tobytes()))
    assert all(result == results[0] for result in results)
    one, lanes = matrices(200), matrices(200)
    cpu.train(text._replace(high=cpu.STEP), plan, one, 0.05)
    cpu.train(text._replace(high=cpu.STEP), plan, lanes, 0.05, deterministic=True)
    assert one[0].tobytes() == lanes[0].tobytes()


def test_threads_train_every_token_once():
    text = plans.text(tokens=20_000, vocab=500)
    plan = make(text.ids, 500, subsample=False)
    loss_1, alone = cpu.train(text, plan, matrices(500), 0.0)
    loss_3, together = cpu.train(text, plan, matrices(500), 0.0, threads=3)
    assert alone == together
    assert loss_3 == pytest.approx(loss_1, rel=1e-12)


def test_matrix_that_is_not_aligned_is_refused():
    text = plans.text()
    input, output = matrices()
    with pytest.raises(
        ShapeError, match="input: .*float32 matrix of 20 columns.*, expected one made by aligned"
    ):
        cpu.train(text._replace(high=10), make(text.ids), (np.zeros((55, 20), np.float32), output), 0.1)
    with pytest.raises(ShapeError, match="output: .*float64 matrix"):
        cpu.train(text._replace(high=10), make(text.ids), (input, output.astype(np.float64)), 0.1)
