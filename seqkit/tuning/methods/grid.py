"""A grid: every combination of values, evenly spaced on each range's scale, both ends among them.

The baseline of the other methods; it tries the fewest values of the settings that matter.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from seqkit.core.errors import OptionError
from seqkit.core.options import check, option
from seqkit.tuning.space import Choice, Space
from seqkit.tuning.trial import Job, Trial

__all__ = ["Grid"]


@dataclass(frozen=True)
class Grid:
    """`points` values of each range, and every choice."""

    points: int = option(4, low=2, help="values of each range")

    grows = False

    def __post_init__(self) -> None:
        check(self)

    def usual(self, space: Space) -> int:
        """All places of the grid."""
        return len(self._grid(space))

    def check(self, space: Space, trials: int, epochs: int) -> None:
        """As many trials as the grid has places."""
        size = len(self._grid(space))
        if trials != size:
            raise OptionError(
                f"grid: got {trials} trials, expected {size}, the size of the grid. Ask for {size}, or set "
                "points."
            )

    def jobs(self, space: Space, trials: int, epochs: int, seed: int, known: Sequence[Trial]) -> list[Job]:
        """All that are not over."""
        grid = self._grid(space)
        return [Job(n, grid[n], epochs) for n in range(trials) if n >= len(known) or known[n].state == "open"]

    def dropped(self, trials: int, epochs: int, known: Sequence[Trial]) -> list[int]:
        """None."""
        return []

    def _grid(self, space: Space) -> list[dict[str, object]]:
        values = [
            part.values
            if isinstance(part, Choice)
            else [part.at(i / (self.points - 1)) for i in range(self.points)]
            for part in space.parts.values()
        ]
        return [dict(zip(space.parts, place, strict=True)) for place in itertools.product(*values)]
