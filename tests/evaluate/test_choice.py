"""One metric to optimise, the others to satisfy; F1 against counting; slices against the rest."""

import numpy as np
import pytest

from seqkit.core.errors import OptionError
from seqkit.diagnosis.slices import bands, most_confused, slices
from seqkit.evaluate.choice import Limit, choose
from seqkit.evaluate.metrics.f1 import F1

MODELS = {
    "mean": {"accuracy": 0.90, "ms": 0.2},
    "lstm": {"accuracy": 0.95, "ms": 4.0},
    "big": {"accuracy": 0.97, "ms": 40.0},
}


def test_the_best_of_those_that_keep_to_the_limits_is_chosen():
    found = choose(MODELS, limits=[Limit.parse("ms<=10")])
    assert (found.best, found.order, found.broken) == ("lstm", ["lstm", "mean"], {"big": ["ms <= 10"]})
    assert choose(MODELS).best == "big"
    assert choose(MODELS, optimise="ms", lower=True, limits=[Limit.parse("accuracy >= 0.92")]).best == "lstm"
    assert choose(MODELS, limits=[Limit.parse("ms<=0.1")]).best is None
    assert choose({"a": {"accuracy": float("nan")}, "b": {"accuracy": 0.1}}).best == "b"


def test_limits_and_metrics_that_are_none_are_told():
    for bad in ("ms", "ms<5", "ms<=fast", "<=5"):
        with pytest.raises(OptionError, match=r"expected metric<=number or metric>=number, such as ms<=5"):
            Limit.parse(bad)
    with pytest.raises(
        OptionError, match="'acuracy' was not measured; measured: accuracy, ms. Did you mean 'accuracy'"
    ):
        choose(MODELS, optimise="acuracy")


def test_f1_is_that_of_counting():
    random = np.random.default_rng(0)
    said, is_ = random.integers(3, size=200), random.integers(3, size=200)
    metric = F1(4)  # class 3 never comes
    table = metric.by_class(metric.stats(said, is_).sum(0))
    for c in range(3):
        right = sum((a == c) & (b == c) for a, b in zip(said, is_, strict=True))
        p, r = right / (said == c).sum(), right / (is_ == c).sum()
        assert table[c] == pytest.approx([p, r, 2 * p * r / (p + r)])
    assert np.isnan(table[3]).all()
    assert metric.value(metric.stats(said, is_).sum(0)) == pytest.approx(table[:3, 2].mean())
    assert np.isnan(metric.value(np.zeros(12, np.int64)))
    with pytest.raises(OptionError, match="got no references"):
        metric.stats(said)


def test_slices_are_compared_with_the_rest_and_only_sure_ones_called_worse():
    wrong = np.arange(400) < 80
    inside = np.arange(400) < 100
    found = {
        row["slice"]: row
        for row in slices(wrong, {"first": inside, "few": np.arange(400) % 200 == 0, "all": wrong | True})
    }
    assert (found["first"]["error"], found["first"]["difference"], found["first"]["worse"]) == (
        0.8,
        0.8,
        True,
    )
    assert found["few"]["error"] == 0.5
    assert not found["few"]["worse"]
    assert found["all"]["difference"] is None


def test_bands_hold_every_row_once_and_confusions_are_sorted():
    values = np.array([1, 1, 1, 1, 5, 6, 7, 9])
    found = bands(values, "words")
    assert sum(flags.astype(int) for flags in found.values()).tolist() == [1] * 8
    assert next(iter(found)) == "words 1"
    counts = np.array([[5, 1, 0], [4, 6, 0], [0, 0, 3]])
    assert [(c["label"], c["called"], c["rows"], c["share"]) for c in most_confused(counts, "abc")] == [
        ("b", "a", 4, 0.4),
        ("a", "b", 1, 1 / 6),
    ]
