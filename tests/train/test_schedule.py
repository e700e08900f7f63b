"""Schedules are what their formulas say, at the ends, in between, and against torch's own."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core.errors import OptionError
from seqkit.train.schedule import SCHEDULES, constant, linear, schedule


def test_linear_starts_at_lr_and_ends_at_a_ten_thousandth_like_word2vec():
    rate = linear(0.025)
    assert rate(0.0, []) == 0.025
    assert rate(0.5, []) == pytest.approx(0.02500 * (1 + 1e-4) / 2)
    assert rate(1.0, []) == pytest.approx(2.5e-6)


def test_constant_stays():
    assert {constant(0.1)(progress / 7, [3.0, 4.0]) for progress in range(8)} == {0.1}


@pytest.mark.parametrize(
    ("name", "settings", "progress", "expected"),
    [
        ("inverse-time", {"decay": 1.0}, 0.25, 0.2 / 2),  # epoch 1 of 4
        ("inverse-time", {"decay": 1.0}, 1.0, 0.2 / 5),
        ("inverse-time", {"decay": 0.5}, 0.125, 0.2 / 1.25),
        ("exponential", {"decay": 0.9}, 0.5, 0.2 * 0.81),
        ("exponential", {"decay": 0.9}, 0.125, 0.2 * 0.9**0.5),
        ("staircase", {"decay": 0.1}, 0.24, 0.2),
        ("staircase", {"decay": 0.1}, 0.25, 0.02),
        ("staircase", {"decay": 0.1, "every": 2}, 0.49, 0.2),
        ("staircase", {"decay": 0.1, "every": 2}, 0.5, 0.02),
        ("inverse-sqrt", {}, 0.0, 0.2),
        ("inverse-sqrt", {}, 0.75, 0.1),  # the fourth epoch begins: k / √4
        ("cosine", {}, 0.0, 0.2),
        ("cosine", {}, 0.5, 0.1),
        ("cosine", {"final": 0.02}, 1.0, 0.02),
        ("cosine", {"warmup": 0.2}, 0.1, 0.1),
        ("cosine", {"warmup": 0.2}, 0.2, 0.2),
        ("cosine", {"warmup": 0.2, "final": 0.1}, 0.6, 0.15),
        ("one-cycle", {}, 0.0, 0.2 / 25),
        ("one-cycle", {}, 0.15, (0.2 + 0.2 / 25) / 2),
        ("one-cycle", {}, 0.3, 0.2),
        ("one-cycle", {}, 1.0, 0.2 / 25 / 1e4),
        ("one-cycle", {"warmup": 0.5, "start": 10, "end": 2}, 1.0, 0.01),
    ],
)
def test_rate_is_the_one_worked_out_by_hand(name, settings, progress, expected):
    assert schedule(name, 0.2, epochs=4, **settings)(progress, []) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("epochs", range(1, 60))
def test_staircase_steps_exactly_where_an_epoch_begins(epochs):
    rate = schedule("staircase", 1.0, epochs=epochs, decay=0.5)
    size = 7 * 11
    assert [rate(epoch * size / (epochs * size), []) for epoch in range(epochs)] == [
        0.5**epoch for epoch in range(epochs)
    ]


def test_plateau_quarters_after_each_epoch_that_is_not_the_best():
    rate = schedule("plateau", 20.0, epochs=9)
    values = [5.0, 4.0, 4.5, 4.0, 3.9, 4.1]
    assert [rate(0.5, values[:n]) for n in range(7)] == [20, 20, 20, 5, 1.25, 1.25, 0.3125]


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 4))
def test_plateau_falls_when_torch_reduce_on_plateau_does(values, patience):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=patience - 1, threshold=0, eps=0
    )
    ours = schedule("plateau", 1.0, epochs=30, factor=0.5, patience=patience)
    for n, value in enumerate(values, 1):
        theirs.step(value)
        assert ours(0.1, [float(v) for v in values[:n]]) == optimizer.param_groups[0]["lr"]


def test_one_cycle_is_torch_one_cycle_on_its_grid():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    steps, rate = 1001, schedule("one-cycle", 0.3, epochs=1, warmup=0.3)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.3, steps, pct_start=(0.3 * (steps - 1) + 1) / steps
    )
    for step in range(steps):
        assert rate(step / (steps - 1), []) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        if step < steps - 1:
            optimizer.step()
            theirs.step()


@given(st.sampled_from(sorted(SCHEDULES)), st.floats(0, 1), st.lists(st.floats(0, 10), max_size=8))
def test_law_every_schedule_gives_a_rate_from_0_to_lr_and_is_pure(name, progress, values):
    rate = schedule(name, 0.1, epochs=8)
    assert 0 <= rate(progress, values) <= 0.1 * (1 + 1e-12)
    assert rate(progress, values) == schedule(name, 0.1, epochs=8)(progress, tuple(values))


@pytest.mark.parametrize("name", sorted(SCHEDULES))
@pytest.mark.parametrize("lr", [0.0, -0.1, math.nan, math.inf, "0.1", True])
def test_rate_that_cannot_train_is_refused(name, lr):
    with pytest.raises(OptionError, match="expected a number above 0"):
        schedule(name, lr, epochs=1)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        (
            "cosin",
            {},
            r"unknown schedule 'cosin'; known: constant, linear, .*rising\. Did you mean 'cosine'\?",
        ),
        (
            "cosine",
            {"warm_up": 1},
            r"schedule cosine: unknown setting 'warm_up'; known: warmup, final\. Did you mean 'warmup'\?",
        ),
        ("constant", {"decay": 1}, r"schedule constant: unknown setting 'decay'; known: none\."),
        (
            "exponential",
            {"decay": 1.5},
            r"decay: got 1\.5, expected a number of at least 0 and at most 1\.",
        ),
        ("plateau", {"patience": 0}, r"patience: got 0, expected a number of at least 1\."),
        ("staircase", {"every": "two"}, r"every: got 'two'"),
        ("cosine", {"final": math.nan}, r"final: got nan"),
    ],
)
def test_unknown_or_impossible_setting_is_refused_by_name(name, settings, message):
    with pytest.raises(OptionError, match=message):
        schedule(name, 0.1, epochs=3, **settings)
