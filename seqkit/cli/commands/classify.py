"""seqkit classify: train text classifiers, predict labels, evaluate."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

import seqkit
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Training, flags
from seqkit.models.classifier.options import SETTINGS

__all__ = ["app"]

app = group("Give texts a label: train, predict, eval.")

Labelled = Annotated[str, typer.Argument(help='Labelled texts: file, folder, glob, "-" for stdin.')]
Valid = Annotated[
    str | None, typer.Option(help="Texts to choose the best epoch; if not given, a tenth is held out.")
]
Form = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="lines (label text), tsv, csv, jsonl, parquet, files, folders; by the name if not given.",
    ),
]
TextColumn = Annotated[str, typer.Option("--text", help="Column of the text (csv, tsv, jsonl, parquet).")]
Label = Annotated[
    list[str] | None,
    typer.Option("--label", help='Column of the label, "label" if not given; again for another task.'),
]
Encoding = Annotated[str, typer.Option(help="Of the files: utf-8, windows-1252, ...")]
Threshold = Annotated[
    float,
    typer.Option(min=0, max=1, help="Probability from which a text has a label, where it may have several."),
]
ModelPath = Annotated[Path, typer.Argument(help="A folder that seqkit classify train wrote.")]


@app.command()
@flags(SETTINGS)
def train(
    run: Training,
    input: Labelled,
    *,
    out: common.Out,
    valid: Valid = None,
    form: Form = None,
    column: TextColumn = "text",
    label: Label = None,
    encoding: Encoding = "utf-8",
    vectors: common.Vectors = None,
    from_lm: Annotated[
        Path | None, typer.Option(help="A language model whose states the recurrent network reads too.")
    ] = None,
    balanced: Annotated[
        bool, typer.Option("--balanced", help="Give rare labels more weight in the loss.")
    ] = False,
    baselines: Annotated[
        Literal["none", "linear", "all"],
        typer.Option(
            help="What to compare it with: linear: the majority and logistic regression on TF-IDF; all: also "
            "the other of averaged and recurrent, which takes the time of another training."
        ),
    ] = "linear",
) -> None:
    """Train a classifier, write it to the folder --out, and compare it with baselines on the same texts.

    --reader says what is trained and kept. Ctrl-C finishes the current step and saves; --resume continues.

    Example: seqkit classify train film.tsv --reader recurrent --vectors wiki.vectors --out film.clf
    """
    from seqkit.models.classifier.data import read

    if balanced:
        run.settings.setdefault("class_weight", "balanced")
    more: Any = {"valid": valid, "vectors": vectors, "lm": from_lm, "device": run.device, "format": form}
    more |= {"text": column, "label": label or ["label"], "encoding": encoding}

    def data(_: Any, folder: Path | None, world: Any) -> Any:
        quiet = run.quiet or world is None or world.rank > 0
        compare: Any = None if world is None else {"report": common.progress(quiet, "texts"), "world": world}
        return read(input, folder, compare=compare, baselines=baselines, **more)

    run.run(seqkit.TextClassifier, data, out, "texts", _told)


def _told(result: Any) -> str:
    rows = [
        [r["model"], r["value"], common.ends(r["interval"]), r["count"], r["missing"], round(r["seconds"], 1)]
        for r in result["rungs"]
    ]
    table = common.table(rows, ["model", "accuracy", "95 % interval", "dev labels", "missing", "seconds"])
    sizes = f"{result['parameters']:,} parameters, {result['settings']['reader']}"
    return f"{sizes}\n{table}\n{result['verdict']}".rstrip()


@app.command()
def predict(
    model: ModelPath,
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to classify.")] = None,
    *,
    file: Annotated[
        str | None,
        typer.Option(help='A file of texts ("-": stdin): a text a line, .csv, .tsv, .jsonl, .parquet.'),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="text, tsv, csv, jsonl or parquet; by the name if not given."),
    ] = None,
    column: TextColumn = "text",
    encoding: Encoding = "utf-8",
    threshold: Threshold = 0.5,
    proba: Annotated[bool, typer.Option("--proba", help="Also show the probability of each label.")] = False,
    device: common.Device = "auto",
    threads: common.Threads = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on each line.")] = False,
) -> None:
    """Print the label of each text, in order; a label does not depend on the other texts.

    Example: seqkit classify predict film.clf "a moving film" "lacking in good taste" --proba
    """
    from seqkit.models.classifier.predictions import predictions
    from seqkit.text.readers.labelled import labelled

    rows = None if file is None else labelled(file, format=form, text=column, encoding=encoding, labels=False)
    asked = common.given(texts, None if rows is None else [row.text for row in rows])
    opened = seqkit.TextClassifier.load(model, device=device, threads=threads)
    for one in predictions(opened, asked, threshold=threshold):
        common.show(one.to_json(), one.line(proba), json)


@app.command("eval")
def evaluate(
    model: ModelPath,
    source: Labelled,
    *,
    form: Form = None,
    column: TextColumn = "text",
    label: Label = None,
    encoding: Encoding = "utf-8",
    threshold: Threshold = 0.5,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Show accuracy, F1, precision, recall and confusions of a classifier, with 95 % intervals.

    Example: seqkit classify eval film.clf test.tsv
    """
    from seqkit.models.classifier.predictions import evaluate as judge
    from seqkit.models.classifier.predictions import scores, tables

    reports = judge(
        seqkit.TextClassifier.load(model, device=device),
        source,
        format=form,
        text=column,
        label=label or ["label"],
        encoding=encoding,
        threshold=threshold,
    )
    text = "\n\n".join(
        "\n".join([*map(str, scores(r)), *(common.table(*each) for each in tables(r))]) for r in reports
    )
    common.show([r.to_json() for r in reports], text, json)
