"""Diagnosis: each planted fault is the first one named, a sound run has none; any classifier will do; bad parts are told."""

import json

import faulty_classifiers
import numpy as np
import pytest

from seqkit.core.errors import FormatError, OptionError, TrainingError
from seqkit.diagnosis.diagnose import diagnose, save
from seqkit.diagnosis.labels.linear import LinearClassifier, out_of_fold
from seqkit.diagnosis.options import DiagnoseOptions
from seqkit.diagnosis.parts import Part
from seqkit.diagnosis.result import Diagnosis
from seqkit.evaluate.choice import Limit

QUICK = DiagnoseOptions(human=0.01, sizes=False, timed=2)


class Linear(LinearClassifier):
    """The linear classifier as scikit-learn has it, with a rate at which it may break off."""

    def __init__(self, strength=10.0, lr=0.1):
        super().__init__(strength)
        self.lr = lr

    def get_params(self):
        return {"strength": self.strength, "lr": self.lr}

    def fit(self, texts, labels):
        if self.lr > 1:
            raise TrainingError(f"fit: loss became nan (lr {self.lr:g})")
        return super().fit(texts, labels)


@pytest.mark.slow
@pytest.mark.parametrize("name", faulty_classifiers.FAULTS)
def test_the_planted_fault_is_the_first_one_named(name):
    model, parts = getattr(faulty_classifiers, name)()
    found = diagnose(model, parts, options=QUICK)
    fault = faulty_classifiers.FAULTS[name]
    assert found.faults[:1] == ([fault] if fault else [])
    allowed = {None: [], "avoidable bias": ["variance"], "label noise": ["variance"]}
    assert set(found.faults[1:]) <= set(allowed.get(fault, []))
    first = found.findings[0]
    assert not fault or (first["actions"] and (first["interval"] is None or first["interval"][0] > 0.02))


@pytest.fixture(scope="module")
def found():
    parts = faulty_classifiers.parts(
        train=faulty_classifiers.part(200, 0), dev=faulty_classifiers.part(80, 2)
    )
    dev = parts["dev"]
    parts["dev"] = Part(
        dev.texts, dev.labels, slices={"source": ["mail" if i % 2 else "web" for i in range(80)]}
    )
    told = []
    result = diagnose(
        Linear(), parts, options=DiagnoseOptions(timed=2), limits=[Limit.parse("ms<=1e9")], report=told.append
    )
    assert told[0] == "looking for copies"
    return result


def test_tables_are_whole_and_agree_with_each_other(found, tmp_path):
    errors = {score["name"]: score for score in found.errors}
    assert list(errors) == ["train", "train-dev", "dev", "test"]
    assert all(score["count"] and score["interval"] for score in found.errors)
    assert errors["dev"]["value"] == pytest.approx(1 - found.values["accuracy"])
    assert len(found.wrong) == round(errors["dev"]["value"] * 80)
    assert sum(map(sum, found.classes["confusion"])) == 80
    assert [row["rows"] for row in found.sizes] == [25, 50, 100, 200]
    assert found.sizes[-1]["dev"]["value"] == errors["dev"]["value"]
    assert [row["loss"] for row in found.examples] == sorted(
        (row["loss"] for row in found.examples), reverse=True
    )
    assert {"source = mail", "source = web", "label = topic 0", "no new word"} <= {
        row["slice"] for row in found.slices
    }
    assert found.limits == [{"limit": "ms <= 1e+09", "value": found.values["ms"], "met": True}]
    assert {b["name"]: b["value"] for b in found.baseline}["dev"] == errors["dev"]["value"]  # the same model
    save(found, tmp_path / "d.json")
    assert Diagnosis.load(tmp_path / "d.json").to_json() == json.loads(json.dumps(found.to_json()))


def test_the_same_data_give_the_same_tables_but_for_time():
    parts = faulty_classifiers.parts(train=faulty_classifiers.part(100, 0))
    one, two = (diagnose(Linear(), parts, options=QUICK).to_json() for _ in range(2))
    for name in ("ms", "ms_batched"):
        one["values"].pop(name), two["values"].pop(name)
    assert json.dumps(one) == json.dumps(two)


def test_a_run_that_breaks_off_is_diagnosed_at_a_tenth_of_the_rate():
    class Logged(Linear):
        def fit(self, texts, labels, logs=()):
            super().fit(texts, labels)
            from seqkit.core.score import Loss
            from seqkit.train.progress import Progress

            for log in logs:
                log.step(Progress(1, 1, 1, 1, Loss(0.5, 1), 0.1, 1.0, 0.0))

    found = diagnose(Logged(lr=5.0), faulty_classifiers.parts(), options=QUICK)
    assert found.faults[0] == "learning rate too high"
    assert "loss became nan (lr 5)" in found.findings[0]["note"]
    with pytest.raises(TrainingError, match="lr 50"):
        diagnose(Linear(lr=500.0), faulty_classifiers.parts(), options=QUICK)


def test_bad_parts_are_told_before_anything_is_trained():
    class Never(Linear):
        def fit(self, texts, labels):
            raise AssertionError("trained")

    train, dev = Part(["a b", "c d"], ["x", "y"]), Part(["a"], ["x"])
    for parts, kind, text in [
        ({"train": train}, OptionError, "got the parts train, expected dev too"),
        ({"train": train, "dev": dev, "tset": dev}, OptionError, "unknown part 'tset'.*Did you mean 'test'"),
        ({"train": train, "dev": Part([], [])}, FormatError, "dev: got 0 texts and 0 labels"),
        (
            {"train": Part(["a", "b"], ["x", "x"]), "dev": dev},
            FormatError,
            "got only the label 'x', expected at least two",
        ),
        (
            {"train": train, "dev": Part(["a"], ["z"])},
            FormatError,
            r"dev: the label 'z' \(1 rows\) is not among .*\(x, y\)",
        ),
        (
            {"train": Part(["a b", "c"], ["x", "y"], ["anna", "ben"]), "dev": Part(["d"], ["x"], ["ben"])},
            FormatError,
            "'ben' has rows in train and in dev",
        ),
    ]:
        with pytest.raises(kind, match=text):
            diagnose(Never(), parts)


def test_out_of_fold_probabilities_never_saw_their_row():
    texts = [f"own{i} {'good' if i % 2 else 'bad'}" for i in range(40)]
    labels = [str(i % 2) for i in range(40)]
    labels[0] = "1"  # wrong, and memorable by its own word
    probs = out_of_fold(texts, labels, count=5)
    assert probs[0].argmax() == 0
    assert probs.sum(1) == pytest.approx(np.ones(40))
