"""seqkit embed count, seqkit embed merge."""

from pathlib import Path
from typing import Annotated

import typer

from seqkit.cli import common


def count(
    input: Annotated[
        str, typer.Argument(help='A text (file, folder, glob, "-" for stdin, nltk:brown) or a corpus folder.')
    ],
    out: common.Out,
    window: Annotated[int, typer.Option(help="Words to each side.")] = 10,
    weighting: Annotated[
        str, typer.Option(help="inverse: a pair at distance d counts 1/d; flat: 1.")
    ] = "inverse",
    one_sided: Annotated[
        bool,
        typer.Option(
            "--one-sided",
            help="Count only pairs whose row word is before the column word; else both directions.",
        ),
    ] = False,
    min_count: Annotated[int, typer.Option(help="Words that occur less often are left out.")] = 5,
    max_size: Annotated[int | None, typer.Option(help="Keep so many of the most common words.")] = None,
    vocab: Annotated[
        Path | None,
        typer.Option(help="Counts or a corpus whose words to count: for shards of a larger text."),
    ] = None,
    memory: Annotated[
        str, typer.Option(help="Memory to use, as 500M or 4G; a larger text is counted in blocks.")
    ] = "4G",
    tokenizer: Annotated[
        str, typer.Option(help="How a text is cut: as in seqkit corpus build.")
    ] = "whitespace",
    lower: Annotated[bool, typer.Option("--lower", help="Lower-case the text.")] = False,
    setting: Annotated[list[str], typer.Option("--set", help="Another setting, such as distance=text.")] = [],  # noqa: B006
    dask: Annotated[
        str | None,
        typer.Option(
            help="Address of a Dask scheduler whose workers count, or local: --threads processes "
            "(extra: dask)."
        ),
    ] = None,
    parts: Annotated[
        int | None,
        typer.Option(help="How many pieces Dask counts; two for each thread of the workers if not given."),
    ] = None,
    threads: common.Threads = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show how many pairs, and how much memory and disk, are needed; count nothing."
        ),
    ] = False,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
) -> None:
    """Count which words are near which, for embed train --loss glove; exact for any memory and threads.

    Example: seqkit embed count wiki.txt.gz --window 10 --memory 500M --out wiki.counts
    """
    from seqkit.core.options import parse_settings
    from seqkit.embeddings.cooccurrence.run import count_text

    given = {
        "window": window,
        "weighting": weighting,
        "symmetric": not one_sided,
        "min_count": min_count,
        "max_size": max_size,
    }
    result, text = count_text(
        input,
        Path(out),
        tokenizer=tokenizer,
        lower=lower,
        vocab=vocab,
        memory=memory,
        threads=threads,
        dry_run=dry_run,
        dask=dask,
        parts=parts,
        reading=common.reading(quiet),
        report=common.shares(quiet, "counted"),
        **(given | parse_settings(setting)),
    )
    common.show(result, text, json)


def merge(
    shards: Annotated[
        list[Path], typer.Argument(help="Folders of counts, made with the same settings and --vocab.")
    ],
    out: common.Out,
    threads: common.Threads = None,
    json: common.AsJson = False,
) -> None:
    """Add up counts of several texts; the result is exactly the count of all of them together.

    Example: seqkit embed merge wiki.counts wiki.counts --out both.counts
    """
    from seqkit.embeddings.cooccurrence.matrix import Cooccurrence

    common.show(
        *Cooccurrence.merge(
            [Cooccurrence.load(shard) for shard in shards], threads=threads, out=out
        ).summary(),
        json,
    )
