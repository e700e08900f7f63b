"""Texts with any number of labels: each is found by itself, from Python and from a file."""

import numpy as np
import pytest
from in_process import refused, run

from seqkit.core.errors import FormatError, OptionError
from seqkit.evaluate.classification import sets_of_labels
from seqkit.models.classifier.labels import Targets
from seqkit.models.classifier.model import TextClassifier
from seqkit.models.classifier.recurrent import micro_error
from seqkit.text.readers.labelled import labelled

WORDS = {"hot": "warm", "cold": "icy", "big": "huge"}
SETS = [set(), {"hot"}, {"cold"}, {"big"}, {"hot", "big"}, {"cold", "big"}] * 8
TEXTS = [" ".join(["it", "is", *(WORDS[label] for label in sorted(labels))]) for labels in SETS]
AVERAGED = {"unit": "whitespace", "embed_dim": 8, "lr": 0.5, "epochs": 30, "device": "cpu"}
RECURRENT = AVERAGED | {"reader": "recurrent", "hidden_size": 8, "lr": 0.02, "batch": 8}
SUMMED = AVERAGED | {"reader": "summed"}


@pytest.fixture(scope="module", params=[SUMMED, RECURRENT], ids=["summed", "recurrent"])
def model(request):
    return TextClassifier(**request.param).fit(TEXTS, SETS, valid=(TEXTS[:12], SETS[:12]))


def test_each_label_is_found_by_itself(model, tmp_path):
    assert model.classes_.tolist() == ["big", "cold", "hot"]
    assert [set(found) for found in model.predict(TEXTS)] == SETS
    assert model.score(TEXTS, SETS) == 1.0
    model.save(tmp_path / "m")
    again = TextClassifier.load(tmp_path / "m", device="cpu")
    np.testing.assert_array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert again.predict(TEXTS).tolist() == model.predict(TEXTS).tolist()


def test_a_threshold_says_how_likely_a_label_must_be(model):
    chances = model.predict_proba(TEXTS[:6])
    assert chances.shape == (6, 3)
    for threshold in (0.0, 0.2, 0.9, 1.0):
        wanted = [set(model.classes_[row >= threshold].tolist()) for row in chances]
        assert [set(found) for found in model.predict(TEXTS[:6], threshold=threshold)] == wanted
    with pytest.raises(OptionError, match="threshold: got 1.5, expected from 0 to 1"):
        model.predict(TEXTS, threshold=1.5)


def test_p_of_a_label_is_logistic():
    targets = Targets.learn(SETS)
    logits = np.random.default_rng(1).normal(size=(4, 6))
    fitted = TextClassifier(**SUMMED).fit(TEXTS, SETS).fitted
    expected = 1 / (1 + np.exp(logits[:, 0::2] - logits[:, 1::2]))
    np.testing.assert_allclose(fitted.chances(logits), expected, atol=1e-12)
    assert (targets.names, targets.heads.tolist()) == (["big", "cold", "hot"], [0, 2, 4, 6])


def test_scores_are_those_counted_by_hand():
    """Three texts, labels a and b; one a too many, one b missed: tp 2, fp 1, fn 1."""
    found, truth = np.array([[1, 0], [1, 0], [0, 1]]), np.array([[1, 0], [0, 1], [0, 1]])
    told = sets_of_labels(found, np.concatenate([truth, [[-1, -1]]])[:3], ["a", "b"], {})
    assert told.micro_f1.value == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert told.macro_f1.value == pytest.approx(((2 / 3) + (2 / 3)) / 2)
    assert told.accuracy.value == pytest.approx(2 / 3)
    np.testing.assert_allclose(told.by_label, [[1 / 2, 1, 2 / 3], [1, 1 / 2, 2 / 3]])
    assert told.counts.tolist() == [1, 2]
    assert micro_error(found, truth) == pytest.approx(1 - told.micro_f1.value)
    missing = sets_of_labels(found, np.array([[1, 0], [-1, -1], [0, 1]]), ["a", "b"], {})
    assert (missing.accuracy.count, missing.accuracy.missing, missing.accuracy.value) == (2, 1, 1.0)


def test_balanced_weights_and_weights_by_name():
    rare = [{"a"}] * 9 + [{"a", "b"}]
    targets = Targets.learn(rare)
    ids = targets.ids(rare, 10)
    assert targets.weights("balanced", ids).tolist() == pytest.approx([5.0, 0.5, 10 / 18, 5.0])
    assert targets.weights({"b": 3.0}, ids).tolist() == [1, 1, 1, 3]
    with pytest.raises(OptionError, match="class_weight: no label 'c'; known: a, b"):
        targets.weights({"c": 1.0}, ids)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([{"a"}, {3}], r"label 2 is \{3\}, expected a set of str"),
        ([set(), set()], "got no label in any set"),
    ],
)
def test_what_is_wrong_is_said(y, message):
    with pytest.raises(FormatError, match=message):
        Targets.learn(y)


def test_a_label_that_training_lacks_is_named(model):
    with pytest.raises(FormatError, match="'odd', which did not come in training; known: big, cold, hot"):
        model.score(["it is"], [{"odd"}])
    assert model.score(["it is warm"], ["hot"]) == 1.0  # one label stands for the set of it


MARKED = "".join(
    "".join(f"__label__{name} " for name in sorted(s)) + f"{t}\n"
    for s, t in zip(SETS, TEXTS, strict=True)
    if s
)


def test_labels_stand_anywhere_in_a_line(tmp_path):
    (tmp_path / "t.txt").write_text("__label__a __label__b one two\nthree __label__c four\nfive __label__a\n")
    rows = labelled(tmp_path / "t.txt")
    assert [(row.text, set(row.labels[0])) for row in rows] == [
        ("one two", {"a", "b"}),
        ("three four", {"c"}),
        ("five", {"a"}),
    ]
    (tmp_path / "one.txt").write_text("one two __label__a\nthree __label__c\n")
    assert [row.labels for row in labelled(tmp_path / "one.txt")] == [("a",), ("c",)]


def test_lists_in_json_lines_are_sets(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"text": "x", "label": ["a", "b"]}\n{"text": "y", "label": []}\n')
    assert [row.labels for row in labelled(tmp_path / "t.jsonl")] == [(frozenset("ab"),), (frozenset(),)]
    (tmp_path / "bad.jsonl").write_text('{"text": "x", "label": ["a", 3]}\n')
    with pytest.raises(FormatError, match="line 1: got the label 3 in a list"):
        labelled(tmp_path / "bad.jsonl")


def test_from_a_shell(tmp_path):
    (tmp_path / "train.txt").write_text(MARKED)
    small = [
        "--unit",
        "whitespace",
        "--embed-dim",
        8,
        "--lr",
        0.5,
        "--epochs",
        30,
        "--reader",
        "summed",
        "--quiet",
    ]
    run("classify", "train", "train.txt", "--out", "m", *small, cwd=tmp_path)
    found = run("classify", "predict", "m", "it is warm huge", "it is icy", cwd=tmp_path).stdout.splitlines()
    assert [set(line.split("\t")) for line in found] == [{"hot", "big"}, {"cold"}]
    told = run("classify", "eval", "m", "train.txt", cwd=tmp_path).stdout
    assert told.startswith("micro_f1 1.0000")
    said = refused("diagnose", "run", "train.txt", "--out", "p.html", cwd=tmp_path, code=3)
    assert "got several labels, expected one for each text in a diagnosis" in said
