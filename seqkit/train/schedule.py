"""Learning rates as functions of progress: 0 at the first step, 1 after the last."""

from collections.abc import Callable

from seqkit.core.errors import OptionError

Schedule = Callable[[float], float]


def constant(lr: float) -> Schedule:
    """The same rate all the way."""
    _check(lr)
    return lambda progress: lr


def linear(lr: float, final: float | None = None) -> Schedule:
    """lr + progress · (final - lr); final is lr / 10,000 if not given, as in word2vec.

    >>> linear(0.1, 0.0)(0.25)
    0.07500000000000001
    """
    _check(lr)
    end = lr * 1e-4 if final is None else final
    return lambda progress: lr + progress * (end - lr)


def _check(lr: float) -> None:
    if not 0 < lr < float("inf"):
        raise OptionError(f"lr: {lr!r} came, allowed is a number above 0.")
