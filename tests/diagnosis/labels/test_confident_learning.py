"""Confident learning against the formula written as loops, and on labels that were flipped on purpose."""

import numpy as np
import pytest

from seqkit.core.errors import ShapeError
from seqkit.diagnosis.labels.confident_learning import find_label_errors


def draw(size, classes, seed, noise):
    """Calibrated, sharp probabilities of true classes, and labels of which some are flipped."""
    random = np.random.default_rng(seed)
    true = random.integers(classes, size=size)
    logits = random.normal(size=(size, classes)) + 5 * np.eye(classes)[true]
    probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    flipped = random.random(size) < noise
    return probs, np.where(flipped, (true + random.integers(1, classes, size=size)) % classes, true), flipped


def test_joint_and_share_are_those_of_the_formula():
    probs, given, _ = draw(200, 3, 1, 0.2)
    thresholds = [np.mean([p[j] for p, y in zip(probs, given, strict=True) if y == j]) for j in range(3)]
    counts = np.zeros((3, 3))
    for p, y in zip(probs, given, strict=True):
        passed = [j for j in range(3) if p[j] >= thresholds[j]]
        if passed:
            counts[y, max(passed, key=lambda j: p[j])] += 1
    joint = np.array([counts[i] / counts[i].sum() * (given == i).sum() for i in range(3)])
    found = find_label_errors(probs, given)
    np.testing.assert_allclose(found.joint, joint)
    assert found.share == pytest.approx(1 - np.trace(joint) / 200)
    assert found.joint.sum() == pytest.approx(200)


def test_flipped_labels_are_found_and_their_share_lies_in_the_interval():
    probs, given, flipped = draw(2000, 4, 2, 0.15)
    found = find_label_errors(probs, given)
    assert found.interval[0] < 0.15 < found.interval[1]
    assert flipped[found.suspects].mean() > 0.9
    assert flipped[found.suspects].sum() > 0.7 * flipped.sum()
    assert found.judged
    assert found.plateau


def test_clean_labels_of_hard_texts_are_no_plateau():
    random = np.random.default_rng(3)
    sure = random.random(1000)  # some rows are easy, some are not; the model knows which
    p = 0.5 + 0.5 * sure
    given = (random.random(1000) > p).astype(int)
    found = find_label_errors(np.stack([p, 1 - p], 1), given)
    assert not found.plateau


def test_a_model_that_knows_nothing_is_not_heard():
    random = np.random.default_rng(4)
    probs = random.dirichlet([5, 5], size=500)
    assert not find_label_errors(probs, random.integers(2, size=500)).judged


def test_sizes_that_differ_and_classes_without_a_row_are_told():
    with pytest.raises(ShapeError, match="a row for each class"):
        find_label_errors(np.full((3, 2), 0.5), np.zeros(3, int))
