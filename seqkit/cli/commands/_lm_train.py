"""seqkit lm train."""

from pathlib import Path
from typing import Annotated

import typer

from seqkit.cli import common


def train(
    input: Annotated[
        str, typer.Argument(help='A text (file, folder, glob, "-" for stdin, nltk:brown) or a corpus folder.')
    ],
    out: common.Out,
    valid: Annotated[
        str | None, typer.Option(help="Text to validate on after each epoch; the best epoch is kept.")
    ] = None,
    unit: Annotated[
        str, typer.Option(help="word, whitespace (tokenised text), character or subword[:MODEL].")
    ] = "word",
    cell: common.Cell = "lstm",
    layers: Annotated[int, typer.Option(help="Layers of the stack.")] = 2,
    hidden: Annotated[int, typer.Option(help="Numbers in a layer's state.")] = 256,
    embed_dim: Annotated[
        int | None, typer.Option(help="Numbers in an embedding; --hidden if not given.")
    ] = None,
    tie: Annotated[bool, typer.Option(help="The softmax shares the embedding's weight.")] = True,
    dropout: Annotated[
        float, typer.Option(help="Chance to drop, of embeddings, between layers and of outputs.")
    ] = 0.0,
    optimizer: common.Optimizer = "adamw",
    lr: common.Rate = 0.003,
    schedule: common.Schedule = "cosine",
    clip: Annotated[float, typer.Option(help="Largest norm of the gradient; 0: no limit.")] = 1.0,
    bptt: Annotated[int, typer.Option(help="Steps that gradients go back.")] = 64,
    batch: Annotated[int, typer.Option(help="Streams read side by side.")] = 32,
    epochs: Annotated[int, typer.Option(help="Passes over the text.")] = 10,
    patience: common.Patience = None,
    min_count: Annotated[int, typer.Option(help="Tokens read less often become unknown.")] = 1,
    max_size: Annotated[int | None, typer.Option(help="Most tokens in the vocabulary.")] = None,
    lower: Annotated[bool, typer.Option("--lower", help="Lower-case the text.")] = False,
    vectors: Annotated[Path | None, typer.Option(help="Word vectors to start the embedding from.")] = None,
    freeze: Annotated[bool, typer.Option("--freeze", help="Keep the embedding where it starts.")] = False,
    precision: common.Precision = "float32",
    setting: Annotated[list[str], typer.Option("--set", help="Another setting, as weight_dropout=0.5.")] = [],  # noqa: B006
    device: common.Device = "auto",
    threads: common.Threads = None,
    seed: common.Seed = 1,
    resume: common.Resume = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also log to --out/tensorboard (extra: tensorboard).")
    ] = False,
    curve: common.Curve = None,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Train a language model and write it, with run.json, log.jsonl and a checkpoint, to the folder --out.

    Ctrl-C finishes the step at hand and saves; --resume goes on, on a CPU to the same bytes. Under torchrun
    the batch is shared out among the processes.

    Example: seqkit lm train shakespeare.txt --unit character --hidden 256 --epochs 10 --out shakespeare.lm
    """
    from seqkit.core.options import parse_settings
    from seqkit.models.language_model.data import LanguageModelRun
    from seqkit.models.language_model.model import LanguageModel
    from seqkit.train.distributed import world as processes

    given = {
        "cell": cell,
        "num_layers": layers,
        "hidden_size": hidden,
        "embed_dim": embed_dim,
        "tie": tie,
        "dropout": dropout,
        "optimizer": optimizer,
        "lr": lr,
        "schedule": schedule,
        "clip": clip,
        "bptt": bptt,
        "batch": batch,
        "epochs": epochs,
        "patience": patience,
        "precision": precision,
        "seed": seed,
    }
    model = LanguageModel(device=device, threads=threads, **(given | parse_settings(setting)))
    run = LanguageModelRun(
        model,
        input,
        Path(out),
        unit=unit,
        lower=lower,
        min_count=min_count,
        max_size=max_size,
        valid=valid,
        vectors=vectors,
        freeze=freeze,
        curve=curve,
    )
    logs = []
    if tensorboard:
        from seqkit.train.tensorboard import TensorBoard

        logs.append(TensorBoard(Path(out) / "tensorboard"))
    with processes(device) as world:
        quiet = quiet or world.rank > 0
        result = run.train(
            resume=resume,
            report=common.progress(quiet, "tokens"),
            reading=common.reading(quiet),
            logs=logs,
            world=world,
        )
    if world.rank == 0:
        last = result["history"][-1]
        sizes = f"{result['parameters']:,} parameters, {result['vocabulary']:,} tokens"
        text = f"{out}: {sizes}, loss {last['loss']:.4f}"
        best = [e["validation"] for e in result["history"] if e["validation"] is not None]
        common.show(result, text + (f", validation {min(best):.4f} nats a token" if best else ""), json)
