"""seqkit phrases: join words that belong together."""

from pathlib import Path
from typing import Annotated

import typer

import seqkit
from seqkit.cli import common

__all__ = ["phrases"]


def phrases(
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    *,
    out: common.Out,
    score: Annotated[str, typer.Option(help="word2phrase or npmi.")] = "word2phrase",
    threshold: Annotated[
        float | None,
        typer.Option(help="Join pairs that score above this; 100 for word2phrase, 0.5 for npmi."),
    ] = None,
    min_count: Annotated[
        int,
        typer.Option(min=1, help="Pairs that occur less often are not joined (δ of word2phrase)."),
    ] = 5,
    passes: Annotated[int, typer.Option(min=1, help="How often to join; 2 joins up to four words.")] = 1,
    connectors: Annotated[
        str, typer.Option(help="Words (comma-separated) that neither begin nor end a phrase.")
    ] = "",
    top: Annotated[int, typer.Option(min=1, help="How many phrases to show.")] = 20,
    json: common.AsJson = False,
) -> None:
    """Find pairs such as "new york" and write a corpus in which they are one token, new_york.

    Example: seqkit phrases wiki.corpus --out wiki-phrases.corpus --passes 2
    """
    from seqkit.text.phrases import find_phrases

    joined, found = find_phrases(
        seqkit.Corpus.load(corpus),
        score=score,
        threshold=threshold,
        min_count=min_count,
        passes=passes,
        connectors=tuple(filter(None, connectors.split(","))),
    )
    joined.save(out)
    rows = [[phrase.text, phrase.count, phrase.score] for phrase in found[:top]]
    result = {"phrases": len(found), "tokens": joined.num_tokens, "top": rows}
    sizes = f"{len(found):,} phrases, {joined.num_tokens:,} tokens"
    common.show(result, f"{sizes}\n{common.table(rows, ['phrase', 'count', 'score'])}", json)
