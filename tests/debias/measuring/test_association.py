"""The association test and its draws on arrays: each against plain Python, at the smallest and at unequal sizes."""

import itertools
import math

import numpy as np
import pytest

from seqkit.core import rng
from seqkit.core.errors import FormatError
from seqkit.debias.measuring import association, resampling
from seqkit.debias.measuring.association import AssociationTest, Lists
from seqkit.debias.measuring.base import Options

GOLDEN = {
    "resampled": [[1, 2, 3, 4, 1], [0, 1, 2, 0, 0]],
    "purpose 2": [[3, 4, 4, 4, 2], [3, 4, 2, 2, 0]],
    "shuffled": [[8, 0, 1, 5], [1, 5, 3, 4]],
    "purpose 3": [[5, 7, 1, 2], [2, 1, 4, 5]],
}


def units(seed, *sizes, dim=5):
    draw = np.random.default_rng(seed)
    rows = [draw.normal(size=(size, dim)) for size in sizes]
    return [matrix / np.linalg.norm(matrix, axis=1, keepdims=True) for matrix in rows]


def d_of(x, y, ddof):
    both = np.concatenate([x, y])
    return (x.mean() - y.mean()) / math.sqrt(((both - both.mean()) ** 2).sum() / (len(both) - ddof))


def p_of(x, y, splits, sided):
    """Share of splits (lists of places in x and y together) whose difference of means is as large."""
    both, found = [*x, *y], []
    for chosen in splits:
        rest = [i for i in range(len(both)) if i not in set(chosen)]
        found.append(sum(both[i] for i in chosen) / len(chosen) - sum(both[i] for i in rest) / len(rest))
    hand = sum(x) / len(x) - sum(y) / len(y)
    if sided == "two":
        found, hand = [abs(each) for each in found], abs(hand)
    return sum(each >= hand - 1e-12 for each in found)


@pytest.mark.parametrize(("nx", "ny", "na", "nb"), [(2, 2, 1, 1), (3, 5, 2, 4), (6, 2, 5, 3)])
@pytest.mark.parametrize("ddof", [0, 1])
def test_effect_and_statistic_are_the_formulas_at_any_sizes(nx, ny, na, nb, ddof):
    x, y, a, b = units(nx, nx, ny, na, nb)
    sx, sy = (np.array([(a @ w).sum() / na - (b @ w).sum() / nb for w in words]) for words in (x, y))
    np.testing.assert_allclose(association.associations(x, a, b), sx, atol=1e-12)
    assert association.effect(sx, sy, ddof) == pytest.approx(d_of(sx, sy, ddof))
    stacked = association.effect(np.stack([sx, 2 * sx]), np.stack([sy, sy]), ddof)
    assert stacked == pytest.approx([d_of(sx, sy, ddof), d_of(2 * sx, sy, ddof)])
    assert association.statistic(sx, sy) == pytest.approx((nx + ny) / 2 * (sx.mean() - sy.mean()))
    if nx == ny:
        assert association.statistic(sx, sy) == pytest.approx(sx.sum() - sy.sum())


def test_effect_of_associations_that_hardly_vary_is_not_defined():
    flat = np.full(3, 0.25)
    assert np.isnan(association.effect(flat, flat, 1))
    assert np.isnan(association.effect(flat, flat + 1e-10, 1))
    assert association.effect(flat, flat + 1e-8, 0) == pytest.approx(-2)
    assert np.isnan(association.effect(np.zeros(1), np.array([2e-9]), 0))  # a spread of 1e-9 is rounding
    assert np.isnan(association.effect(np.zeros(2), np.full(2, 1e-200), 1))  # whose squares are 0
    with pytest.raises(FormatError) as told:
        association.run("weat", Lists(*[np.ones((2, 1))] * 4), None, AssociationTest(), Options())
    assert str(told.value) == (
        "weat: all words have the same association with A as with B, so d is not defined. Give other lists."
    )


@pytest.mark.parametrize("sided", ["one", "two"])
@pytest.mark.parametrize(("nx", "ny"), [(1, 1), (1, 4), (4, 2), (3, 5)])
def test_exact_p_is_a_count_over_all_splits_of_these_sizes(nx, ny, sided):
    x, y = np.random.default_rng(nx).normal(0.3, 1, nx), np.random.default_rng(9).normal(0, 1, ny)
    splits = list(itertools.combinations(range(nx + ny), nx))
    test = AssociationTest(sided=sided, exact=len(splits))
    found = association.permutation_of(x, y, test)
    assert found == (p_of(x, y, splits, sided) / len(splits), len(splits), True)
    assert association.permutation_of(x, y, AssociationTest(sided=sided)) == found


