"""The bootstrap: intervals that cover as often as they say, draws that the seed alone decides."""

import numpy as np
import pytest

from seqkit.evaluate.bootstrap import ends, interval, mean_of, resampled

VALUES = np.arange(101.0)


def test_interval_covers_a_known_mean_about_as_often_as_it_says():
    random, covered = np.random.default_rng(0), 0
    for trial in range(200):
        sample = random.normal(size=40)
        low, high = interval(mean_of(sample), 40, seed=trial, resamples=200)
        covered += low <= 0 <= high
    assert 175 <= covered <= 199


def test_interval_needs_two_items_and_two_are_enough():
    assert interval(mean_of(VALUES), 0) is None
    assert interval(mean_of(VALUES), 1) is None
    assert interval(mean_of(VALUES), 2) == (0.0, 1.0)  # means of 0 and 1: 0, 0.5 or 1


def test_golden_interval_is_that_of_1000_resamples_of_seed_1_at_95_percent():
    found = interval(mean_of(VALUES), 101)
    assert found == pytest.approx((44.10841584158416, 55.636138613861384), abs=1e-12)
    assert found == interval(mean_of(VALUES), 101, seed=1, resamples=1000, level=0.95)
    assert resampled(mean_of(VALUES), 101)[:3] == pytest.approx([49.00990099, 46.38613861, 49.03960396])
    np.testing.assert_array_equal(
        resampled(mean_of(VALUES), 101), resampled(mean_of(VALUES), 101, seed=1, resamples=1000)
    )


@pytest.mark.parametrize("other", [{"seed": 2}, {"resamples": 500}, {"level": 0.9}])
def test_interval_takes_seed_resamples_and_level(other):
    assert interval(mean_of(VALUES), 101, **other) != interval(mean_of(VALUES), 101)


def test_another_seed_draws_other_resamples():
    first, second = (set(resampled(mean_of(VALUES), 101, seed=seed, resamples=50)) for seed in (1, 2))
    assert len(first & second) < 5


def test_every_resample_draws_as_many_items_with_replacement_from_all_of_them():
    rows = []
    resampled(lambda drawn: rows.append(drawn) or 0.0, 7, resamples=3000)
    drawn = np.array(rows)
    assert (drawn.shape, drawn.min(), drawn.max()) == ((3000, 7), 0, 6)
    np.testing.assert_allclose(np.bincount(drawn.ravel()) / drawn.size, 1 / 7, atol=0.01)
    assert np.mean([len(set(row)) == 7 for row in rows]) < 0.02  # 7! / 7⁷ = 0.006 of them repeat no item


def test_ends_are_percentiles_of_the_values_that_are_not_nan():
    assert ends(VALUES, level=0.9) == pytest.approx((5, 95))
    assert ends(VALUES) == pytest.approx((2.5, 97.5))
    assert ends(np.append(VALUES, np.nan), level=0.5) == pytest.approx((25, 75))
    assert ends(np.full(3, np.nan)) is None
