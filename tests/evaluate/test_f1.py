"""F1 and the report of a classification are scikit-learn's numbers, from sums that may be taken over any part."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from seqkit.evaluate.classification import classification
from seqkit.evaluate.metrics.f1 import F1


def labels(seed, n=200, classes=4):
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, classes, n)
    return np.where(draw.random(n) < 0.6, truth, draw.integers(0, classes, n)), truth


@pytest.mark.parametrize("seed", [1, 2])
def test_f1_is_that_of_scikit_learn(seed):
    found, truth = labels(seed)
    metric = F1(4)
    assert metric.value(metric.stats(found, truth).sum(0)) == pytest.approx(
        f1_score(truth, found, average="macro")
    )


def test_the_value_of_parts_is_that_of_their_sum():
    found, truth = labels(3)
    metric = F1(4)
    stats = metric.stats(found, truth)
    assert metric.value(stats[:70].sum(0) + stats[70:].sum(0)) == metric.value(stats.sum(0))


def test_classes_that_did_not_come_do_not_count_and_no_items_are_nan():
    metric = F1(9)
    assert metric.value(metric.stats(np.array([0, 1]), np.array([0, 1])).sum(0)) == 1
    assert np.isnan(metric.value(np.zeros(27)))


def test_a_report_has_scikit_learns_numbers_and_leaves_out_missing_labels():
    found, truth = labels(4)
    truth[:17] = -1
    report = classification(found, truth, "abcd", {"model": "m"})
    f, t = found[17:], truth[17:]
    assert (report.accuracy.value, report.accuracy.count, report.accuracy.missing) == (
        accuracy_score(t, f),
        183,
        17,
    )
    assert report.f1.value == pytest.approx(f1_score(t, f, average="macro"))
    np.testing.assert_allclose(report.by_class.T, precision_recall_fscore_support(t, f)[:3])
    np.testing.assert_array_equal(report.confusion, confusion_matrix(t, f))
    low, high = report.accuracy.interval
    assert low < report.accuracy.value < high
    assert report.to_json()["by_class"]["a"]["count"] == int((t == 0).sum())


def test_a_class_never_found_has_no_precision_and_no_json_nan():
    report = classification(np.array([0, 0]), np.array([0, 1]), ["x", "y"], {})
    assert report.to_json()["by_class"]["y"] == {"precision": None, "recall": 0.0, "f1": 0.0, "count": 1}
