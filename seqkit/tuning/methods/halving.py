"""Successive halving: train all trials a little, continue the best part, and so on (arXiv:1502.07943).

Trials continue from their checkpoint, with the schedule of the whole run, so no epoch is trained
twice and the winner is the run that would have been without a search. Not handled: rungs shorter than an
epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from seqkit.core.errors import OptionError
from seqkit.core.options import check, option
from seqkit.tuning.space import Space
from seqkit.tuning.trial import TRIALS, Job, Trial

__all__ = ["Halving"]


@dataclass(frozen=True)
class Halving:
    """Of each rung 1 in `eta` trials continues to `eta` times as many epochs; the last rung is the whole run.

    epochs 9, 27 trials, eta 3:  27 trials of 1 epoch, 9 of 3, 3 of 9; 63 epochs in place of 243
    """

    eta: int = option(3, low=2, help="1 in so many continues, for so many times the epochs")

    grows = False

    def __post_init__(self) -> None:
        check(self)

    def rungs(self, trials: int, epochs: int) -> list[tuple[int, int]]:
        """(trials, epochs) of each rung: as many rungs as epochs and trials can be divided by eta.

        >>> Halving().rungs(27, 9)
        [(27, 1), (9, 3), (3, 9)]
        """
        found = [(trials, epochs)]
        while found[0][1] >= self.eta and trials // self.eta ** len(found) >= 1:
            found = [
                (trials // self.eta**i, -(-epochs // self.eta ** (len(found) - i)))
                for i in range(len(found) + 1)
            ]
        return found

    def usual(self, space: Space) -> int:
        """As many for any space."""
        return TRIALS

    def check(self, space: Space, trials: int, epochs: int) -> None:
        """Two rungs at least, and epochs that all trials share."""
        if "epochs" in space.parts:
            raise OptionError(
                "halving: got epochs in the space, but rungs compare trials by epochs. Set epochs, or use "
                "random."
            )
        if epochs < self.eta or trials < self.eta:
            raise OptionError(
                f"halving: got {epochs} epochs and {trials} trials, expected at least {self.eta} of each "
                "(eta). Raise them, or use random."
            )

    def jobs(self, space: Space, trials: int, epochs: int, seed: int, known: Sequence[Trial]) -> list[Job]:
        """What is left of the first rung that is not over."""
        members, until = self._rung(trials, epochs, known)
        new = [Job(n, space.draw(seed, n), until) for n in range(len(known), trials)]
        left = [
            n
            for n in members
            if known[n].state == "open" and (until >= epochs or not known[n].reached(until))
        ]
        return [Job(n, known[n].settings, until) for n in left] + new

    def dropped(self, trials: int, epochs: int, known: Sequence[Trial]) -> list[int]:
        """Those that are not on the current rung."""
        members, _ = self._rung(trials, epochs, known)
        return [t.number for t in known if t.state == "open" and t.number not in members]

    def _rung(self, trials: int, epochs: int, known: Sequence[Trial]) -> tuple[list[int], int]:
        """The trials begun that are on the first rung that is not over (or the last), and its epochs."""
        members = [t.number for t in known[:trials]]
        for i, (size, until) in enumerate(self.rungs(trials, epochs)):
            if i:
                before = self.rungs(trials, epochs)[i - 1][1]
                members = sorted(sorted(members, key=lambda n: (known[n].after(before), n))[:size])
            if len(known) < trials or not all(known[n].reached(until) for n in members):
                break
        return members, until
