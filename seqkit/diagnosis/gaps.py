"""Errors of the parts and the gaps between them: avoidable bias, variance, data mismatch, overfitting to dev.

avoidable bias = train - human
variance       = train-dev - train, or dev - train where dev is of the same source
data mismatch = dev - train-dev       overfitting to dev = test - dev

Not handled: what causes a gap (diagnosis.causes), metrics other than the error.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.score import Score
from seqkit.core.types import Array
from seqkit.evaluate.bootstrap import RESAMPLES, ends, mean_of, resampled

PARTS = ("train", "train-dev", "dev", "test")
ACTIONS = {  # as the course has them
    "avoidable bias": (
        "a bigger model",
        "train longer, or a better optimiser",
        "another architecture; search its settings",
    ),
    "variance": (
        "more data",
        "regularise: dropout, weight decay, early stopping",
        "another architecture; search its settings",
    ),
    "data mismatch": (
        "look by hand at how dev differs from train",
        "make the training data more like dev: collect such data, or synthesise them",
    ),
    "overfitting to dev": ("a bigger dev set",),
}


@dataclass(frozen=True)
class Finding:
    """A measured gap or cause, and what to do about it.

    named: the whole interval lies above the limit.   explained_by: a named cause that accounts for it.
    """

    name: str
    value: float
    interval: tuple[float, float] | None
    formula: str
    named: bool
    note: str = ""
    explained_by: str | None = None
    actions: tuple[str, ...] = ()

    @property
    def fault(self) -> bool:
        """Named, and not explained by another cause."""
        return self.named and self.explained_by is None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plain = asdict(self) | {"fault": self.fault, "actions": list(self.actions)}
        return plain | {"value": None if np.isnan(self.value) else self.value}


@dataclass(frozen=True)
class Errors:
    """The error of each part, and its resamples, which are independent between parts."""

    scores: dict[str, Score]
    resamples: dict[str, Annotated[Array, "K"]]

    def gap(self, high: str, low: str) -> tuple[float, tuple[float, float] | None]:
        """error(high) - error(low) and its interval."""
        difference = self.resamples[high] - self.resamples[low]
        return self.scores[high].value - self.scores[low].value, ends(difference)


def errors(
    wrong: Mapping[str, Annotated[Array, "N"]], *, seed: int = 1, resamples: int = RESAMPLES
) -> Errors:
    """The share of wrong rows of each part, a part by its flags, with 95 % bootstrap intervals.

    Raises:  FormatError for a part without rows.
    """
    scores, drawn = {}, {}
    for place, (name, flags) in enumerate(wrong.items()):
        if not len(flags):
            raise FormatError(f"{name}: got no row, expected at least one. Check that the file is not empty.")
        values = np.asarray(flags, np.float64)
        drawn[name] = resampled(mean_of(values), len(values), seed=seed + place, resamples=resamples)
        signature = {"metric": "error", "resamples": resamples, "seed": seed}
        scores[name] = Score(name, float(values.mean()), len(values), 0, signature, ends(drawn[name]))
    return Errors(scores, drawn)


def gaps(found: Errors, *, human: float | None = None, least: float = 0.02) -> list[Finding]:
    """The four gaps, as far as their parts exist, largest first.

    human: the error of people, or the best known; without it 0 is taken, and the bias is an upper bound.
    least: a gap is named if its whole interval lies above this; train without a train-dev part is compared
    with dev.
    """
    base = human or 0.0
    train = found.scores["train"]
    beyond = train.interval and (train.interval[0] - base, train.interval[1] - base)
    note = "no human error was given: 0 is taken, so this is an upper bound" if human is None else ""
    table = [("avoidable bias", "train − human", train.value - base, beyond, note)]
    close = "train-dev" if "train-dev" in found.scores else "dev"
    note = (
        ""
        if close == "train-dev"
        else "no train-dev part: if dev is of another source, this holds the data mismatch too"
    )
    for name, high, low in (
        ("variance", close, "train"),
        ("data mismatch", "dev", "train-dev"),
        ("overfitting to dev", "test", "dev"),
    ):
        if high in found.scores and low in found.scores:
            table.append((name, f"{high} − {low}", *found.gap(high, low), note if name == "variance" else ""))
    made = [
        Finding(name, value, ends_, formula, bool(ends_ and ends_[0] > least), note, None, ACTIONS[name])
        for name, formula, value, ends_, note in table
    ]
    return sorted(made, key=lambda finding: -finding.value)
