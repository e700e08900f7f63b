"""Every bias measure: of random vectors it calls few biased, of vectors with a strong planted bias most.

The spaces are those of `python -m benchmarks calibration`. Seeds are fixed, so a test that passes once passes always;
the bounds are those that one measure in ten thousand would break by chance, if "biased" were said at a rate of 5 %.
"""

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.calibration import SMALL, Plan, chooses, names, rate
from seqkit.debias.measuring.base import Options
from seqkit.debias.removal.methods import methods

NARROW = Plan(words=160, dim=16)
WIDE = Plan(words=160, dim=16, spread=0.5)  # three times as wide in one direction as in another
RECOVERY = [name for name in names() if name.startswith("gonen")]


def options(name):
    """As few draws as make a band, where each costs a classifier."""
    return Options(resamples=100, draws=19 if chooses(name) else 200)


def most(total):
    return int(binom.ppf(1 - 1e-4, total, 0.05))


@pytest.mark.parametrize("name", names())
def test_law_random_vectors_are_not_called_biased(name):
    spaces = 6 if chooses(name) else 15
    hits, total = np.sum([rate(name, 0.0, range(spaces), options(name), plan=p) for p in (NARROW, WIDE)], 0)
    assert total >= 2 * spaces
    assert hits <= most(total) < total


WEAK = ("ect", "gonen-neighbours", "mac")  # in so few words: they claim less than half of these


@pytest.mark.parametrize("name", [name for name in names() if name not in WEAK])
def test_law_a_strong_planted_bias_is_found(name):
    hits, total = rate(name, 4.0, range(4), options(name))
    assert hits >= total / 2


@pytest.mark.parametrize("after", methods.names())
def test_law_random_vectors_are_not_called_biased_after_any_removal(after):
    found = [rate(name, 0.0, range(2), options(name), after, NARROW) for name in RECOVERY]
    hits, total = np.sum(found, 0)
    assert hits <= most(total) < total


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_law_of_a_thousand_random_spaces_one_in_twenty_at_most_is_called_biased(name):
    hits, total = rate(name, 0.0, range(1000), Options(resamples=300), plan=NARROW)
    assert hits <= 0.05 * total


@pytest.mark.slow
@pytest.mark.parametrize("after", methods.names())
@pytest.mark.parametrize("name", RECOVERY)
def test_law_after_any_removal_one_in_twenty_random_spaces_at_most_is_called_biased(name, after):
    hits, total = rate(name, 0.0, range(100), options(name), after, NARROW)
    assert hits <= binom.ppf(0.95, total, 0.05)


def test_the_bounds_would_be_broken_by_a_measure_that_calls_every_second_space_biased():
    assert all(most(total) <= total / 2 for total in (8, 12, 30))
    assert set(SMALL) <= set(methods.names())
