"""Halton's sequence: trials that fill the space evenly, the same for every seed.

File: seqkit/tuning/methods/halton.py. Not handled: more than eight settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from seqkit.core.errors import OptionError
from seqkit.tuning.space import Space
from seqkit.tuning.trial import Job, Trial

__all__ = ["Halton"]

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19)


@dataclass(frozen=True)
class Halton:
    """Trial n has its setting number d at the place that n + 1 gives in base PRIMES[d] (Halton 1960)."""

    grows = True

    def check(self, space: Space, trials: int, epochs: int) -> None:
        """A base for each setting."""
        if len(space.parts) > len(PRIMES):
            raise OptionError(f"halton: got {len(space.parts)} settings, expected at most {len(PRIMES)}.")

    def jobs(self, space: Space, trials: int, epochs: int, seed: int, known: Sequence[Trial]) -> list[Job]:
        """All that are not over."""
        left = [n for n in range(trials) if n >= len(known) or known[n].state == "open"]
        return [Job(n, self._settings(space, n + 1), epochs) for n in left]

    def dropped(self, trials: int, epochs: int, known: Sequence[Trial]) -> list[int]:
        """None."""
        return []

    def _settings(self, space: Space, n: int) -> dict[str, object]:
        bases = zip(space.parts.items(), PRIMES, strict=False)
        return {name: part.at(_place(n, base)) for (name, part), base in bases}


def _place(n: int, base: int) -> float:
    """The digits of n in a base, mirrored at the point.

    >>> [_place(n, 2) for n in (1, 2, 3)]
    [0.5, 0.25, 0.75]
    """
    found, digit = 0.0, 1.0
    while n:
        digit /= base
        n, rest = divmod(n, base)
        found += rest * digit
    return found
