"""The four gaps, their names by their intervals alone, and the causes that account for them."""

import json

import numpy as np
import pytest

from seqkit.core.errors import FormatError
from seqkit.diagnosis.causes import explain, high_rate, label_noise, leak, signs
from seqkit.diagnosis.gaps import errors, gaps
from seqkit.diagnosis.labels.confident_learning import LabelErrors


def flags(rate, size=1000):
    return np.arange(size) < rate * size


def named(wrong, **how):
    return [finding.name for finding in gaps(errors(wrong), **how) if finding.named]


FOUR = ("train", "train-dev", "dev", "test")


@pytest.mark.parametrize(
    ("rates", "faults"),
    [
        ((0.01, 0.02, 0.02, 0.02), []),
        ((0.20, 0.21, 0.21, 0.21), ["avoidable bias"]),
        ((0.01, 0.20, 0.20, 0.20), ["variance"]),
        ((0.01, 0.02, 0.20, 0.20), ["data mismatch"]),
        ((0.01, 0.02, 0.02, 0.20), ["overfitting to dev"]),
        ((0.10, 0.30, 0.60, 0.60), ["data mismatch", "variance", "avoidable bias"]),  # largest first
    ],
)
def test_gaps_are_named_as_the_course_has_them(rates, faults):
    assert named({name: flags(rate) for name, rate in zip(FOUR, rates, strict=True)}, human=0.01) == faults


def test_a_gap_of_few_rows_is_not_named():
    assert named({"train": flags(0.0, 20), "dev": flags(0.1, 20)}) == []
    assert named({"train": flags(0.0, 2000), "dev": flags(0.1, 2000)}) == ["variance"]


def test_without_a_train_dev_part_variance_is_dev_minus_train_and_says_what_it_holds():
    found = {
        finding.name: finding for finding in gaps(errors({"train": flags(0.0), "dev": flags(0.2)}), human=0.0)
    }
    assert found["variance"].formula == "dev − train"
    assert "data mismatch too" in found["variance"].note
    assert set(found) == {"avoidable bias", "variance"}
    assert found["variance"].value == pytest.approx(0.2)
    low, high = found["variance"].interval
    assert low < 0.2 < high < 0.24


def test_human_error_lowers_the_bias_and_its_absence_is_said():
    assert named({"train": flags(0.2), "dev": flags(0.2)}, human=0.19) == []
    (bias, _) = gaps(errors({"train": flags(0.2), "dev": flags(0.2)}))
    assert "no human error was given" in bias.note


def test_a_leak_is_named_with_the_error_of_copies_and_of_the_rest():
    found = leak("test", flags(0.3, 100), np.arange(100) >= 80, of="train")
    assert found.named
    assert found.note == "error 0.000 on the 30 copies, 0.286 on the 70 other rows"
    assert not leak("test", flags(0.01, 100), flags(0.0, 100), of="train").named


def label_errors(share, error, sure, chance=0.5):
    return LabelErrors(
        np.eye(2),
        share,
        (share - 0.02, share + 0.02),
        np.zeros(0, int),
        np.zeros(100, int),
        error,
        sure,
        chance,
    )


def test_wrong_labels_are_told_from_hard_texts_and_from_a_weak_judge():
    assert label_noise(label_errors(0.2, 0.24, 0.2)).named
    assert not label_noise(label_errors(0.2, 0.24, 0.05)).named  # the surer half is right
    assert not label_noise(label_errors(0.2, 0.45, 0.4)).named  # hardly better than chance
    assert not label_noise(label_errors(0.2, 0.24, 0.2), worse=0.1).named  # the model knows better
    assert not label_noise(label_errors(0.2, 0.24, 0.2), human=0.25).named  # people err as often


def test_a_rate_is_too_high_when_a_tenth_ends_lower_by_a_tenth_of_guessing():
    high, low = np.full(30, 2.0) + np.arange(30) % 2, np.full(30, 0.5)
    assert high_rate(high, low, 0.1, [], guessing=1.0).named
    assert not high_rate(low + 0.05, low, 0.1, [], guessing=1.0).named
    broke = high_rate(np.zeros(0), low, 0.1, ["loss became nan"], guessing=1.0)
    assert broke.named
    assert json.dumps(broke.to_json(), allow_nan=False)


def test_a_named_cause_takes_the_bias_upon_itself():
    found = gaps(errors({"train": flags(0.2), "dev": flags(0.2)}), human=0.0)
    noise = label_noise(label_errors(0.2, 0.24, 0.2))
    marked = explain([noise, *found], {"train": 0.2}, human=0.0, least=0.02)
    assert [finding.name for finding in marked if finding.fault] == ["label noise"]
    assert next(f for f in marked if f.name == "avoidable bias").explained_by == "label noise"
    marked = explain(
        [noise, *gaps(errors({"train": flags(0.4), "dev": flags(0.4)}), human=0.0)],
        {"train": 0.4},
        human=0.0,
        least=0.02,
    )
    assert [finding.name for finding in marked if finding.fault] == ["label noise", "avoidable bias"]


def test_signs_are_seen_in_rising_and_spiking_losses_only():
    assert signs(np.linspace(0.7, 0.1, 40), [0.5, 0.2, 0.1], 0.69) == []
    assert "rose from 0.4 to 0.6" in signs([], [0.5, 0.4, 0.6], 0.69)[0]
    assert "guessing gives 0.69" in signs([], [0.7, 0.68], 0.69)[0]
    spiky = np.full(40, 0.3)
    spiky[30] = 9.0
    assert "the loss of 1 of the last 30 steps" in signs(spiky, [0.5, 0.3], 0.69)[0]


def test_an_empty_part_is_told():
    with pytest.raises(FormatError, match="dev: got no row"):
        errors({"dev": np.zeros(0, bool)})
