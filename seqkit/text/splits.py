"""Splits: rows assigned to train, train-dev, dev, test or folds, each with its share of every label.

Rows of one group stay together. Not handled: splits by time, more than one label a row, texts that are in
several parts (text.duplicates finds them).
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Annotated

import numpy as np

from seqkit.core import rng
from seqkit.core.errors import FormatError, OptionError
from seqkit.core.types import Array

Parts = dict[str, Annotated[Array, "N"]]


def split(
    labels: Sequence[Hashable],
    shares: Mapping[str, float],
    *,
    groups: Sequence[Hashable] | None = None,
    seed: int = 1,
) -> Parts:
    """The rows of each part, ascending; every row is in one part.

    shares: part -> its share; they sum to 1. Each part gets its share of every label, and of all rows, to
    within two rows. groups: rows of one group (one author, one document) go to one part; shares are then met
    as well as whole groups allow: largest group first, each to the part that is short of its labels most.
    Raises:  OptionError for shares that do not sum to 1; FormatError if a part would be empty, or sizes
             differ.

    >>> {name: len(rows) for name, rows in split("aaaaaabbbb", {"train": 0.8, "dev": 0.2}).items()}
    {'train': 8, 'dev': 2}
    """
    _check(labels, shares, groups)
    _, numbers = np.unique([str(label) for label in labels], return_inverse=True)
    where = (
        _by_rows(numbers, list(shares.values()), seed)
        if groups is None
        else _by_groups(numbers, groups, shares, seed)
    )
    parts = {name: np.flatnonzero(where == i) for i, name in enumerate(shares)}
    for name, rows in parts.items():
        if not len(rows):
            of = "rows" if groups is None else "groups"
            raise FormatError(
                f"split: no row is left for {name!r} (share {shares[name]:g} of {len(labels):,} rows). "
                f"Raise its share, or add more {of}."
            )
    return parts


def folds(
    labels: Sequence[Hashable], count: int, *, groups: Sequence[Hashable] | None = None, seed: int = 1
) -> list[Annotated[Array, "N"]]:
    """`count` parts of equal share, by the rules of `split`.

    Raises:  OptionError for fewer than two; FormatError for more than there are rows or groups.
    """
    if count < 2:
        raise OptionError(f"folds: got {count}, expected at least 2.")
    return list(
        split(labels, {f"fold {i + 1}": 1 / count for i in range(count)}, groups=groups, seed=seed).values()
    )


def check_groups(groups: Mapping[str, Sequence[Hashable]]) -> None:
    """Raise FormatError if a group has rows in two parts: its memorised rows would be counted as skill."""
    seen: dict[Hashable, str] = {}
    for part, names in groups.items():
        for name in dict.fromkeys(names):
            if seen.setdefault(name, part) != part:
                raise FormatError(
                    f"groups: {name!r} has rows in {seen[name]} and in {part}, expected one part. Join the "
                    "files and split them again with whole groups: seqkit diagnose split --group."
                )


def _by_rows(numbers: Array, shares: Sequence[float], seed: int) -> Array:
    """The part of each row: shuffled rows, label by label, go to the part that lacks most at that moment."""
    mixed = rng.permutation(rng.stream(seed, 0), len(numbers))
    where, owed = np.empty(len(numbers), np.int64), [0.0] * len(shares)
    for row in mixed[np.argsort(numbers[mixed], kind="stable")].tolist():
        owed = [due + share for due, share in zip(owed, shares, strict=True)]
        part = owed.index(max(owed))
        owed[part] -= 1
        where[row] = part
    return where


def _by_groups(numbers: Array, groups: Sequence[Hashable], shares: Mapping[str, float], seed: int) -> Array:
    names = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    owner = np.array([names[group] for group in groups])
    table = np.zeros((len(names), numbers.max() + 1))
    np.add.at(table, (owner, numbers), 1)
    missing = np.outer(list(shares.values()), table.sum(0))  # rows of each label that a part still lacks
    mixed = rng.permutation(rng.stream(seed, 1), len(names))
    part_of: Array = np.empty(len(names), np.int64)
    for group in mixed[np.argsort(-table[mixed].sum(1), kind="stable")]:
        after = ((missing - table[group]) ** 2).sum(1) - (missing**2).sum(1)  # how the squared lack changes
        part_of[group] = best = int(np.argmin(after))
        missing[best] -= table[group]
    return part_of[owner]


def _check(
    labels: Sequence[Hashable], shares: Mapping[str, float], groups: Sequence[Hashable] | None
) -> None:
    if not all(0 < share <= 1 for share in shares.values()) or not math.isclose(
        sum(shares.values()), 1, abs_tol=1e-9
    ):
        text = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise OptionError(f"split: got shares {text or 'none'}, expected numbers above 0 that sum to 1.")
    if not len(labels):
        raise FormatError("split: got no row, expected at least one a part. Is the file empty?")
    if groups is not None and len(groups) != len(labels):
        raise FormatError(
            f"split: got {len(groups):,} groups for {len(labels):,} rows, expected one for each row."
        )
