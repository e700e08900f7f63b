"""seqkit tune: search settings of any model that a train command makes, and look at searches."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqkit.cli import common
from seqkit.cli.commands.tune.job import Job, search_flags
from seqkit.cli.help import group
from seqkit.cli.options import Make, Read, Told
from seqkit.core.family import Family

if TYPE_CHECKING:
    from seqkit.tuning.tune import Found, Report

app = group("Find good settings: search those of any model that can be trained, find a learning rate, show.")
METHODS = ", ".join(Family("seqkit.tuning.methods", "search method").names())
Plot = Annotated[Path | None, typer.Option(help="Draw the search to this .svg or .png (extra: plot).")]
FLAGS = search_flags(
    space=Annotated[
        list[str], typer.Option(help="A setting to search: lr=1e-4..1:log, cell=gru,lstm, or its name alone.")
    ],
    trials=Annotated[
        int | None, typer.Option(min=1, help="How many settings to try; if not given 20, or all of a grid.")
    ],
    method=Annotated[str, typer.Option(help=f"How to search: {METHODS}.")],
    method_setting=Annotated[
        list[str], typer.Option("--method-set", help="A setting of the method: eta=4, rounds=3, points=8.")
    ],
    plot=Plot,
)


@dataclass(frozen=True)
class Search(Job):
    """A job that searches settings."""

    space: list[str] = field(default_factory=list)
    trials: int | None = None
    method: str = "random"
    method_setting: list[str] = field(default_factory=list)

    def run(self, make: Make, read: Read, out: str, unit: str, text: Told, alone: bool = False) -> None:
        """Search, and keep the best model in `out`."""
        from seqkit.core.options import parse_settings
        from seqkit.tuning.space import parse_space
        from seqkit.tuning.tune import tune

        model, data, given = self.prepare(make, read)
        found = tune(
            model,
            parse_space(self.space or ["lr"]),
            *data.args,
            valid=data.given.get("valid"),
            out=Path(out),
            trials=self.trials,
            method=self.method,
            method_settings=parse_settings(self.method_setting),
            seed=model.get_params().get("seed", 1),
            report=None if self.quiet else _report(self.trials),
            save=data.save,
            **given,
        )
        _show(found, self.plot, self.json)


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(help="Folder of a search, also of one that is running.")],
    *,
    plot: Plot = None,
    json: common.AsJson = False,
) -> None:
    """Show the trials of a search, best first.

    Example: seqkit tune show best.lm --plot search.svg
    """
    from seqkit.tuning.tune import Found

    _show(Found.load(folder), plot, json)


def _show(found: "Found", plot: Path | None, json: bool) -> None:
    rows = [
        [
            t.number,
            f"{t.value:.4f}",
            t.state,
            len(t.values),
            *map(_brief, t.settings.values()),
            t.units,
            f"{t.seconds:.1f}",
        ]
        for t in sorted(found.trials, key=lambda t: (t.state != "done", t.value, t.number))
    ]
    head = ["trial", "validation", "state", "epochs", *found.space, "units", "seconds"]
    failed = [f"trial {t.number} failed: {t.error}" for t in found.trials if t.error]
    last = f"{len(found.trials)} trials, {found.units:,} units trained; the best model is in {found.folder}"
    if plot is not None:
        found.plot(plot)
    common.show(found.to_json(), "\n".join([common.table(rows, head), *failed, last]), json)


def _report(trials: int | None) -> "Report":
    """A line for each job."""
    of = "" if trials is None else f"/{trials}"

    def report(trial: Any, known: list[Any]) -> None:
        settings = ", ".join(f"{name} {_brief(value)}" for name, value in trial.settings.items())
        best = min((t.value for t in known if t.state == "done"), default=None)
        gone = f"{trial.state} after {len(trial.values)} epochs, {trial.value:.4f}"
        common.note(
            f"trial {trial.number + 1}{of}  {settings}: {gone}"
            + (f"; best {best:.4f}" if best is not None else "")
        )

    return report


def _brief(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
