"""seqkit embed quantise."""

from pathlib import Path
from typing import Annotated

import typer

import seqkit
from seqkit.cli import common


def quantise(
    vectors: common.VectorsPath,
    *,
    out: common.Out,
    to: Annotated[str, typer.Option(help="fp16 (half the bytes) or int8 (a quarter).")] = "int8",
    analogies: Annotated[
        list[Path], typer.Option(help="Files of questions to answer before and after.")
    ] = [],
    similarity: Annotated[
        list[Path], typer.Option(help="Files of rated pairs to measure before and after.")
    ] = [],
    restrict: common.Restrict = None,
    seed: common.Seed = 1,
    json: common.AsJson = False,
) -> None:
    """Write vectors in fewer bytes to the folder --out, and show what that changed.

    Example: seqkit embed quantise demo.vectors --to int8 --out small.vectors
    """
    from seqkit.embeddings.testsets.compression import compare

    before = seqkit.Vectors.load(vectors)
    before.save(out, dtype=to)
    changes = compare(before, seqkit.Vectors.load(out), analogies, similarity, restrict=restrict, seed=seed)
    rows = [
        [c.name, c.before.value if c.before else "", c.after.value, c.after.count, c.after.missing]
        for c in changes
    ]
    text = common.table(rows, ["measure", "before", "after", "count", "missing"])
    common.show([change.to_json() for change in changes], text, json)
