"""The cases of a law over several axes: few in which any two values of two axes meet, and the others marked slow."""

import itertools

import pytest


def covering(*axes):
    """The product of `axes` for parametrize.

    Most faults show at one value or at two together; the cases not marked slow hold all of these.
    """
    every = list(itertools.product(*(range(len(axis)) for axis in axes)))
    missing = {pair for case in every for pair in _pairs(case)}
    chosen = set()
    while missing:
        best = max(every, key=lambda case: len(missing & _pairs(case)))  # the first of equals
        chosen.add(best)
        missing -= _pairs(best)
    return [
        pytest.param(
            *(axis[i] for axis, i in zip(axes, case, strict=True)),
            marks=() if case in chosen else pytest.mark.slow,
        )
        for case in every
    ]


def _pairs(case):
    return set(itertools.combinations(enumerate(case), 2))
