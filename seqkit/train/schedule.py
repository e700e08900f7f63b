"""Learning rates as functions of progress (0 at the first step, 1 after the last) and of the validation.

A schedule is called as schedule(progress, values): `values` are the validation values, one an ended epoch,
lower is better. As nothing else goes in, a resumed run has the rates of one that was never stopped and
nothing has to be saved. In the formulas p = progress and t = p · epochs, a fraction of epochs unless the
formula rounds it.
"""

import inspect
import math
from collections.abc import Callable, Sequence

from seqkit.core.errors import OptionError, did_you_mean

Schedule = Callable[[float, Sequence[float]], float]


def constant(lr: float) -> Schedule:
    """The same rate all the way."""
    _check(lr)
    return lambda progress, values: lr


def linear(lr: float, final: float | None = None) -> Schedule:
    """lr + p · (final - lr); final is lr / 10,000 if not given, as in word2vec.

    >>> linear(0.1, 0.0)(0.25, [])
    0.07500000000000001
    """
    _check(lr, final=(0 if final is None else final, 0, math.inf))
    end = lr * 1e-4 if final is None else final
    return lambda progress, values: lr + progress * (end - lr)


def inverse_time(lr: float, *, epochs: int, decay: float = 1.0) -> Schedule:
    """lr / (1 + decay · t), the course's first decay."""
    _check(lr, decay=(decay, 0, math.inf))
    return lambda progress, values: lr / (1 + decay * progress * epochs)


def exponential(lr: float, *, epochs: int, decay: float = 0.95) -> Schedule:
    """lr · decay^t."""
    _check(lr, decay=(decay, 0, 1))
    return lambda progress, values: lr * decay ** (progress * epochs)


def staircase(lr: float, *, epochs: int, decay: float = 0.5, every: float = 1) -> Schedule:
    """lr · decay^⌊t / every⌋: constant for `every` epochs, then one step down."""
    _check(lr, decay=(decay, 0, 1), every=(every, 1e-3, math.inf))
    # units / total · epochs may come out just below the whole epoch that it is
    return lambda progress, values: lr * decay ** math.floor(progress * epochs / every + 1e-9)


def inverse_sqrt(lr: float, *, epochs: int) -> Schedule:
    """lr / √(t + 1); the course's k / √t with epochs counted from 1."""
    _check(lr)
    return lambda progress, values: lr / math.sqrt(progress * epochs + 1)


def cosine(lr: float, *, warmup: float = 0.0, final: float = 0.0) -> Schedule:
    """Up in a line, down in half a cosine (Loshchilov & Hutter 2017, arXiv:1608.03983, without restarts).

    p < warmup:  lr · p / warmup
    else:        final + (lr - final) · (1 + cos(π · (p - warmup) / (1 - warmup))) / 2
    """
    _check(lr, warmup=(warmup, 0, 0.999), final=(final, 0, math.inf))

    def rate(progress: float, values: Sequence[float]) -> float:
        if progress < warmup:
            return lr * progress / warmup
        return _anneal(lr, final, (progress - warmup) / (1 - warmup))

    return rate


def plateau(lr: float, *, factor: float = 0.25, patience: int = 1) -> Schedule:
    """lr · factor^n, n = how often `patience` epochs in a row did not improve on the best validation value.

    The defaults are those of pytorch/examples word_language_model: a quarter after every epoch that is not
    the best.
    """
    _check(lr, factor=(factor, 1e-6, 1), patience=(patience, 1, math.inf))

    def rate(progress: float, values: Sequence[float]) -> float:
        return lr * factor ** _plateaus(values, patience)

    return _watching(rate)


def one_cycle(lr: float, *, warmup: float = 0.3, start: float = 25.0, end: float = 1e4) -> Schedule:
    """Up from lr / start to lr, down to lr / start / end, both in half a cosine (arXiv:1708.07120).

    p < warmup:  lr + (lr/start - lr) · (1 + cos(π · p / warmup)) / 2
    else:        lr/start/end + (lr - lr/start/end) · (1 + cos(π · (p - warmup) / (1 - warmup))) / 2
    """
    _check(lr, warmup=(warmup, 0, 0.999), start=(start, 1, math.inf), end=(end, 1, math.inf))

    def rate(progress: float, values: Sequence[float]) -> float:
        if progress < warmup:
            return _anneal(lr / start, lr, progress / warmup)
        return _anneal(lr, lr / start / end, (progress - warmup) / (1 - warmup))

    return rate


def rising(lr: float, *, start: float = 1e5, share: float = 1.0) -> Schedule:
    """lr/start · start^(p / share): up to lr, evenly in log lr; for the range test (arXiv:1506.01186)."""
    _check(lr, start=(start, 1, math.inf), share=(share, 1e-9, 1))
    return lambda progress, values: lr * start ** (min(progress / share, 1.0) - 1)


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": constant,
    "linear": linear,
    "inverse-time": inverse_time,
    "exponential": exponential,
    "staircase": staircase,
    "inverse-sqrt": inverse_sqrt,
    "cosine": cosine,
    "plateau": plateau,
    "one-cycle": one_cycle,
    "rising": rising,
}


def schedule(name: str, lr: float, *, epochs: int, **settings: float) -> Schedule:
    """The schedule called `name` for a run of `epochs`, with its own settings.

    Raises:  OptionError for an unknown name or setting, or a value out of range.

    >>> schedule("staircase", 0.1, epochs=4, decay=0.1, every=2)(0.5, [])
    0.010000000000000002
    """
    if name not in SCHEDULES:
        raise OptionError(
            f"unknown schedule {name!r}; known: {', '.join(SCHEDULES)}.{did_you_mean(name, SCHEDULES)}"
        )
    make = SCHEDULES[name]
    takes = list(inspect.signature(make).parameters)[1:]
    known = [setting for setting in takes if setting != "epochs"]
    for setting in settings:
        if setting not in known:
            raise OptionError(
                f"schedule {name}: unknown setting {setting!r}; known: {', '.join(known) or 'none'}."
                f"{did_you_mean(setting, known)}"
            )
    return make(lr, **({"epochs": epochs} if "epochs" in takes else {}), **settings)


def _anneal(first: float, last: float, share: float) -> float:
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


def _watching(rate: Schedule) -> Schedule:
    """Marked as a schedule that reads the validation values."""
    rate.watches = True  # type: ignore[attr-defined]
    return rate


def _plateaus(values: Sequence[float], patience: int) -> int:
    best, bad, found = math.inf, 0, 0
    for value in values:
        best, bad = (value, 0) if value < best else (best, bad + 1)
        if bad >= patience:
            bad, found = 0, found + 1
    return found


def _check(lr: float, **settings: tuple[float, float, float]) -> None:
    """Raise OptionError for a rate that is not above 0, or a setting (value, low, high) out of its range."""
    if not _is_number(lr) or not 0 < lr < math.inf:
        raise OptionError(f"lr: got {lr!r}, expected a number above 0.")
    for name, (value, low, high) in settings.items():
        if not _is_number(value) or not low <= value <= high or value == math.inf:
            upper = "" if high == math.inf else f" and at most {high:g}"
            raise OptionError(f"{name}: got {value!r}, expected a number of at least {low:g}{upper}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
