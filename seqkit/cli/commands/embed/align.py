"""seqkit embed align."""

from pathlib import Path
from typing import Annotated

import typer

import seqkit
from seqkit.cli import common


def align(
    source: Annotated[Path, typer.Argument(help="Vectors to turn, in any format.")],
    target: Annotated[Path, typer.Argument(help="Vectors whose space they are turned into.")],
    *,
    out: common.Out,
    dictionary: Annotated[
        Path | None,
        typer.Option(help='Lines "source target" to learn from; if not given, words with the same spelling.'),
    ] = None,
    test: Annotated[
        Path | None, typer.Option(help="Lines to measure precision on; the dictionary if not given.")
    ] = None,
    method: Annotated[str, typer.Option(help="How translations are found: csls or cosine.")] = "csls",
    restrict: common.Restrict = None,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Turn one space of vectors into another, and show how many words find their translation.

    --device is where translations are searched; the space itself is turned by the CPU.

    Example: seqkit embed align english.vectors french.vectors --dictionary en-fr.txt --out
    english-in-french.vectors
    """
    from seqkit.embeddings import alignment

    pairs, asked = (None if path is None else alignment.read_dictionary(path) for path in (dictionary, test))
    made, turned, scores = alignment.align_and_measure(
        seqkit.Vectors.load(source, device=device),
        seqkit.Vectors.load(target, device=device),
        pairs,
        asked,
        method=method,  # type: ignore[arg-type]  # checked there
        restrict=restrict,
    )
    turned.save(out)
    common.note(
        f"{out}: {len(turned):,} words, learnt from {made.count:,} pairs, {made.missing:,} with an "
        "unknown word"
    )
    result = {"pairs": made.count, "missing": made.missing, "scores": [score.to_json() for score in scores]}
    result["backend"] = turned.space.backend
    common.show(result, "\n".join(map(str, scores)), json)