@pytest.mark.parametrize("sided", ["one", "two"])
@pytest.mark.parametrize(("nx", "ny"), [(3, 5), (5, 2)])
def test_sampled_p_is_a_count_over_the_splits_drawn_and_the_one_at_hand(nx, ny, sided):
    x, y = np.random.default_rng(nx).normal(0.3, 1, nx), np.random.default_rng(9).normal(0, 1, ny)
    test = AssociationTest(sided=sided, exact=math.comb(nx + ny, nx) - 1, samples=300)
    for settings in ({}, {"seed": 1}, {"seed": 5}):
        drawn = resampling.shuffled(nx + ny, nx, 300, settings.get("seed", 1), 3).tolist()
        found = association.permutation_of(x, y, test, **settings)
        assert found == ((p_of(x, y, drawn, sided) + 1) / 301, 300, False)


def test_as_large_but_for_rounding_is_as_large():
    """Sums of the same numbers in another order are the same split."""
    x = np.array([-5, -3, 4]) * 1e6 / 30
    p, splits, _ = association.permutation_of(x, x[[0, 2, 1]], AssociationTest(sided="two"))
    assert (p, splits) == (1.0, 20)  # the difference at hand is 1e-11, of others 0, and both are none
    assert association.permutation_of(np.zeros(2), np.zeros(2), AssociationTest()) == (1.0, 6, True)
    x, y = np.array([0.7, 0.1, 0.2]), np.array([0.3, 0.2, 0.1])
    exact = sum(a + b + c >= 10 for a, b, c in itertools.combinations([7, 1, 2, 3, 2, 1], 3))
    assert association.permutation_of(x, y, AssociationTest(sided="one"))[0] == exact / 20


def test_p_of_many_splits_is_that_of_all_of_them():
    x, y = np.random.default_rng(0).normal(0.2, 1, 10), np.random.default_rng(1).normal(0, 1, 10)
    splits = np.array(list(itertools.combinations(range(20), 10)))  # more than one block of them
    both = np.concatenate([x, y])
    sums = both[splits].sum(1)
    exact = (np.abs(2 * sums - both.sum()) >= abs(2 * x.sum() - both.sum()) - 1e-12).mean()
    assert association.permutation_of(x, y, AssociationTest()) == (exact, 184_756, True)


@pytest.mark.parametrize("ddof", [0, 1])
def test_interval_is_that_of_a_loop_over_resampled_lists(ddof):
    x, y, a, b = lists = Lists(*units(3, 4, 6, 3, 5))
    options, found = Options(resamples=150, seed=7), []
    draws = [resampling.resampled(size, options, purpose) for purpose, size in enumerate((3, 5, 4, 6))]
    for in_a, in_b, in_x, in_y in zip(*draws, strict=True):
        sx, sy = (association.associations(words, a[in_a], b[in_b]) for words in (x[in_x], y[in_y]))
        found.append(float(association.effect(sx, sy, ddof)))
    finite = [d for d in found if not math.isnan(d)]
    assert association.bootstrap(lists, ddof, options) == pytest.approx(np.quantile(finite, [0.025, 0.975]))


@pytest.mark.parametrize(("nx", "ny", "none"), [(1, 3, True), (3, 1, True), (2, 2, False), (2, 3, False)])
def test_interval_needs_two_words_of_each_list_and_resamples(nx, ny, none):
    lists = Lists(*units(3, nx, ny, 2, 2))
    assert (association.bootstrap(lists, 1, Options(resamples=50)) is None) == none
    assert association.bootstrap(lists, 1, Options(resamples=0)) is None


def test_band_is_that_of_a_loop_over_drawn_words():
    s, options = np.random.default_rng(0).normal(size=30), Options(draws=200, seed=3)
    found = [d_of(s[drawn[:2]], s[drawn[2:]], 1) for drawn in resampling.shuffled(30, 7, 200, options.seed)]
    expected = pytest.approx(np.quantile(found, [0.025, 0.975]))
    assert association.null(s, 2, 5, 1, options) == expected
    assert association.null(s, 2, 5, 1, Options(draws=0)) is None


