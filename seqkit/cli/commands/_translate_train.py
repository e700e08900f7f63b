"""seqkit translate train."""

from pathlib import Path
from typing import Annotated

import typer

from seqkit.cli import common


def train(
    source: Annotated[
        str, typer.Argument(help='Source texts, one a line; or pairs as TSV or .jsonl ("-": stdin).')
    ],
    out: common.Out,
    target: Annotated[
        str | None, typer.Argument(help="Target texts, line n belongs to line n; not given: pairs.")
    ] = None,
    valid: Annotated[
        str | None, typer.Option(help="Sources or pairs to validate on; the best epoch is kept.")
    ] = None,
    valid_target: Annotated[
        str | None, typer.Option(help="Targets of --valid, where that holds sources alone.")
    ] = None,
    unit: Annotated[
        str, typer.Option(help="word, whitespace (tokenised text), character or subword[:MODEL].")
    ] = "word",
    attention: Annotated[str, typer.Option(help="luong, bahdanau or none.")] = "luong",
    cell: common.Cell = "lstm",
    layers: Annotated[int, typer.Option(help="Layers of encoder and decoder.")] = 1,
    hidden: Annotated[int, typer.Option(help="Numbers in a layer's state, in each direction.")] = 256,
    embed_dim: Annotated[int, typer.Option(help="Numbers in an embedding.")] = 256,
    dropout: Annotated[
        float, typer.Option(help="Chance to drop, of embeddings, between layers and of outputs.")
    ] = 0.3,
    label_smoothing: Annotated[
        float, typer.Option(help="Share of a target's probability given to all words.")
    ] = 0.0,
    teacher_forcing: Annotated[
        float, typer.Option(help="Share of right words the decoder reads, at first.")
    ] = 1.0,
    teacher_forcing_end: Annotated[
        float | None, typer.Option(help="The same at the end; as at first if not given.")
    ] = None,
    optimizer: common.Optimizer = "adamw",
    lr: common.Rate = 0.002,
    schedule: common.Schedule = "cosine",
    batch: Annotated[int, typer.Option(help="Pairs in a step.")] = 64,
    epochs: Annotated[int, typer.Option(help="Passes over the pairs.")] = 10,
    patience: common.Patience = None,
    min_count: Annotated[int, typer.Option(help="Tokens read less often become unknown.")] = 1,
    max_size: Annotated[
        int | None, typer.Option(help="Most tokens in a vocabulary; subwords: 8,000 if not given.")
    ] = None,
    lower: Annotated[bool, typer.Option("--lower", help="Lower-case both sides.")] = False,
    precision: common.Precision = "float32",
    setting: Annotated[list[str], typer.Option("--set", help="Another setting, as decoder_size=512.")] = [],  # noqa: B006
    device: common.Device = "auto",
    threads: common.Threads = None,
    seed: common.Seed = 1,
    resume: common.Resume = False,
    curve: common.Curve = None,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Train a translator and write it, with run.json, log.jsonl and a checkpoint, to the folder --out.

    Ctrl-C finishes the step at hand and saves; --resume goes on, on a CPU to the same bytes. Under torchrun
    the batch is shared out among the processes.

    Example: seqkit translate train train.de train.en --valid val.de --valid-target val.en --unit subword:bpe
    --out de-en
    """
    from seqkit.core.options import parse_settings
    from seqkit.models.pair_run import PairRun
    from seqkit.models.translator.model import Translator
    from seqkit.train.distributed import world as processes

    given = {
        "unit": unit,
        "attention": attention,
        "cell": cell,
        "num_layers": layers,
        "hidden_size": hidden,
        "embed_dim": embed_dim,
        "dropout": dropout,
        "label_smoothing": label_smoothing,
        "teacher_forcing": teacher_forcing,
        "teacher_forcing_end": teacher_forcing_end,
        "optimizer": optimizer,
        "lr": lr,
        "schedule": schedule,
        "batch": batch,
        "epochs": epochs,
        "patience": patience,
        "min_count": min_count,
        "max_size": max_size,
        "lower": lower,
        "precision": precision,
        "seed": seed,
    }
    model = Translator(device=device, threads=threads, **(given | parse_settings(setting)))
    checks = None if valid is None else (valid, valid_target)
    run = PairRun(model, (source, target), Path(out), valid=checks, curve=curve)
    with processes(device) as world:
        result = run.train(
            resume=resume, report=common.progress(quiet or world.rank > 0, "pairs"), world=world
        )
    if world.rank == 0:
        last, best = (
            result["history"][-1],
            [e["validation"] for e in result["history"] if e["validation"] is not None],
        )
        sizes = f"{result['parameters']:,} parameters, {result['pairs']['count']:,} pairs"
        text = f"{out}: {sizes}, loss {last['loss']:.4f}"
        common.show(result, text + (f", validation {min(best):.4f} nats a token" if best else ""), json)
