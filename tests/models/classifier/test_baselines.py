"""The ladder puts every model on the same texts and says so when word order was not worth it."""

import numpy as np
import pytest

from seqkit.core.score import Score
from seqkit.models.classifier.baselines import TFIDF, Ladder, Rung, gain, judge, simple
from seqkit.models.classifier.model import TextClassifier

BAGS = [("good film", 1), ("bad film", 0), ("a good play", 1), ("a bad play", 0), ("warm and good", 1)] * 8
ORDER = [
    ("not good but bad", 0),
    ("not bad but good", 1),
    ("good and not bad", 1),
    ("bad and not good", 0),
] * 20


def climb(rows, test, y=None, kept="recurrent", **settings):
    texts, labels = zip(*rows, strict=True)
    train = (texts, y or labels)
    usual = {"unit": "whitespace", "embed_dim": 8, "epochs": 10, "batch": 8} | settings
    recurrent = {"reader": "recurrent", "hidden_size": 8, "lr": 0.02}
    pair = [TextClassifier(**usual).fit(*train), TextClassifier(**usual | recurrent).fit(*train)]
    return Ladder([*simple(train, test, pair[0].options), *(judge(one, test) for one in pair)], kept)


def test_all_rungs_stand_on_the_same_labels_and_the_majority_is_the_first():
    texts, labels = zip(*BAGS[:13], strict=True)
    found = climb(BAGS, (texts, [*labels[:12], None]))
    assert [rung.name for rung in found.rungs] == ["majority", TFIDF, "averaged", "recurrent"]
    assert {(r.accuracy.count, r.accuracy.missing) for r in found.rungs} == {(12, 1)}
    assert found.rungs[0].accuracy.value == pytest.approx(np.mean([y == 1 for y in labels[:12]]))
    assert [r.accuracy.value for r in found.rungs[1:]] == [1.0, 1.0, 1.0]
    assert "recurrent and averaged cannot be told apart (+0.0 points" in found.verdict
    assert found.to_json()["rungs"][1]["model"] == TFIDF


def test_where_order_decides_the_recurrent_network_wins_and_it_is_said():
    found = climb(ORDER, tuple(zip(*ORDER, strict=True)))
    by_name = {rung.name: rung.accuracy.value for rung in found.rungs}
    assert by_name["recurrent"] == 1.0
    assert max(by_name["averaged"], by_name[TFIDF], by_name["majority"]) <= 0.75
    assert "recurrent beats averaged (+" in found.verdict
    other = Ladder(found.rungs, "averaged").verdict
    assert "averaged is kept, but recurrent beats it (-" in other
    assert "Train with --reader recurrent to keep that one." in other


def rung(name, right, epochs=1):
    right = np.array(right, bool)
    return Rung(name, Score("accuracy", right.mean(), len(right)), right, 0.0, epochs)


def test_few_labels_decide_nothing():
    """Percentile intervals of a bootstrap would be +100 to +100 points, and 0 to 0."""
    assert gain(rung("a", [1, 1]), rung("b", [0, 0])).interval[0] < 0
    low, high = gain(rung("a", [1] * 10), rung("b", [1] * 10)).interval
    assert low == -high < -0.1


def test_an_interval_is_that_of_agresti_and_min():
    """51 labels that only the one has right, 49 that only the other has: by hand (2/102) ± 1.96 · √(101 - 4/102)/102."""
    right = np.arange(100) < 51
    found = gain(rung("a", right), rung("b", ~right))
    assert found.interval == pytest.approx((2 / 102 - 0.193078, 2 / 102 + 0.193078), abs=1e-5)
    assert "a and b cannot be told apart" in Ladder([rung("a", right), rung("b", ~right)], "a").verdict


def test_a_choice_of_epochs_on_the_same_labels_widens_the_interval():
    """Twenty epochs that all answer at random: the best of them seems better, and must not be called so."""
    random, n, claimed = np.random.default_rng(3), 200, {1: 0, 20: 0}
    for _ in range(100):
        answers = random.random((20, n)) < 0.5
        best, other = answers[answers.sum(1).argmax()], random.random(n) < 0.5
        for epochs in claimed:
            claimed[epochs] += gain(rung("a", best, epochs), rung("b", other)).interval[0] > 0
    assert claimed[1] >= 20
    assert claimed[20] <= 5


def test_several_tasks_with_missing_labels_climb_too():
    texts = [text for text, _ in BAGS]
    y = [
        [label, "play" if "play" in text else None if i % 7 == 0 else "other"]
        for i, (text, label) in enumerate(BAGS)
    ]
    found = climb(BAGS, (texts, y), y)
    missing = sum(row[1] is None for row in y)
    assert {(r.accuracy.count, r.accuracy.missing) for r in found.rungs} == {(80 - missing, missing)}
    assert found.rungs[1].accuracy.value == 1.0


def test_a_rare_class_is_found_with_balanced_weights():
    texts, labels = ["a b"] * 30 + ["a c"] * 3, [0] * 30 + [1] * 3
    train = (texts, labels)
    weighted = TextClassifier(unit="whitespace", class_weight="balanced")
    assert simple(train, train, weighted.options)[1].accuracy.value == 1.0
