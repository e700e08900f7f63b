"""seqkit classify train."""

from pathlib import Path
from typing import Annotated

import typer

from seqkit.cli import common

Form = Annotated[
    str | None,
    typer.Option("--format", help="lines (label text), tsv, csv, jsonl, files, folders; told by the name."),
]
TextColumn = Annotated[str, typer.Option("--text", help="Column of the text (csv, tsv, jsonl).")]
Label = Annotated[
    list[str] | None,
    typer.Option("--label", help='Column of the label; "label" if not given; several: one task each.'),
]
Encoding = Annotated[str, typer.Option(help="Of the files: utf-8, windows-1252, ...")]


def train(
    input: Annotated[str, typer.Argument(help='Labelled texts: file, folder, glob, "-" for stdin.')],
    out: common.Out,
    valid: Annotated[
        str | None, typer.Option(help="Texts to choose the epoch by; if none, a tenth is held out.")
    ] = None,
    form: Form = None,
    column: TextColumn = "text",
    label: Label = None,
    encoding: Encoding = "utf-8",
    reader: Annotated[
        str, typer.Option(help="The model to keep: averaged, summed or recurrent.")
    ] = "averaged",
    vectors: Annotated[Path | None, typer.Option(help="Word vectors to start the embedding from.")] = None,
    from_lm: Annotated[
        Path | None, typer.Option(help="A language model whose states a recurrent network reads.")
    ] = None,
    freeze: Annotated[float, typer.Option(help="Epochs for which what was pretrained stands still.")] = 0.0,
    unit: Annotated[
        str, typer.Option(help="word, whitespace (tokenised text), character or subword[:MODEL].")
    ] = "word",
    lower: Annotated[bool, typer.Option("--lower", help="Lower-case the text.")] = False,
    min_count: Annotated[int, typer.Option(help="Tokens read less often become unknown.")] = 1,
    ngrams: Annotated[
        int, typer.Option(help="Longest n-gram of words that has an embedding (averaged).")
    ] = 1,
    max_length: Annotated[
        int | None, typer.Option(help="Tokens read of a long text, half from each end.")
    ] = None,
    balanced: Annotated[bool, typer.Option("--balanced", help="Rare labels weigh more in the loss.")] = False,
    cell: common.Cell = "lstm",
    hidden: Annotated[int, typer.Option(help="Numbers in a layer's state, in each direction.")] = 128,
    layers: Annotated[int, typer.Option(help="Layers of the stack.")] = 1,
    embed_dim: Annotated[int, typer.Option(help="Numbers in an embedding; with --vectors theirs.")] = 100,
    pooling: Annotated[str, typer.Option(help="Of the steps: max, mean, last, attention or all.")] = "max",
    dropout: Annotated[
        float, typer.Option(help="Chance to drop a number, of embeddings and of what the softmax reads.")
    ] = 0.3,
    word_dropout: Annotated[float, typer.Option(help="Chance to drop a word.")] = 0.0,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the texts; as suits the reader if not given.")
    ] = None,
    batch: Annotated[
        int | None, typer.Option(help="Texts in a step; as suits the reader if not given.")
    ] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate; as suits the reader if not given.")] = None,
    patience: common.Patience = None,
    setting: Annotated[
        list[str], typer.Option("--set", help="Another setting, as bidirectional=false.")
    ] = [],  # noqa: B006
    device: common.Device = "auto",
    threads: common.Threads = None,
    seed: common.Seed = 1,
    resume: common.Resume = False,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Train a classifier, write it to the folder --out, and print the ladder: what it has to beat, on the
    same texts.

    The ladder is majority, logistic regression on TF-IDF, averaged vectors and a recurrent network; --reader
    says which of the last two is kept. Ctrl-C finishes the step at hand and saves; --resume goes on.

    Example: seqkit classify train film.tsv --reader recurrent --vectors wiki.vectors --out film.clf
    """
    from seqkit.core.options import parse_settings
    from seqkit.models.classifier.data import ClassifierRun
    from seqkit.models.classifier.model import TextClassifier
    from seqkit.train.distributed import world as processes

    given = {
        "reader": reader,
        "freeze": freeze,
        "unit": unit,
        "lower": lower,
        "min_count": min_count,
        "ngrams": ngrams,
        "max_length": max_length,
        "class_weight": "balanced" if balanced else None,
        "cell": cell,
        "hidden_size": hidden,
        "num_layers": layers,
        "embed_dim": embed_dim,
        "pooling": pooling,
        "dropout": dropout,
        "word_dropout": word_dropout,
        "epochs": epochs,
        "batch": batch,
        "lr": lr,
        "patience": patience,
        "seed": seed,
    }
    model = TextClassifier(device=device, threads=threads, **(given | parse_settings(setting)))
    run = ClassifierRun(
        model,
        input,
        Path(out),
        valid=valid,
        vectors=vectors,
        lm=from_lm,
        format=form,
        text=column,
        label=label or ["label"],
        encoding=encoding,
    )
    with processes(device) as world:
        result = run.train(
            resume=resume, report=common.progress(quiet or world.rank > 0, "texts"), world=world
        )
    if world.rank == 0:
        common.show(result, _text(result, out), json)


def _text(result: dict[str, object], out: str) -> str:
    rows = [
        [
            r["model"],
            r["value"],
            "{:.4f}–{:.4f}".format(*r["interval"]),
            r["count"],
            r["missing"],
            round(r["seconds"], 1),
        ]
        for r in result["rungs"]  # type: ignore[attr-defined]
    ]
    table = common.table(rows, ["model", "accuracy", "95 % interval", "dev labels", "missing", "seconds"])
    kept = f"{out}: {result['parameters']:,} parameters, {result['settings']['reader']}"  # type: ignore[index]
    return f"{table}\n{result['verdict']}\n{kept}"
