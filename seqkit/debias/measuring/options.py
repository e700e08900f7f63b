"""The settings that all measures share, readable without numpy and vectors.

Not handled: what a measure is (base).
"""

from dataclasses import dataclass

from seqkit.core import options
from seqkit.core.options import option


@dataclass(frozen=True)
class Options:
    """Settings that all measures share."""

    seed: int = option(1, low=0, high=2**63 - 1, help="seed of every draw")
    resamples: int = option(1000, low=0, help="bootstrap resamples of the words for the interval; 0: none")
    draws: int = option(1000, low=0, help="random word sets for the null band; 0: none")
    pool: int = option(
        10_000, low=2, help="the null band draws from the measured words and this many first ones"
    )
    most_lost: float = option(
        0.2, low=0.0, high=1.0, help="share of a list that may be unknown; more is refused"
    )

    def __post_init__(self) -> None:
        options.check(self)
