"""The compiled bag of rows is its reference, at odd sizes, with every kind of dropout, head and missing label."""

from itertools import pairwise

import numpy as np
import pytest

from seqkit.core import rng
from seqkit.kernels.bag import cpu, reference
from seqkit.kernels.bag.reference import Bag, Drops, Labelled

HEADS = {"one": [0, 2], "many": [0, 7], "two tasks": [0, 3, 8]}


def bag(draw, D, heads, dtype=np.float32, weights=None):
    C = heads[-1]
    E, W, b = (draw.normal(size=shape).astype(dtype) for shape in ((11, D), (C, D), C))
    weights = np.ones(C, np.float32) if weights is None else weights
    return Bag(E, W, b, tuple(np.zeros(len(x), dtype) for x in (E, W, b)), np.array(heads), weights)


def texts(draw, heads, n=9):
    lengths = np.array([0, 1, *draw.integers(1, 30, n - 2)])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    labels = np.stack([draw.integers(-1, b - a, n) for a, b in pairwise(heads)], 1).astype(np.int32)
    return Labelled(
        draw.integers(0, 11, starts[-1]).astype(np.int32),
        starts,
        (1 / np.maximum(lengths, 1)).astype(np.float32),
        labels,
    )


@pytest.mark.parametrize("drops", [(0.0, 0.0), (0.4, 0.0), (0.0, 0.3), (0.2, 0.5)], ids=str)
@pytest.mark.parametrize("heads", HEADS.values(), ids=HEADS.keys())
@pytest.mark.parametrize("D", [1, 15, 33])
def test_compiled_training_is_that_of_the_reference(D, heads, drops):
    draw = np.random.default_rng(7)
    given = texts(draw, heads)
    weights = draw.uniform(0.5, 2, heads[-1]).astype(np.float32)
    one, two = (bag(np.random.default_rng(D), D, heads, kind, weights) for kind in (np.float32, np.float64))
    locked = np.arange(11) == 3
    for step in range(3):
        drawn = Drops(*drops, rng.stream(5, step))
        a = cpu.train(given, one, 0.1, drawn, locked)
        b = reference.train(given, two, 0.1, drawn, locked)
        assert a == (pytest.approx(b[0], rel=1e-3), b[1])
    parts = [(x.embedding, x.weight, x.bias, *x.squares) for x in (one, two)]
    for number, (got, want) in enumerate(zip(*parts, strict=True)):
        np.testing.assert_allclose(got, want, rtol=5e-3, atol=5e-3, err_msg=str(number))
    assert (one.embedding[3] == bag(np.random.default_rng(D), D, heads).embedding[3]).all()


def test_its_gradient_is_that_of_finite_differences():
    """The first step of AdaGrad is lr · g / √mean(g²), so a step tells the direction of the gradient."""
    heads, draw = [0, 3], np.random.default_rng(1)
    given = Labelled(
        np.array([1, 2, 4], np.int32),
        np.array([0, 3]),
        np.array([1 / 3], np.float32),
        np.array([[2]], np.int32),
    )

    def loss(made):
        return reference.train(given, made, 0.0)[0]

    made = bag(draw, 5, heads, np.float64)
    moved = bag(np.random.default_rng(1), 5, heads, np.float64)
    reference.train(given, moved, 1e-3)
    for name, row in (("embedding", 2), ("weight", 1)):
        found = np.zeros(5)
        for d in range(5):
            for sign in (1, -1):
                other = bag(np.random.default_rng(1), 5, heads, np.float64)
                getattr(other, name)[row, d] += sign * 1e-6
                found[d] += sign * loss(other) / 2e-6
        expected = -1e-3 * found / np.sqrt((found**2).mean())
        np.testing.assert_allclose(getattr(moved, name)[row] - getattr(made, name)[row], expected, rtol=1e-4)


def test_a_text_without_a_label_or_a_row_moves_nothing_it_has_not():
    heads = [0, 2]
    made, before = bag(np.random.default_rng(2), 4, heads), bag(np.random.default_rng(2), 4, heads)
    rows, starts = np.array([1, 2], np.int32), np.array([0, 2, 2])
    total, count = cpu.train(
        Labelled(rows, starts, np.ones(2, np.float32), np.array([[-1], [1]], np.int32)),
        made,
        0.1,
    )
    assert count == 1 and total > 0
    assert (made.embedding == before.embedding).all()
    assert (made.weight == before.weight).all()
    assert (made.bias != before.bias).all()
