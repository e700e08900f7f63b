"""seqkit embed train-window."""

from pathlib import Path
from typing import Annotated

import typer

from seqkit.cli import common


def train(
    input: Annotated[
        str, typer.Argument(help='A text (file, folder, glob, "-" for stdin, nltk:brown) or a corpus folder.')
    ],
    out: common.Out,
    context: Annotated[
        str, typer.Option(help="last (words before), both (sides), last-one or nearby (one word).")
    ] = "last",
    window: Annotated[int, typer.Option(help="Words before, or to each side.")] = 4,
    dim: Annotated[int, typer.Option(help="Numbers in a vector.")] = 100,
    hidden: Annotated[int, typer.Option(help="Numbers in the hidden layer.")] = 128,
    epochs: Annotated[int, typer.Option(help="Passes over the text.")] = 5,
    batch: Annotated[int, typer.Option(help="Predictions in a step.")] = 256,
    lr: Annotated[float, typer.Option(help="First learning rate.")] = 0.002,
    min_count: Annotated[int, typer.Option(help="Words seen less often are read as unknown.")] = 5,
    tokenizer: Annotated[
        str, typer.Option(help="How a text is cut: as in seqkit corpus build.")
    ] = "whitespace",
    lower: Annotated[bool, typer.Option("--lower", help="Lower-case the text.")] = False,
    initial: Annotated[Path | None, typer.Option(help="Vectors to start from.")] = None,
    validate: Annotated[
        Path | None, typer.Option(help="Analogy questions to answer after each epoch.")
    ] = None,
    setting: Annotated[list[str], typer.Option("--set", help="Another setting, as optimizer=sgd.")] = [],  # noqa: B006
    device: common.Device = "auto",
    threads: common.Threads = None,
    seed: common.Seed = 1,
    resume: common.Resume = False,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Train word vectors by a neural language model of a fixed window, and write them to the folder --out.

    The folder OUT/model holds the model itself. Ctrl-C finishes the step at hand and saves; --resume goes on.
    Under torchrun the batch is shared out among the processes.

    Example: seqkit embed train-window wiki.txt.gz --context both --window 3 --out window.vectors
    """
    from seqkit.core.options import parse_settings
    from seqkit.embeddings.training.run import Run
    from seqkit.models.window.model import WindowModel
    from seqkit.train.distributed import world as processes

    given = {
        "context": context,
        "window": window,
        "dim": dim,
        "hidden_size": hidden,
        "epochs": epochs,
        "batch": batch,
        "lr": lr,
        "min_count": min_count,
        "seed": seed,
    }
    model = WindowModel(device=device, threads=threads, **(given | parse_settings(setting)))
    run = Run(model, input, Path(out), tokenizer=tokenizer, lower=lower, initial=initial, validate=validate)
    with processes(device) as world:
        quiet = quiet or world.rank > 0
        result = run.train(
            resume=resume, report=common.progress(quiet), reading=common.reading(quiet), world=world
        )
    if world.rank == 0:
        model.save(Path(out) / "model")
        sizes = f"{result['words']:,} words, {model.options.dim} numbers each"
        text = f"{out}: {sizes}, loss {result['history'][-1]['loss']:.4f}"
        common.show(result, text, json)
