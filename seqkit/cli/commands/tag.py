"""seqkit tag: train taggers of words, label text, score."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from seqkit.cli import common

__all__ = ["app"]

app = common.group("Taggers: train, label words of text, score.")

ModelPath = Annotated[Path, typer.Argument(help="A folder that seqkit tag train wrote.")]
Format = Annotated[
    str | None,
    typer.Option(help="conll, conllu, jsonl or text; told by the name if not given (.conllu, .jsonl, .txt)."),
]
Column = Annotated[
    str | None,
    typer.Option(
        help="Of the tags: a number from 1 (the last if not given), CoNLL-U's name (upos), or JSON's "
        "key (tags)."
    ),
]


@app.command()
def train(
    input: Annotated[
        str, typer.Argument(help='Tagged sentences: CoNLL, CoNLL-U or JSON lines ("-": stdin).')
    ],
    out: common.Out,
    valid: Annotated[
        str | None, typer.Option(help="Sentences to validate on after each epoch; the best epoch is kept.")
    ] = None,
    format: Format = None,
    column: Column = None,
    scheme: Annotated[
        str,
        typer.Option(help="How spans are learnt: auto (bioes if there are any), plain, iob1, bio, bioes."),
    ] = "auto",
    head: Annotated[str, typer.Option(help="crf or softmax.")] = "crf",
    characters: Annotated[
        str, typer.Option(help="How words' characters are read: cnn, recurrent or none.")
    ] = "cnn",
    vectors: Annotated[
        Path | None, typer.Option(help="Word vectors to read beside the trained embedding.")
    ] = None,
    cell: common.Cell = "lstm",
    layers: Annotated[int, typer.Option(help="Layers of the stack.")] = 1,
    hidden: Annotated[int, typer.Option(help="Numbers in a layer's state, in each direction.")] = 128,
    embed_dim: Annotated[int, typer.Option(help="Numbers in the trained embedding.")] = 50,
    dropout: Annotated[
        float, typer.Option(help="Chance to drop, of words, between layers and of outputs.")
    ] = 0.3,
    min_count: Annotated[int, typer.Option(help="Words read less often are unknown.")] = 2,
    optimizer: common.Optimizer = "adamw",
    lr: common.Rate = 0.003,
    schedule: common.Schedule = "cosine",
    batch: Annotated[int, typer.Option(help="Sentences in a step.")] = 32,
    epochs: Annotated[int, typer.Option(help="Passes over the sentences.")] = 10,
    patience: common.Patience = None,
    precision: common.Precision = "float32",
    setting: Annotated[list[str], typer.Option("--set", help="Another setting, as char_size=30.")] = [],  # noqa: B006
    device: common.Device = "auto",
    threads: common.Threads = None,
    seed: common.Seed = 1,
    resume: common.Resume = False,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Train a tagger and write it, with run.json, log.jsonl and a checkpoint, to the folder --out.

    Tags that are spans (B-PER, I-PER, O) are found out, learnt as BIOES, and given back as they came. Ctrl-C
    finishes the step at hand and saves; --resume goes on, on a CPU to the same bytes. Under torchrun the
    batch is shared out.

    Example: seqkit tag train eng.train --valid eng.testa --vectors wiki.vectors --out ner.tagger
    """
    from seqkit.core.options import parse_settings
    from seqkit.models.tagger.data import TaggerRun
    from seqkit.models.tagger.model import Tagger
    from seqkit.train.distributed import world as processes

    given = {
        "scheme": scheme,
        "head": head,
        "characters": characters,
        "cell": cell,
        "num_layers": layers,
        "hidden_size": hidden,
        "embed_dim": embed_dim,
        "dropout": dropout,
        "min_count": min_count,
        "optimizer": optimizer,
        "lr": lr,
        "schedule": schedule,
        "batch": batch,
        "epochs": epochs,
        "patience": patience,
        "precision": precision,
        "seed": seed,
    }
    model = Tagger(device=device, threads=threads, **(given | parse_settings(setting)))
    run = TaggerRun(model, input, Path(out), valid=valid, vectors=vectors, format=format, column=column)
    with processes(device) as world:
        result = run.train(
            resume=resume, report=common.progress(quiet or world.rank > 0, "sentences"), world=world
        )
    if world.rank == 0:
        loss = result["history"][-1]["loss"]
        text = f"{out}: {result['parameters']:,} parameters, {len(result['labels'])} labels, loss {loss:.4f}"
        score = result["scores"][0] if result["scores"] else None
        common.show(
            result, text + (f", {score['name']} {score['value']:.4f} on {valid}" if score else ""), json
        )


@app.command()
def predict(
    model: ModelPath,
    input: Annotated[
        str, typer.Argument(help='Sentences: CoNLL, CoNLL-U, JSON lines, or text, one a line ("-": stdin).')
    ] = "-",
    out: Annotated[Path | None, typer.Option(help="A file for the result; stdout if not given.")] = None,
    format: Format = None,
    unit: Annotated[str, typer.Option(help="How text is cut: word, or whitespace.")] = "word",
    scheme: Annotated[
        str | None, typer.Option(help="Write spans as iob1, bio or bioes; as in training if not given.")
    ] = None,
    output: Annotated[str, typer.Option(help="conll (word, tab, label) or jsonl.")] = "conll",
    device: common.Device = "auto",
    threads: common.Threads = None,
) -> None:
    """Label the words of sentences. What comes on stdin is text unless --format says otherwise.

    Example: echo "Anna lives in Rome ." | seqkit tag predict ner.tagger
    """
    from seqkit.core.files import write_atomic
    from seqkit.models.tagger.data import predict
    from seqkit.models.tagger.model import Tagger

    opened = Tagger.load(model, device=device, threads=threads)
    reading = {"format": format or ("text" if input == "-" else None), "unit": unit}
    if out is None:
        predict(opened, input, sys.stdout.buffer, scheme=scheme, output=output, **reading)
        return
    with write_atomic(out) as file:
        count = predict(opened, input, file, scheme=scheme, output=output, **reading)
    common.note(f"{out}: {count:,} sentences")


@app.command("eval")
def evaluate(
    model: ModelPath,
    input: Annotated[
        str, typer.Argument(help='Tagged sentences: CoNLL, CoNLL-U or JSON lines ("-": stdin).')
    ],
    format: Format = None,
    column: Column = None,
    device: common.Device = "auto",
    threads: common.Threads = None,
    json: common.AsJson = False,
) -> None:
    """Score a model: F1 of spans in all and by type, or accuracy, with counts and 95 % intervals by sentence.

    Example: seqkit tag eval ner.tagger eng.testb
    """
    from seqkit.models.tagger.data import evaluate
    from seqkit.models.tagger.model import Tagger

    found = evaluate(Tagger.load(model, device=device, threads=threads), input, format=format, column=column)
    if unseen := found[0].signature["unseen"]:
        common.note(f"{input}: {unseen:,} labels were never met in training and count as wrong")
    rows = [
        [
            s.name,
            s.value,
            s.interval and "{:.4f}–{:.4f}".format(*s.interval),
            s.signature.get("precision"),
            s.signature.get("recall"),
            s.count,
            s.missing,
        ]
        for s in found
    ]
    head = ["score", "value", "95 % interval", "precision", "recall", "count", "missing"]
    common.show([s.to_json() for s in found], common.table(rows, head), json)
