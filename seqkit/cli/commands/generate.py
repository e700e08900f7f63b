"""seqkit generate: texts for a label: train a generator, draw from it, measure it."""

from pathlib import Path
from typing import Annotated, Any

import typer

import seqkit
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Asked, Training, asked, flags
from seqkit.models.generator.options import SAMPLING, SETTINGS

__all__ = ["app"]

app = group("Write texts for a label, such as names for a language: train, sample, eval.")

ModelPath = Annotated[Path, typer.Argument(help="A folder that seqkit generate train wrote.")]
Pairs = Annotated[
    str,
    typer.Argument(
        help='Lines label<TAB>text, or .csv, .jsonl or .parquet with "label" and "text" ("-": stdin).'
    ),
]
Valid = Annotated[str | None, typer.Option(help="Texts of that kind to validate on; the best epoch is kept.")]
NAMES = ("label", "text")


@app.command()
@flags(SETTINGS)
def train(run: Training, source: Pairs, *, out: common.Out, valid: Valid = None) -> None:
    """Train a generator and write it, with run.json, log.jsonl and a checkpoint, to the folder --out.

    Example: seqkit generate train names.tsv --epochs 20 --out names.gen
    """
    from seqkit.models.pairs import read

    check = None if valid is None else (valid, None)

    def told(result: Any) -> str:
        sizes = f"{result['parameters']:,} parameters, {result['vocabulary']['condition']:,} labels"
        return sizes + common.losses(result, "a token")

    run.run(seqkit.Generator, lambda *_: read((source, None), valid=check, names=NAMES), out, "texts", told)


@app.command()
@asked(SAMPLING)
def sample(
    asked: Asked,
    model: ModelPath,
    labels: Annotated[
        list[str] | None, typer.Argument(help="Labels to write texts for; all labels if not given.")
    ] = None,
    *,
    count: Annotated[int, typer.Option(min=1, help="How many texts for each label.")] = 1,
    ban_unk: common.BanUnk = True,
    seed: common.Seed = 1,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Draw texts for labels, as label<TAB>text; text i of a label is the one of seed --seed + i.

    Example: seqkit generate sample names.gen russian italian --count 5
    """
    opened = seqkit.Generator.load(model, device=device)
    wanted = labels or list(opened.labels)
    found = opened.sample(wanted, seeds=range(seed, seed + count), ban_unk=ban_unk, **asked.settings)
    each = [label for label in wanted for _ in range(count)]
    values = [
        {"label": label, "text": s.text, "log_prob": s.log_prob, "stopped": s.stopped, "tokens": len(s.ids)}
        for label, s in zip(each, found, strict=True)
    ]
    common.show(values, "\n".join(f"{value['label']}\t{value['text']}" for value in values), json)


@app.command("eval")
def evaluate(
    model: ModelPath, source: Pairs, *, device: common.Device = "auto", json: common.AsJson = False
) -> None:
    """Show the perplexity of texts given their labels, and how often Bayes' rule finds the label.

    Example: seqkit generate eval names.gen test.tsv
    """
    from seqkit.text.readers.parallel import pairs

    opened, (labels, texts) = seqkit.Generator.load(model, device=device), pairs(source, names=NAMES)
    scores = [opened.score(labels, texts), opened.accuracy(labels, texts)]
    common.show([score.to_json() for score in scores], "\n".join(map(str, scores)), json)
