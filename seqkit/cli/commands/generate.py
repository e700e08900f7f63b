"""seqkit generate: texts for a class, one to many: train a generator, draw from it, measure it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from seqkit.cli import common

__all__ = ["app"]

app = common.group("Generators, one to many: texts for a label (names by language, reviews by sentiment).")

ModelPath = Annotated[Path, typer.Argument(help="A folder that seqkit generate train wrote.")]
NAMES = ("label", "text")


@app.command()
def train(
    source: Annotated[
        str, typer.Argument(help='Lines label<TAB>text, or .jsonl with "label" and "text" ("-": stdin).')
    ],
    out: common.Out,
    valid: Annotated[
        str | None, typer.Option(help="The same to validate on; the best epoch is kept.")
    ] = None,
    unit: Annotated[
        str, typer.Option(help="character, word, whitespace (tokenised text) or subword[:MODEL].")
    ] = "character",
    cell: common.Cell = "lstm",
    layers: Annotated[int, typer.Option(help="Layers of the stack.")] = 1,
    hidden: Annotated[int, typer.Option(help="Numbers in a layer's state.")] = 128,
    embed_dim: Annotated[int, typer.Option(help="Numbers in an embedding.")] = 64,
    dropout: Annotated[
        float, typer.Option(help="Chance to drop, of embeddings, between layers and of outputs.")
    ] = 0.2,
    lr: common.Rate = 0.005,
    batch: Annotated[int, typer.Option(help="Texts in a step.")] = 32,
    epochs: Annotated[int, typer.Option(help="Passes over the texts.")] = 10,
    patience: common.Patience = None,
    min_count: Annotated[int, typer.Option(help="Tokens read less often become unknown.")] = 1,
    lower: Annotated[bool, typer.Option("--lower", help="Lower-case the texts.")] = False,
    setting: Annotated[list[str], typer.Option("--set", help="Another setting, as condition_dim=32.")] = [],  # noqa: B006
    device: common.Device = "auto",
    threads: common.Threads = None,
    seed: common.Seed = 1,
    resume: common.Resume = False,
    curve: common.Curve = None,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Train a generator and write it, with run.json, log.jsonl and a checkpoint, to the folder --out.

    Example: seqkit generate train names.tsv --epochs 20 --out names.gen
    """
    from seqkit.core.options import parse_settings
    from seqkit.models.generator.model import Generator
    from seqkit.models.pair_run import PairRun
    from seqkit.train.distributed import world as processes

    given = {
        "unit": unit,
        "cell": cell,
        "num_layers": layers,
        "hidden_size": hidden,
        "embed_dim": embed_dim,
        "dropout": dropout,
        "lr": lr,
        "batch": batch,
        "epochs": epochs,
        "patience": patience,
        "min_count": min_count,
        "lower": lower,
        "seed": seed,
    }
    model = Generator(device=device, threads=threads, **(given | parse_settings(setting)))
    checks = None if valid is None else (valid, None)
    run = PairRun(model, (source, None), Path(out), valid=checks, names=NAMES, curve=curve)
    with processes(device) as world:
        result = run.train(
            resume=resume, report=common.progress(quiet or world.rank > 0, "texts"), world=world
        )
    if world.rank == 0:
        last, best = (
            result["history"][-1],
            [e["validation"] for e in result["history"] if e["validation"] is not None],
        )
        labels = result["vocabulary"]["condition"]
        text = f"{out}: {result['parameters']:,} parameters, {labels:,} labels, loss {last['loss']:.4f}"
        common.show(result, text + (f", validation {min(best):.4f} nats a token" if best else ""), json)


@app.command()
def sample(
    model: ModelPath,
    labels: Annotated[
        list[str] | None, typer.Argument(help="Labels to write for; all of the model's if not given.")
    ] = None,
    count: Annotated[int, typer.Option(help="Texts for each label.")] = 1,
    length: Annotated[int, typer.Option(help="Most tokens of a text.")] = 200,
    temperature: Annotated[
        float, typer.Option(help="0: always the likeliest token; 1: as the model has it.")
    ] = 1.0,
    top_k: Annotated[int | None, typer.Option(help="Draw from this many likeliest tokens.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw from the likeliest tokens that reach this probability.")
    ] = None,
    seed: common.Seed = 1,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Draw texts for labels, as label<TAB>text; text i of a label is that of seed --seed + i, however many
    are drawn.

    Example: seqkit generate sample names.gen russian italian --count 5
    """
    opened = _open(model, device)
    asked = labels or list(opened.labels)
    found = opened.sample(
        asked,
        seeds=range(seed, seed + count),
        length=length,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
    )
    each = [label for label in asked for _ in range(count)]
    values = [
        {"label": label, "text": s.text, "log_prob": s.log_prob, "stopped": s.stopped, "tokens": len(s.ids)}
        for label, s in zip(each, found, strict=True)
    ]
    common.show(values, "\n".join(f"{value['label']}\t{value['text']}" for value in values), json)


@app.command("eval")
def evaluate(
    model: ModelPath,
    source: Annotated[
        str, typer.Argument(help='Lines label<TAB>text, or .jsonl with "label" and "text" ("-": stdin).')
    ],
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Show the perplexity of texts under their labels, and how often Bayes' rule gives the label back.

    Example: seqkit generate eval names.gen test.tsv
    """
    from seqkit.text.readers.parallel import pairs

    opened, (labels, texts) = _open(model, device), pairs(source, names=NAMES)
    scores = [opened.score(labels, texts), opened.accuracy(labels, texts)]
    common.show([score.to_json() for score in scores], "\n".join(map(str, scores)), json)


def _open(path: Path, device: str) -> Any:
    from seqkit.models.generator.model import Generator

    return Generator.load(path, device=device)
