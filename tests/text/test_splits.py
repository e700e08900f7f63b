"""Splits: shares of every label, whole groups, the same seed the same rows."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core.errors import FormatError, OptionError
from seqkit.text.splits import check_groups, folds, split

SHARES = {"train": 0.7, "train-dev": 0.1, "dev": 0.1, "test": 0.1}


def draw_labels(size, seed=0):
    return np.random.default_rng(seed).choice(list("abcd"), size=size, p=[0.6, 0.25, 0.1, 0.05]).tolist()


@given(st.integers(40, 400), st.integers(0, 50))
def test_every_row_is_in_one_part_and_each_label_has_its_share_to_within_two_rows(size, seed):
    labels = draw_labels(size, seed)
    parts = split(labels, SHARES, seed=seed)
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(size))
    for label, count in Counter(labels).items():
        for name, rows in parts.items():
            assert abs(sum(labels[i] == label for i in rows) - SHARES[name] * count) < 2


def test_rows_depend_on_the_seed_alone():
    labels = draw_labels(200)
    one, same, other = (split(labels, SHARES, seed=seed)["dev"].tolist() for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_groups_stay_whole_and_shares_are_met_as_well_as_they_allow():
    draw = np.random.default_rng(0)
    labels, groups = draw_labels(1000), draw.integers(100, size=1000).tolist()
    parts = split(labels, {"train": 0.8, "dev": 0.2}, groups=groups)
    assert not {groups[i] for i in parts["train"]} & {groups[i] for i in parts["dev"]}
    assert abs(len(parts["dev"]) - 200) < 15
    rare = sum(labels[i] == "d" for i in parts["dev"]) / sum(label == "d" for label in labels)
    assert abs(rare - 0.2) < 0.1


def test_folds_are_equal_and_hold_every_label():
    labels = ["x"] * 50 + ["y"] * 10
    for rows in folds(labels, 5):
        assert Counter(labels[i] for i in rows) == {"x": 10, "y": 2}


def test_bad_shares_empty_parts_and_groups_in_two_parts_are_told():
    with pytest.raises(
        OptionError, match=r"got shares train 0.8, dev 0.1, expected numbers above 0 that sum to 1"
    ):
        split("ab", {"train": 0.8, "dev": 0.1})
    with pytest.raises(FormatError, match=r"no row is left for 'dev' \(share 0.1 of 2 rows\)"):
        split("ab", {"train": 0.9, "dev": 0.1})
    with pytest.raises(FormatError, match="more groups"):
        split("abab", {"train": 0.5, "dev": 0.5}, groups=[1, 1, 1, 1])
    with pytest.raises(FormatError, match="got no row"):
        split([], {"train": 1.0})
    with pytest.raises(FormatError, match="got 3 groups for 2 rows"):
        split("ab", {"train": 1.0}, groups=[1, 2, 3])
    with pytest.raises(OptionError, match="at least 2"):
        folds("ab", 1)
    check_groups({"train": ["anna", "anna"], "dev": ["ben"]})
    with pytest.raises(FormatError, match="'anna' has rows in train and in dev"):
        check_groups({"train": ["anna"], "dev": ["ben", "anna"]})
