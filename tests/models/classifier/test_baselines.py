"""The ladder puts every model on the same texts and says so when word order was not worth it."""

import numpy as np
import pytest

from seqkit.core.score import Score
from seqkit.models.classifier.baselines import TFIDF, Ladder, Rung, ladder
from seqkit.models.classifier.model import TextClassifier

BAGS = [("good film", 1), ("bad film", 0), ("a good play", 1), ("a bad play", 0), ("warm and good", 1)] * 8
ORDER = [
    ("not good but bad", 0),
    ("not bad but good", 1),
    ("good and not bad", 1),
    ("bad and not good", 0),
] * 20


def pair(**settings):
    usual = {"unit": "whitespace", "embed_dim": 8, "epochs": 10, "hidden_size": 8, "batch": 8} | settings
    return [TextClassifier(**usual), TextClassifier(**(usual | {"reader": "recurrent", "lr": 0.02}))]


def climb(rows, test, y=None, **settings):
    texts, labels = zip(*rows, strict=True)
    train = (texts, y or labels)
    return ladder(train, test, pair(**settings), lambda model: model.fit(*train))


def test_all_rungs_stand_on_the_same_labels_and_the_majority_is_the_first():
    texts, labels = zip(*BAGS[:13], strict=True)
    found = climb(BAGS, (texts, [*labels[:12], None]))
    assert [rung.name for rung in found.rungs] == ["majority", TFIDF, "averaged", "recurrent"]
    assert {(r.accuracy.count, r.accuracy.missing) for r in found.rungs} == {(12, 1)}
    assert found.rungs[0].accuracy.value == pytest.approx(np.mean([y == 1 for y in labels[:12]]))
    assert [r.accuracy.value for r in found.rungs[1:]] == [1.0, 1.0, 1.0]
    assert "does not beat the averaged vectors (+0.0 points" in found.verdict
    assert found.to_json()["rungs"][1]["model"] == TFIDF


def test_where_order_decides_the_recurrent_network_wins_and_it_is_said():
    found = climb(ORDER, tuple(zip(*ORDER, strict=True)))
    by_name = {rung.name: rung.accuracy.value for rung in found.rungs}
    assert by_name["recurrent"] == 1.0
    assert max(by_name["averaged"], by_name[TFIDF], by_name["majority"]) <= 0.75
    assert found.verdict.startswith("The recurrent network beats the averaged vectors (+")


def test_a_gain_within_chance_is_called_so():
    right = np.array([True] * 51 + [False] * 49)
    rungs = [
        Rung(name, Score("accuracy", r.mean(), 100), r, 0.0)
        for name, r in (("averaged", right), ("recurrent", right[::-1] | (np.arange(100) == 5)))
    ]
    assert "no more than chance may give" in Ladder(rungs).verdict


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
    found = ladder(train, train, pair(class_weight="balanced", epochs=1), lambda model: model.fit(*train))
    assert found.rungs[1].accuracy.value == 1.0
