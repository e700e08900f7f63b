"""word2vec: the compiled kernel is the reference, on any threads, at odd sizes."""

import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest

from seqkit.kernels.primitives.text_passes import cpu as text_passes
from seqkit.kernels.word2vec import cpu, reference

spec = importlib.util.spec_from_file_location("window_plans", Path(__file__).with_name("window_plans.py"))
plans = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plans)

SETTINGS = [
    {},
    {"window": 1, "negatives": 1},
    {"window": 9, "negatives": 20, "shrink": False},
    {"cbow": True, "negatives": 3},
    {"cbow": True, "divide": True, "window": 12},
    {"tree": True},
    {"tree": True, "cbow": True},
    {"lock": True},
    {"subsample": False, "negatives": 8},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("dim", [1, 16, 20, 100])
def test_kernel_equals_reference_after_many_windows(settings, dim):
    text = plans.text()
    plan = plans.plan(text.ids, **settings)
    expected, got = plans.matrices(dim=dim), plans.matrices(dim=dim)
    exact = tuple(matrix.astype(np.float64) for matrix in expected)
    loss, count = reference.train(text, plan, exact, 0.01)
    fast_loss, fast_count = cpu.train(text, plan, got, 0.01)
    assert count == fast_count > 50
    assert fast_loss == pytest.approx(loss, rel=1e-6)
    for want, have in zip(exact, got, strict=True):
        np.testing.assert_allclose(have, want, atol=1e-5)
    assert (got[0][:, dim:] == 0).all()


def test_two_stretches_equal_one_bit_for_bit():
    text = plans.text()
    plan = plans.plan(text.ids)
    one, two = plans.matrices(), plans.matrices()
    cpu.train(text, plan, one, 0.05)
    for low, high in itertools.pairwise([0, 1, 130, 131, 399, 400]):
        cpu.train(text._replace(low=low, high=high), plan, two, 0.05)
    assert one[0].tobytes() == two[0].tobytes()
    assert one[1].tobytes() == two[1].tobytes()


@pytest.mark.parametrize("settings", [{}, {"tree": True}, {"cbow": True}, {"lock": True}], ids=str)
def test_deterministic_bytes_do_not_depend_on_threads(settings):
    text = plans.text(tokens=5000, vocab=200)
    plan = plans.plan(text.ids, 200, **settings)
    results = []
    for threads in (1, 2, 3, 8):
        pair = plans.matrices(vocab=200)
        loss = cpu.train(text, plan, pair, 0.05, threads=threads, deterministic=True)
        results.append((loss, pair[0].tobytes(), pair[1].tobytes()))
    assert all(result == results[0] for result in results)


def _lanes_apart(lr, text):
    """Both matrices before, after a deterministic pass over two lanes, and after each lane alone by the reference."""
    plan = plans.plan(text.ids, 60)
    pair = plans.matrices(vocab=60)
    cpu.train(text, plan, pair, lr, deterministic=True)
    old = [matrix.astype(np.float64) for matrix in plans.matrices(vocab=60)]
    alone = []
    for lane in range(2):
        copy = [matrix.copy() for matrix in old]
        reference.train(text._replace(low=lane * cpu.STEP, high=(lane + 1) * cpu.STEP), plan, copy, lr)
        alone.append(copy)
    return old, pair, alone


def test_deterministic_lanes_move_a_row_by_the_sum_of_its_changes_at_small_rates():
    old, got, alone = _lanes_apart(1e-4, plans.text(tokens=2 * cpu.STEP, vocab=60))
    for which in range(2):
        changes = sum(copy[which] - old[which] for copy in alone)
        np.testing.assert_allclose(got[which] - old[which], changes, rtol=2e-2, atol=1e-5)


def test_deterministic_lanes_move_a_row_hit_often_by_the_mean_of_its_changes():
    old, got, alone = _lanes_apart(0.05, plans.text(tokens=2 * cpu.STEP, vocab=60))
    word = 1  # the most common one: in every window of both lanes
    changes = sum(copy[1][word] - old[1][word] for copy in alone) / 2
    np.testing.assert_allclose(got[1][word] - old[1][word], changes, rtol=1e-3, atol=1e-5)


def test_one_lane_of_text_is_the_sequential_pass():
    text = plans.text(tokens=cpu.STEP)
    plan = plans.plan(text.ids)
    one, lanes = plans.matrices(), plans.matrices()
    assert cpu.train(text, plan, one, 0.05) == cpu.train(text, plan, lanes, 0.05, deterministic=True)
    assert one[0].tobytes() == lanes[0].tobytes()


@pytest.mark.parametrize("tree", [False, True])
def test_threads_train_every_token_once(tree):
    text = plans.text(tokens=20_000, vocab=500)
    plan = plans.plan(text.ids, 500, subsample=False, tree=tree)
    _, alone = cpu.train(text, plan, plans.matrices(vocab=500), 0.0)
    loss_1, _ = cpu.train(text, plan, plans.matrices(vocab=500), 0.0)
    loss_3, together = cpu.train(text, plan, plans.matrices(vocab=500), 0.0, threads=3)
    assert alone == together
    assert loss_3 == pytest.approx(loss_1, rel=1e-12)


def test_own_copies_of_the_upper_nodes_give_all_their_changes_back(monkeypatch):
    """Members of the team one after the other: at once, without locks, a change of a shared row may be lost."""
    monkeypatch.setattr(text_passes, "together", lambda state, n, call: [call(member) for member in range(n)])
    text = plans.text(tokens=20_000, vocab=500)
    plan = plans.plan(text.ids, 500, subsample=False, tree=True)
    old, one, many = plans.matrices(vocab=500), plans.matrices(vocab=500), plans.matrices(vocab=500)
    cpu.train(text, plan, one, 1e-6)
    cpu.train(text, plan, many, 1e-6, threads=3)
    for before, expected, got in zip(old, one, many, strict=True):
        assert np.linalg.norm(got - expected) < 1e-3 * np.linalg.norm(expected - before)
    before, expected, got = (matrices[1][plan[1].points[0]] for matrices in (old, one, many))  # the root
    np.testing.assert_allclose(got - before, expected - before, rtol=1e-3, atol=1e-6)
    assert np.abs(expected - before).max() > 1e-3


def test_matrix_that_is_not_aligned_is_refused():
    from seqkit.core.errors import ShapeError

    text = plans.text()
    input, output = plans.matrices()
    with pytest.raises(
        ShapeError, match="input: .*float32 matrix of 20 columns.*, expected one made by aligned"
    ):
        cpu.train(text._replace(high=10), plans.plan(text.ids), (np.zeros((30, 20), np.float32), output), 0.1)
    with pytest.raises(ShapeError, match="output: .*float64 matrix"):
        cpu.train(text._replace(high=10), plans.plan(text.ids), (input, output.astype(np.float64)), 0.1)


def test_deterministic_lanes_hold_more_rows_than_a_small_table_counts():
    text = plans.text(tokens=400, vocab=40_000)
    plan = plans.plan(text.ids, 40_000, negatives=300)
    results = []
    for threads in (1, 2):
        pair = plans.matrices(vocab=40_000, dim=4)
        results.append(
            (
                cpu.train(text, plan, pair, 0.05, threads=threads, deterministic=True),
                pair[1].tobytes(),
            )
        )
    assert np.iinfo(np.int16).max < cpu.STEP * 301
    assert results[0] == results[1]
