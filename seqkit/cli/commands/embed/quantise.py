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
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Write vectors in fewer bytes to the folder --out, and show what that changed.

    --device is where neighbours and analogies are searched.

    Example: seqkit embed quantise demo.vectors --to int8 --out small.vectors
    """
    from seqkit.embeddings.testsets.compression import compare

    before = seqkit.Vectors.load(vectors, device=device)
    before.save(out, dtype=to)
    after = seqkit.Vectors.load(out, device=device)
    changes = compare(before, after, analogies, similarity, restrict=restrict, seed=seed)
    common.ran(after.space.backend)
    rows = [
        [c.name, c.before.value if c.before else "", c.after.value, c.after.count, c.after.missing]
        for c in changes
    ]
    text = common.table(rows, ["measure", "before", "after", "count", "missing"])
    common.show([change.to_json() for change in changes], text, json)
