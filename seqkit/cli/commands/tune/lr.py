"""seqkit tune lr: the range test of learning rates, for any model that a train command makes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Make, Read, Told, in_panel

app = group("Find a learning rate: raise it step by step and watch the loss.")
FLAGS = {
    name: in_panel(flag, "Search")
    for name, flag in {
        "low": Annotated[float, typer.Option(help="Learning rate of the first step.")],
        "high": Annotated[
            float,
            typer.Option(help="Learning rate of the last step; the test ends earlier if the loss diverges."),
        ],
        "steps": Annotated[int, typer.Option(help="How many steps.")],
        "plot": Annotated[
            Path | None, typer.Option(help="Draw the losses to this .svg or .png (extra: plot).")
        ],
        "device": common.Device,
        "threads": common.Threads,
        "quiet": common.Quiet,
        "json": common.AsJson,
    }.items()
}


@dataclass(frozen=True)
class Rates:
    """What a train command receives instead of a Training, to test rates instead of training."""

    settings: dict[str, Any]
    reading: dict[str, Any]
    low: float = 1e-6
    high: float = 10.0
    steps: int = 200
    plot: Path | None = None
    device: str = "auto"
    threads: int | None = None
    quiet: bool = False
    json: bool = False

    def run(self, make: Make, read: Read, out: str, unit: str, text: Told, alone: bool = False) -> None:
        """Test, and print the rate to use."""
        from seqkit.report.curves import rate_curve
        from seqkit.report.figure import check_picture
        from seqkit.tuning.lr_range_test import find_lr

        if self.plot is not None:
            check_picture(self.plot)
        model = make(device=self.device, threads=self.threads, **self.settings)
        data = read(model, None, None)
        given = {name: value for name, value in data.given.items() if name != "valid" and value is not None}
        found = find_lr(model, *data.args, low=self.low, high=self.high, steps=self.steps, **given)
        if self.plot is not None:
            curve = (found.rates, found.losses, found.smoothed)
            rate_curve(self.plot, *curve, suggested=found.suggested, lowest=found.lowest)
        lowest = f"the smoothed loss was lowest ({min(found.smoothed):.4g}) at {found.lowest:.2g}"
        broke = "and diverged at" if found.broken else "and had not diverged at"
        ended = f"{broke} {found.rates[-1]:.2g}. To search: --space {found.space}"
        said = f"lr {found.suggested:.2g}: {lowest}, {ended}"
        common.show(found.to_json(), said, self.json)