def test_whole_test_holds_its_parts():
    x, y, a, b = lists = Lists(*units(3, 4, 6, 3, 5))
    (pool,) = units(8, 40)
    test, options = AssociationTest(ddof=0, exact=10, samples=99), Options(seed=5, resamples=60, draws=70)
    sx, sy = association.associations(x, a, b), association.associations(y, a, b)
    score, s = association.run("weat", lists, pool, test, options)
    np.testing.assert_array_equal(s, [*sx, *sy])
    p, splits, exact = association.permutation_of(sx, sy, test, seed=5)
    assert score.extra == {"S": association.statistic(sx, sy), "p": p, "splits": splits, "exact": exact}
    assert (score.name, score.value, score.count) == ("weat", float(association.effect(sx, sy, 0)), 10)
    assert score.interval == association.bootstrap(lists, 0, options)
    every = np.concatenate([sx, sy, association.associations(pool, a, b)])  # the measured words too
    assert score.band == association.null(every, 4, 6, 0, options)
    assert association.run("weat", lists, None, test, options)[0].band is None


def test_golden_draws_of_words():
    """The same seed draws the same words in every version."""
    assert resampling.resampled(5, Options(resamples=2, seed=1)).tolist() == GOLDEN["resampled"]
    assert resampling.resampled(5, Options(resamples=2, seed=1), 2).tolist() == GOLDEN["purpose 2"]
    assert resampling.shuffled(9, 4, 2, 1).tolist() == GOLDEN["shuffled"]
    assert resampling.shuffled(9, 4, 2, 1, 3).tolist() == GOLDEN["purpose 3"]


@pytest.mark.parametrize("n", [1, 2, 7])
def test_resamples_are_equally_likely_rows_and_independent_by_seed_and_purpose(n):
    one = resampling.resampled(n, Options(resamples=4000))
    assert (one.shape, one.dtype) == ((4000, n), np.int64)
    np.testing.assert_allclose(np.bincount(one.ravel()) / one.size, 1 / n, atol=0.02)
    others = [
        resampling.resampled(n, Options(resamples=4000, seed=2)),
        resampling.resampled(n, Options(resamples=4000), 1),
    ]
    for other in others:
        assert np.mean(one == other) == pytest.approx(1 / n, abs=0.03)


@pytest.mark.parametrize(
    ("total", "size", "draws"),
    [
        *(
            (total, size, draws)
            for total, size in ((1, 1), (5, 1), (9, 4), (6, 6))
            for draws in (1, 256, 257, 600)
        ),
        (600, 280, 1000),
    ],
)
def test_shuffled_rows_are_the_first_of_a_sort_of_random_keys(total, size, draws):
    found = resampling.shuffled(total, size, draws, 4, 3)
    stream, expected = rng.stream(4, 2, 3), []
    for row in range(draws):
        keys = rng.bits(stream, np.arange(row * total, (row + 1) * total, dtype=np.uint64)).tolist()
        expected.append(sorted(range(total), key=keys.__getitem__)[:size])
    assert found.tolist() == expected


def test_no_draws_are_no_rows():
    empty = resampling.shuffled(5, 3, 0, 1)
    assert (empty.shape, empty.dtype) == ((0, 3), np.int64)


def test_middle_is_95_percent_of_the_finite_values():
    assert resampling.middle(np.arange(1001.0)) == pytest.approx((25, 975))
    assert resampling.middle(np.array([np.nan, 3, np.inf, -np.inf])) == (3, 3)
    assert resampling.middle(np.array([np.nan])) is None
    assert resampling.middle(np.array([])) is None


def test_interval_and_band_are_the_middle_of_a_value_over_draws():
    words, options = np.random.default_rng(0).normal(size=40), Options(resamples=80, draws=90, seed=6)

    def mean(rows):
        return words[rows].mean(1)

    drawn = resampling.resampled(40, options)
    assert resampling.interval(mean, 40, options) == resampling.middle(mean(drawn))
    assert resampling.interval(mean, 2, options) is not None
    assert resampling.interval(mean, 1, options) is None
    assert resampling.interval(mean, 40, Options(resamples=0)) is None
    drawn = resampling.shuffled(40, 6, 90, 6)
    assert resampling.null_band(mean, 40, 6, options) == resampling.middle(mean(drawn))
    assert resampling.null_band(mean, 40, 6, Options(draws=0)) is None
