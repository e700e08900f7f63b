"""seqkit classify: train text classifiers, predict labels, judge them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from seqkit.cli import common
from seqkit.cli.commands._classify_train import Encoding, Form, Label, TextColumn, train

__all__ = ["app"]

app = common.group("Text classifiers: train, predict, judge.")
app.command("train")(train)

ModelPath = Annotated[Path, typer.Argument(help="A folder that seqkit classify train wrote.")]


def _open(path: Path, device: str, threads: int | None = None) -> Any:
    from seqkit.models.classifier.model import TextClassifier

    return TextClassifier.load(path, device=device, threads=threads)


@app.command()
def predict(
    model: ModelPath,
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to classify.")] = None,
    file: Annotated[
        str | None, typer.Option(help='A file of texts ("-": stdin): a text a line, .csv, .tsv, .jsonl.')
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="text, tsv, csv or jsonl; told by the name if not given.")
    ] = None,
    column: TextColumn = "text",
    encoding: Encoding = "utf-8",
    proba: Annotated[bool, typer.Option("--proba", help="Show the probability of each label too.")] = False,
    device: common.Device = "auto",
    threads: common.Threads = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Print the label of each text, in their order; a label does not depend on what else is classified.

    Example: seqkit classify predict film.clf "a moving film" "lacking in good taste" --proba
    """
    from seqkit.models.classifier.predictions import predictions
    from seqkit.text.readers.labelled import labelled

    rows = None if file is None else labelled(file, format=form, text=column, encoding=encoding, labels=False)
    asked = common.given(texts, None if rows is None else [row.text for row in rows])
    for one in predictions(_open(model, device, threads), asked):
        common.show(one.to_json(), one.line(proba), json)


@app.command("eval")
def evaluate(
    model: ModelPath,
    source: Annotated[str, typer.Argument(help='Labelled texts: file, folder, glob, "-" for stdin.')],
    form: Form = None,
    column: TextColumn = "text",
    label: Label = None,
    encoding: Encoding = "utf-8",
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Show accuracy and macro F1 with 95 % intervals, precision and recall of each label, and what was taken
    for what.

    Example: seqkit classify eval film.clf test.tsv
    """
    from seqkit.models.classifier.predictions import evaluate as judge
    from seqkit.models.classifier.predictions import tables

    reports = judge(
        _open(model, device), source, format=form, text=column, label=label or ["label"], encoding=encoding
    )
    text = "\n\n".join(
        "\n".join([str(r.accuracy), str(r.f1), *(common.table(*each) for each in tables(r))]) for r in reports
    )
    common.show([r.to_json() for r in reports], text, json)
