"""seqkit embed count, seqkit embed merge."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from seqkit.cli import common
from seqkit.cli.options import Asked, asked
from seqkit.cli.out import Force
from seqkit.core.options import Settings, option, parse_settings
from seqkit.embeddings.cooccurrence.options import CountOptions


@dataclass(frozen=True)
class Work:
    """How a text is cut, and how the counting of it is shared out."""

    tokenizer: str = option("whitespace", help="how a text is cut: as in seqkit corpus build")
    lower: bool = option(False, help="lower-case the text")
    memory: str = option("4G", help="memory to use, as 500M or 4G; a larger text is counted in blocks")
    dask: str | None = option(
        None,
        help="address of a Dask scheduler whose workers count, or local: --threads processes (extra: dask)",
    )
    parts: int | None = option(
        None, help="how many pieces Dask counts; two for each thread of the workers if not given"
    )


WORK = Settings({"work": Work})
ONE_SIDED = "Count only pairs whose row word is before the column word; else both directions."


@asked(Settings({"counts": CountOptions, **WORK.groups}, fixed={"symmetric": True}))
def count(
    asked: Asked,
    input: common.Text,
    *,
    out: common.Out,
    vocab: Annotated[
        Path | None,
        typer.Option(help="Counts or a corpus whose words to count: for shards of a larger text."),
    ] = None,
    one_sided: Annotated[bool, typer.Option("--one-sided", help=ONE_SIDED)] = False,
    setting: Annotated[list[str], typer.Option("--set", help="Another setting, such as distance=text.")] = [],
    threads: common.Threads = None,
    device: common.Device = "auto",
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show how many pairs, and how much memory and disk, are needed; count nothing."
        ),
    ] = False,
    quiet: common.Quiet = False,
    json: common.AsJson = False,
    force: Force = False,
) -> None:
    """Count which words are near which, for embed train --loss glove; exact for any memory, threads and
    device.

    A GPU counts what the CPU has read and indexed. If --out holds these counts already, nothing is counted;
    others are replaced with --force.

    Example: seqkit embed count wiki.txt.gz --window 10 --memory 500M --out wiki.counts
    """
    from seqkit.embeddings.cooccurrence.run import count_text

    usual = {name: WORK.default(name) for name in WORK.fields()}
    result, text = count_text(
        input,
        Path(out),
        vocab=vocab,
        threads=threads,
        device=device,
        do="forecast" if dry_run else "replace" if force else "count",
        told=(common.reading(quiet), common.shares(quiet, "counted")),
        **(usual | {"symmetric": not one_sided} | asked.settings | parse_settings(setting)),
    )
    common.show(result, text, json)


def merge(
    shards: Annotated[
        list[Path], typer.Argument(help="Folders of counts, made with the same settings and --vocab.")
    ],
    *,
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
