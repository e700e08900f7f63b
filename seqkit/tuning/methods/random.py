"""Random search: every trial a draw from the whole space (Bergstra & Bengio 2012).

With d settings of which few matter, n draws try n values of each of those; a grid tries n^(1/d).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from seqkit.tuning.space import Space
from seqkit.tuning.trial import TRIALS, Job, Trial

__all__ = ["Random"]


@dataclass(frozen=True)
class Random:
    """Draw number n for trial n."""

    grows = True

    def usual(self, space: Space) -> int:
        """As many for any space."""
        return TRIALS

    def check(self, space: Space, trials: int, epochs: int) -> None:
        """Any will do."""

    def jobs(self, space: Space, trials: int, epochs: int, seed: int, known: Sequence[Trial]) -> list[Job]:
        """Those begun and not over, then the rest."""
        begun = [Job(t.number, t.settings, epochs) for t in known[:trials] if t.state == "open"]
        return begun + [Job(n, space.draw(seed, n), epochs) for n in range(len(known), trials)]

    def dropped(self, trials: int, epochs: int, known: Sequence[Trial]) -> list[int]:
        """None."""
        return []
