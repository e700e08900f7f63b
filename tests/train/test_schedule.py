"""Schedules start and end where they say."""

import pytest

from seqkit.core.errors import OptionError
from seqkit.train.schedule import constant, linear


def test_linear_starts_at_lr_and_ends_at_a_ten_thousandth_like_word2vec():
    schedule = linear(0.025)
    assert schedule(0.0) == 0.025
    assert schedule(0.5) == pytest.approx(0.02500 * (1 + 1e-4) / 2)
    assert schedule(1.0) == pytest.approx(2.5e-6)


def test_constant_stays():
    assert {constant(0.1)(progress / 7) for progress in range(8)} == {0.1}


@pytest.mark.parametrize("schedule", [constant, linear])
@pytest.mark.parametrize("lr", [0.0, -0.1, float("nan"), float("inf")])
def test_rate_that_cannot_train_is_refused(schedule, lr):
    with pytest.raises(OptionError, match="allowed is a number above 0"):
        schedule(lr)
