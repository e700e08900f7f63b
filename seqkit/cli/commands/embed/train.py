"""seqkit embed train."""

from pathlib import Path
from typing import Annotated

import typer

from seqkit.cli import common


def train(
    input: Annotated[
        str,
        typer.Argument(
            help='A text (file, folder, glob, "-" for stdin, nltk:brown) or a folder of a corpus or '
            "of counts."
        ),
    ],
    out: common.Out,
    context: Annotated[str, typer.Option(help="skipgram or cbow; glove has none.")] = "skipgram",
    loss: Annotated[
        str, typer.Option(help="negative-sampling, subwords, hierarchical-softmax, full-softmax or glove.")
    ] = "negative-sampling",
    dim: Annotated[int, typer.Option(help="Numbers in a vector.")] = 100,
    window: Annotated[
        int | None, typer.Option(help="Words to each side, at most; 5, or 10 for glove.")
    ] = None,
    negatives: Annotated[
        int | None, typer.Option(help="Noise words a window (negative-sampling); 5 if not given.")
    ] = None,
    subsample: Annotated[
        float | None,
        typer.Option(
            help="Frequency above which words are thinned out (not glove); 0: none; 0.001 if not given."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the text, or over glove's pairs; 5, or 15 for glove.")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="First learning rate; 0.025 for skipgram, 0.05 for cbow and glove.")
    ] = None,
    min_count: Annotated[
        int | None, typer.Option(help="Words seen less often are left out; 5 if not given.")
    ] = None,
    subwords: Annotated[
        bool,
        typer.Option(
            "--subwords",
            help="Learn n-grams of characters too, so that unseen words have vectors: loss subwords.",
        ),
    ] = False,
    min_n: Annotated[
        int | None, typer.Option(help="Characters in the shortest n-gram (subwords); 3 if not given.")
    ] = None,
    max_n: Annotated[
        int | None, typer.Option(help="Characters in the longest n-gram (subwords); 6 if not given.")
    ] = None,
    buckets: Annotated[
        int | None, typer.Option(help="Rows that n-grams are hashed into (subwords); 200000 if not given.")
    ] = None,
    tokenizer: Annotated[
        str, typer.Option(help="How a text is cut: as in seqkit corpus build.")
    ] = "whitespace",
    lower: Annotated[bool, typer.Option("--lower", help="Lower-case the text.")] = False,
    initial: Annotated[Path | None, typer.Option(help="Vectors to start from.")] = None,
    extend: Annotated[
        bool,
        typer.Option(
            "--extend", help="Keep all words of --initial, and add the new ones of the text behind them."
        ),
    ] = False,
    frozen: Annotated[Path | None, typer.Option(help="A file of words that stay where they start.")] = None,
    validate: Annotated[
        Path | None, typer.Option(help="Analogy questions to answer after each epoch.")
    ] = None,
    setting: Annotated[list[str], typer.Option("--set", help="Another setting, as noise_exponent=0.5.")] = [],  # noqa: B006
    threads: common.Threads = None,
    seed: common.Seed = 1,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="Same bytes for any number of threads.")
    ] = False,
    resume: common.Resume = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show memory and time needed, train nothing.")
    ] = False,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Train word vectors and write them, with run.json and a checkpoint, to the folder --out.

    Ctrl-C finishes the block at hand and saves; --resume goes on, with --deterministic (glove always) to the
    same bytes.

    Example: seqkit embed train wiki.txt.gz --dim 100 --epochs 5 --out wiki.vectors
    """
    from seqkit.core.errors import OptionError
    from seqkit.embeddings.training.run import Run, make_model, summary

    if subwords and loss not in ("negative-sampling", "subwords"):
        raise OptionError(
            f"--subwords: --loss {loss} came, but n-grams are learnt by negative sampling only. Leave "
            "one out."
        )
    loss = "subwords" if subwords else loss
    asked = {
        "window": window,
        "subsample": subsample,
        "min_count": min_count,
        "negatives": negatives,
        "epochs": epochs,
        "lr": lr,
        "min_n": min_n,
        "max_n": max_n,
        "buckets": buckets,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    model = make_model(
        context, setting, dim=dim, loss=loss, threads=threads, seed=seed, deterministic=deterministic, **given
    )
    run = Run(
        model,
        input,
        Path(out),
        tokenizer=tokenizer,
        lower=lower,
        initial=initial,
        extend=extend,
        frozen=frozen,
        validate=validate,
    )
    if dry_run:
        common.show(*summary(run.estimate()), json)
        return
    result = run.train(
        resume=resume, report=common.progress(quiet, model.unit), reading=common.reading(quiet)
    )
    words = f"{result['words']:,} words" + (f" ({result['added']:,} new)" if extend else "")
    common.show(result, f"{out}: {words}, {dim} numbers each, loss {result['history'][-1]['loss']:.4f}", json)
