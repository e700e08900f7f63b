"""seqkit tune lr: the range test of learning rates."""

from pathlib import Path
from typing import Annotated, Any

import typer

from seqkit.cli import common

app = common.group("Find a learning rate by raising it from step to step.")
Unit = Annotated[str, typer.Option(help="word, whitespace (tokenised text), character or subword[:MODEL].")]
Low = Annotated[float, typer.Option(help="Rate of the first step.")]
High = Annotated[
    float, typer.Option(help="Rate of the last step; the test ends before it when the loss runs away.")
]
Steps = Annotated[int, typer.Option(help="Steps of the test.")]
Settings = Annotated[list[str], typer.Option("--set", help="A setting of the model, as hidden_size=64.")]
Plot = Annotated[Path | None, typer.Option(help="Draw the losses to this .svg or .png (extra: plot).")]


@app.command()
def lm(
    input: Annotated[str, typer.Argument(help="A text or a corpus folder.")],
    setting: Settings = [],  # noqa: B006
    unit: Unit = "word",
    low: Low = 1e-6,
    high: High = 10.0,
    steps: Steps = 200,
    plot: Plot = None,
    device: common.Device = "auto",
    threads: common.Threads = None,
    seed: common.Seed = 1,
    json: common.AsJson = False,
) -> None:
    """Find a learning rate for a language model.

    Example: seqkit tune lr lm text.txt --set hidden_size=64 --plot lr.svg
    """
    from seqkit.core.options import parse_settings
    from seqkit.models.language_model.model import LanguageModel
    from seqkit.models.tuning_data import lm_data

    model = LanguageModel(device=device, threads=threads, **({"seed": seed} | parse_settings(setting)))
    _find(model, lm_data(model, input, None, unit=unit)[0], low, high, steps, plot, json)


@app.command()
def classify(
    input: Annotated[str, typer.Argument(help="Labelled texts, as for seqkit classify train.")],
    setting: Settings = [],  # noqa: B006
    low: Low = 1e-6,
    high: High = 10.0,
    steps: Steps = 200,
    plot: Plot = None,
    device: common.Device = "auto",
    threads: common.Threads = None,
    seed: common.Seed = 1,
    json: common.AsJson = False,
) -> None:
    """Find a learning rate for a classifier.

    Example: seqkit tune lr classify train.tsv --plot lr.svg
    """
    from seqkit.core.options import parse_settings
    from seqkit.models.classifier.model import TextClassifier
    from seqkit.models.tuning_data import classifier_data

    model = TextClassifier(device=device, threads=threads, **({"seed": seed} | parse_settings(setting)))
    _find(model, classifier_data(input, None)[0], low, high, steps, plot, json)


def _find(model: Any, data: Any, low: float, high: float, steps: int, plot: Path | None, json: bool) -> None:
    from seqkit.report.figure import check_picture
    from seqkit.report.rate_curve import rate_curve
    from seqkit.tuning.lr_range_test import find_lr

    if plot is not None:
        check_picture(plot)
    found = find_lr(model, *data, low=low, high=high, steps=steps)
    if plot is not None:
        rate_curve(
            plot, found.rates, found.losses, found.smoothed, suggested=found.suggested, lowest=found.lowest
        )
    lowest = f"the smoothed loss was lowest ({min(found.smoothed):.4g}) at {found.lowest:.2g}"
    broke = (
        f"and ran away at {found.rates[-1]:.2g}"
        if found.broken
        else f"and had not run away at {found.rates[-1]:.2g}"
    )
    common.show(
        found.to_json(),
        f"lr {found.suggested:.2g}: {lowest}, {broke}. To search: --space {found.space}",
        json,
    )
