"""seqkit diagnose: faults of a classifier; splits, copies, the sheet of errors, the choice of a model."""

from pathlib import Path
from typing import Annotated, Any

import typer

import seqkit
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Asked, asked
from seqkit.core.options import Settings, parse_settings
from seqkit.diagnosis.options import DiagnoseOptions, OtherParts, Source, Written

__all__ = ["app"]

app = group("Diagnose a classifier: run, split, duplicates, sheet, choose.")

Threshold = Annotated[float, typer.Option(min=0.01, max=1, help="Jaccard similarity of two copies.")]
Limits = Annotated[
    list[str], typer.Option("--limit", help="A limit to meet, such as ms<=5; may be given again.")
]


RUN = Settings({"parts": OtherParts, "source": Source, "options": DiagnoseOptions, "written": Written})
SPLIT = Settings({"source": Source}, fixed={"slices": ()})
COPIES = Settings({"source": Source}, fixed={"slices": (), "group": None})


@app.command()
@asked(RUN)
def run(
    asked: Asked,
    train: Annotated[str, typer.Argument(help="Labelled texts to train on.")],
    *,
    out: common.Page,
    limit: Limits = [],
    reader: Annotated[str, typer.Option(help="averaged, summed or recurrent.")] = "averaged",
    setting: Annotated[
        list[str], typer.Option("--set", help="A setting of the classifier, such as hidden_size=64.")
    ] = [],
    device: common.Device = "auto",
    threads: common.Threads = None,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Train a classifier, name its faults and what to do next, and write it all on one page.

    Example: seqkit diagnose run film.tsv --dev dev.tsv --test test.tsv --human 0.05 --out film.html
    """
    from seqkit.diagnosis.from_files import DiagnosisRun, check_files

    made = RUN.make("diagnose run", asked.settings)
    check_files(out, made["written"])
    options, given = made["options"], parse_settings(setting)
    model = seqkit.TextClassifier(
        device=device, threads=threads, **({"reader": reader, "seed": options.seed} | given)
    )
    found = DiagnosisRun(train, made["parts"], made["source"], options.seed).diagnose(
        model, options, out, made["written"], limits=limit, report=None if quiet else common.note
    )
    plain = found.to_json()
    common.show(plain, f"{_findings(plain)}\n{out}", json)


def _findings(plain: dict[str, Any]) -> str:
    """The table of a diagnosis, and what to do."""
    parts = ", ".join(f"{score['name']} {score['value']:.4f}" for score in plain["errors"])
    rows = [
        [
            f["name"],
            f["formula"],
            "" if f["value"] is None else f["value"],
            common.ends(f["interval"]),
            _said(f),
        ]
        for f in plain["findings"]
    ]
    table = common.table(rows, ["gap or cause", "what", "value", "95 % interval", "named"])
    actions = [
        f"{i}. {f['name']}: {'; '.join(f['actions'])}"
        for i, f in enumerate(plain["findings"], 1)
        if f["fault"]
    ]
    return "\n".join([table, f"errors: {parts}", *(actions or ["no fault is named"])])


@app.command()
@asked(SPLIT)
def split(
    asked: Asked,
    source: Annotated[str, typer.Argument(help="Labelled texts.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder to write train.tsv, dev.tsv, ... to.")],
    share: Annotated[list[str], typer.Option(help="part=share; may be given again.")] = [
        "train=0.8",
        "dev=0.1",
        "test=0.1",
    ],
    seed: common.Seed = 1,
    json: common.AsJson = False,
) -> None:
    """Split labelled texts into parts: each label in its share, groups whole.

    Example: seqkit diagnose split film.tsv --share train=0.8 --share dev=0.1 --share test=0.1 --out parts
    """
    from seqkit.diagnosis.from_files import split_file

    found = split_file(source, share, out, Source(**asked.settings), seed=seed)
    rows = [
        [r["part"], r["rows"], ", ".join(f"{k} {n:,}" for k, n in r["labels"].items()), r["file"]]
        for r in found
    ]
    common.show(found, common.table(rows, ["part", "rows", "labels", "file"]), json)


@app.command("duplicates")
@asked(COPIES)
def copies(
    asked: Asked,
    sources: Annotated[
        list[str], typer.Argument(help="Labelled texts, a file for each part, training first.")
    ],
    *,
    threshold: Threshold = 0.8,
    show: Annotated[int, typer.Option(min=0, help="Copies to show.")] = 10,
    out: Annotated[Path | None, typer.Option(help="Also write all copies to this .csv.")] = None,
    json: common.AsJson = False,
) -> None:
    """Find texts of later files that are also in earlier ones, word for word or nearly.

    Example: seqkit diagnose duplicates train.tsv dev.tsv test.tsv
    """
    from seqkit.diagnosis.from_files import file_duplicates

    found = file_duplicates(sources, Source(**asked.settings), threshold=threshold, out=out)
    rows = [[r["part"], r["of"], r["exact"], r["near"], r["rows"]] for r in found["between"]]
    rows += [[name, name, n, "", found["sizes"][name]] for name, n in found["within"].items()]
    lines = [
        f"{c['where']}: {c['text']}\n  {c['of_where']}: {c['of_text']} ({c['similarity']:.2f})"
        for c in found["copies"][:show]
    ]
    common.show(found, "\n".join([common.table(rows, ["part", "of", "exact", "near", "rows"]), *lines]), json)


@app.command()
def sheet(
    diagnosis: Annotated[Path, typer.Argument(help="A diagnosis saved as .json.")],
    *,
    out: Annotated[Path | None, typer.Option(help="Write a sheet of errors to fill in to this .csv.")] = None,
    filled: Annotated[Path | None, typer.Option("--read", help="Read this filled sheet.")] = None,
    category: Annotated[list[str], typer.Option(help="A column to mark; may be given again.")] = [
        "label is wrong",
        "other",
    ],
    rows: Annotated[int, typer.Option(min=1, help="Errors in the sheet, drawn at random.")] = 100,
    seed: common.Seed = 1,
    json: common.AsJson = False,
) -> None:
    """Write errors of dev to a sheet for a person to mark, or read it: the share and gain of each category.

    Example: seqkit diagnose sheet film.json --out film.csv --category negation --category irony
    """
    from seqkit.diagnosis.saved import draw_sheet, filled_sheet

    if filled is None:
        done = draw_sheet(diagnosis, out, category, rows, seed)
        common.show(
            done,
            f"{done['file']}: {done['rows']} of {done['wrong']} errors. Put an x into the columns that fit.",
            json,
        )
        return
    found = filled_sheet(diagnosis, filled, seed)
    table = [
        [r["category"], r["errors"], r["looked_at"], r["share"], common.ends(r["interval"]), r["ceiling"]]
        for r in found["categories"]
    ]
    head = ["category", "errors", "of", "share", "95 % interval", "dev error if solved"]
    common.show(found, f"{common.table(table, head)}\n{found['missing']} rows without a mark", json)


@app.command()
def choose(
    diagnoses: Annotated[list[Path], typer.Argument(help="Diagnoses saved as .json, one for each model.")],
    *,
    optimise: Annotated[str, typer.Option(help="The metric to optimise: accuracy or macro_f1.")] = "accuracy",
    limit: Limits = [],
    json: common.AsJson = False,
) -> None:
    """Choose the model that is best in one metric among those within all limits.

    Example: seqkit diagnose choose mean.json lstm.json --optimise accuracy --limit "ms<=5"
    """
    from seqkit.diagnosis.saved import choose_file

    found = choose_file(diagnoses, optimise, limit)
    rows = [
        [name, *values.values(), "; ".join(found["broken"].get(name, []))]
        for name, values in found["values"].items()
    ]
    table = common.table(rows, ["model", *next(iter(found["values"].values())), "breaks"])
    common.show(found, f"{table}\nbest: {found['best'] or 'none keeps to the limits'}", json)


def _said(finding: dict[str, Any]) -> str:
    way = finding["explained_by"]
    return f"by way of {way}" if way else "yes" if finding["named"] else "no"
