"""Coarse to fine, as in the course: draw from the whole space, then from the box of the best, and so on.

Not handled: best settings that lie in two places far apart; the box then holds both, and what is between.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from seqkit.core.errors import OptionError
from seqkit.core.options import check, option
from seqkit.tuning.space import Space
from seqkit.tuning.trial import TRIALS, Job, Trial

__all__ = ["CoarseToFine"]


@dataclass(frozen=True)
class CoarseToFine:
    """Rounds of equal size; a round's box holds the best `share` of all earlier trials, and `margin` more."""

    rounds: int = option(2, low=2, help="rounds, the first of them over the whole space")
    share: float = option(
        0.25, low=0.0, high=1.0, help="share of the trials, at least 2, that defines the next box"
    )
    margin: float = option(
        0.05, low=0.001, high=0.5, help="share of the first range, added on each side of the box"
    )

    grows = False

    def __post_init__(self) -> None:
        check(self)

    def usual(self, space: Space) -> int:
        """As many for any space."""
        return TRIALS

    def check(self, space: Space, trials: int, epochs: int) -> None:
        """A round needs two trials."""
        if trials < 2 * self.rounds:
            raise OptionError(
                f"coarse-to-fine: got {trials} trials for {self.rounds} rounds, expected at least "
                f"{2 * self.rounds}. Give more trials, or use random."
            )

    def jobs(self, space: Space, trials: int, epochs: int, seed: int, known: Sequence[Trial]) -> list[Job]:
        """What is left of the first round that is not over."""
        ends = [trials * (i + 1) // self.rounds for i in range(self.rounds)]
        for start, end in zip([0, *ends], ends, strict=False):
            if any(t.state == "open" for t in known[:end]) or len(known) < end:
                begun = [Job(t.number, t.settings, epochs) for t in known[:end] if t.state == "open"]
                box = self._box(space, known[:start])
                return begun + [Job(n, box.draw(seed, n), epochs) for n in range(max(len(known), start), end)]
        return []

    def dropped(self, trials: int, epochs: int, known: Sequence[Trial]) -> list[int]:
        """None."""
        return []

    def _box(self, space: Space, before: Sequence[Trial]) -> Space:
        """Around the best of all trials before; the whole space while there are none that did not fail."""
        ranked = sorted((t for t in before if t.state != "failed"), key=lambda t: (t.value, t.number))
        best = ranked[: max(2, round(self.share * len(before)))]
        return space.around([t.settings for t in best], self.margin) if best else space
