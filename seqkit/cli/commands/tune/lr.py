"""seqkit tune lr: the range test of learning rates, for any model that a train command makes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from seqkit.cli import common
from seqkit.cli.commands.tune.job import Job, search_flags
from seqkit.cli.help import group
from seqkit.cli.options import Make, Read, Told

app = group("Find a learning rate: raise it step by step and watch the loss.")
FLAGS = search_flags(
    low=Annotated[float, typer.Option(min=0, help="Learning rate of the first step.")],
    high=Annotated[
        float,
        typer.Option(help="Learning rate of the last step; the test ends earlier if the loss diverges."),
    ],
    steps=Annotated[int, typer.Option(min=1, help="How many steps.")],
    plot=Annotated[Path | None, typer.Option(help="Draw the losses to this .svg or .png (extra: plot).")],
)


@dataclass(frozen=True)
class Rates(Job):
    """A job that tests learning rates."""

    low: float = 1e-6
    high: float = 10.0
    steps: int = 200

    def run(self, make: Make, read: Read, out: str, unit: str, text: Told, alone: bool = False) -> None:
        """Test, and print the rate to use."""
        from seqkit.report.curves import rate_curve
        from seqkit.tuning.lr_range_test import find_lr

        model, data, given = self.prepare(make, read)
        found = find_lr(model, *data.args, low=self.low, high=self.high, steps=self.steps, **given)
        if self.plot is not None:
            curve = (found.rates, found.losses, found.smoothed)
            rate_curve(self.plot, *curve, suggested=found.suggested, lowest=found.lowest)
        lowest = f"the smoothed loss was lowest ({min(found.smoothed):.4g}) at {found.lowest:.2g}"
        broke = "and diverged at" if found.broken else "and had not diverged at"
        ended = f"{broke} {found.rates[-1]:.2g}. To search: --space {found.space}"
        said = f"lr {found.suggested:.2g}: {lowest}, {ended}"
        common.show(found.to_json(), said, self.json)
