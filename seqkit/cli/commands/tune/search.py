"""seqkit tune: search settings of language models and classifiers, look at searches; the range test of rates
is in lr.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqkit.cli import common
from seqkit.cli.commands.tune import lr

if TYPE_CHECKING:
    from seqkit.tuning.tune import Found, Report

app = common.group(
    "Search settings: random, coarse to fine, successive halving; find a learning rate; look at searches."
)
Spaces = Annotated[
    list[str],
    typer.Option("--space", help="A setting to search: lr=1e-4..1:log, cell=gru,lstm, or its name alone."),
]
Trials = Annotated[int, typer.Option(help="Settings to try.")]
Method = Annotated[str, typer.Option(help="random, coarse-to-fine, halving or grid.")]
MethodSettings = Annotated[
    list[str], typer.Option("--method-set", help="A setting of the method: eta=4, rounds=3, points=8.")
]
Settings = Annotated[
    list[str], typer.Option("--set", help="A setting that all trials share, as hidden_size=64.")
]
SearchOut = Annotated[
    str, typer.Option(help="Folder of the search and of its best model; what is there is gone on with.")
]
Plot = Annotated[Path | None, typer.Option(help="Draw the search to this .svg or .png (extra: plot).")]


@app.command()
def lm(
    input: Annotated[str, typer.Argument(help="A text or a corpus folder.")],
    valid: Annotated[str, typer.Option(help="Text that trials are compared by.")],
    out: SearchOut,
    space: Spaces = ["lr"],  # noqa: B006
    trials: Trials = 20,
    method: Method = "random",
    method_setting: MethodSettings = [],  # noqa: B006
    setting: Settings = [],  # noqa: B006
    unit: lr.Unit = "word",
    plot: Plot = None,
    device: common.Device = "auto",
    threads: common.Threads = None,
    seed: common.Seed = 1,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Search settings of a language model and keep the best model in --out, ready for seqkit lm.

    The same command again goes on after a kill; given in several shells it shares the trials out.

    Example: seqkit tune lm text.txt --valid valid.txt --space lr --space hidden_size=32..256 --method halving
    --out best.lm
    """
    from seqkit.core.options import parse_settings
    from seqkit.models.language_model.model import LanguageModel
    from seqkit.models.tuning_data import lm_data

    model = LanguageModel(device=device, threads=threads, **({"seed": seed} | parse_settings(setting)))
    data = lm_data(model, input, valid, unit=unit)
    _tune(model, space, data, Path(out), trials, method, method_setting, seed, plot, quiet, json)


@app.command()
def classify(
    input: Annotated[str, typer.Argument(help="Labelled texts, as for seqkit classify train.")],
    out: SearchOut,
    valid: Annotated[
        str | None, typer.Option(help="Texts that trials are compared by; a tenth of INPUT if not given.")
    ] = None,
    space: Spaces = ["lr"],  # noqa: B006
    trials: Trials = 20,
    method: Method = "random",
    method_setting: MethodSettings = [],  # noqa: B006
    setting: Settings = [],  # noqa: B006
    plot: Plot = None,
    device: common.Device = "auto",
    threads: common.Threads = None,
    seed: common.Seed = 1,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Search settings of a classifier and keep the best model in --out, ready for seqkit classify.

    Example: seqkit tune classify train.tsv --valid dev.tsv --space lr --space dropout=0..0.6 --out best.model
    """
    from seqkit.core.options import parse_settings
    from seqkit.models.classifier.model import TextClassifier
    from seqkit.models.tuning_data import classifier_data

    model = TextClassifier(device=device, threads=threads, **({"seed": seed} | parse_settings(setting)))
    _tune(
        model,
        space,
        classifier_data(input, valid),
        Path(out),
        trials,
        method,
        method_setting,
        seed,
        plot,
        quiet,
        json,
    )


@app.command()
def show(
    folder: Annotated[Path, typer.Argument(help="Folder of a search, also of one that is running.")],
    plot: Plot = None,
    json: common.AsJson = False,
) -> None:
    """Show the trials of a search, best first.

    Example: seqkit tune show best.lm --plot search.svg
    """
    from seqkit.tuning.tune import Found

    found = Found.load(folder)
    _show(found, plot, json)


def _tune(
    model: Any,
    space: list[str],
    data: Any,
    out: Path,
    trials: int,
    method: str,
    method_setting: list[str],
    seed: int,
    plot: Path | None,
    quiet: bool,
    json: bool,
) -> None:
    from seqkit.core.options import parse_settings
    from seqkit.report.figure import check_picture
    from seqkit.tuning.space import parse_space
    from seqkit.tuning.tune import tune

    if plot is not None:
        check_picture(plot)
    found = tune(
        model,
        parse_space(space),
        *data[0],
        valid=data[1],
        out=out,
        trials=trials,
        method=method,
        method_settings=parse_settings(method_setting),
        seed=seed,
        report=None if quiet else _report(trials),
    )
    _show(found, plot, json)


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


def _report(trials: int) -> "Report":
    """A line a job."""

    def report(trial: Any, known: list[Any]) -> None:
        settings = ", ".join(f"{name} {_brief(value)}" for name, value in trial.settings.items())
        best = min((t.value for t in known if t.state == "done"), default=None)
        gone = f"{trial.state} after {len(trial.values)} epochs, {trial.value:.4f}"
        common.note(
            f"trial {trial.number + 1}/{trials}  {settings}: {gone}"
            + (f"; best {best:.4f}" if best is not None else "")
        )

    return report


def _brief(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
