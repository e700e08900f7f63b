"""seqkit embed map."""

from dataclasses import dataclass
from typing import Annotated, Literal

import typer

import seqkit
from seqkit.cli import common
from seqkit.cli.options import Asked, asked
from seqkit.core.options import Settings, option, parse_settings


@dataclass(frozen=True)
class Shown:
    """Which words a map shows."""

    top: int = option(300, help="how many words: the most frequent, or the nearest")
    neighbours_of: str | None = option(None, help="draw this word and the --top nearest to it")
    title: str = option("", help="title of the map; if not given, it says what is shown")
    missing: Literal["error", "skip"] = option("error", help="what an unknown word does: error or skip")


@asked(Settings({"shown": Shown}))
def draw(
    asked: Asked,
    vectors: common.VectorsPath,
    *,
    out: common.Out,
    words: Annotated[
        list[str], typer.Option(help="A file of words, or words; give again for another colour.")
    ] = [],
    method: Annotated[
        str | None, typer.Option(help="tsne, pca, umap (an extra) or axes; tsne if not given.")
    ] = None,
    x: Annotated[
        str | None, typer.Option(help="A formula for the horizontal axis, such as 'he->she'; needs --y.")
    ] = None,
    y: Annotated[
        str | None, typer.Option(help="A formula for the vertical axis, such as 'king-man+woman'.")
    ] = None,
    setting: Annotated[
        list[str], typer.Option("--set", help="A setting of the method, such as perplexity=50.")
    ] = [],
    seed: common.Seed = 1,
    device: common.Device = "auto",
    json: common.AsJson = False,
) -> None:
    """Draw a map of words to --out: .svg, .png, .html (zoom, search) or .tsv (TensorBoard projector).

    --device is where neighbours are searched: those of --neighbours-of, and those that a page of 4,096 or
    more words shows. The map itself is made by the CPU.

    Example: seqkit embed map demo.vectors --top 200 --out map.svg
    """
    from seqkit.embeddings.maps import maps

    axes = [formula for formula in (x, y) if formula is not None]
    groups = dict(maps.read_words(text) for text in words)
    drawn = maps.draw(
        seqkit.Vectors.load(vectors, device=device),
        out,
        groups or None,
        method=method or ("axes" if axes else "tsne"),
        axes=axes,
        seed=seed,
        **(asked.settings | parse_settings(setting)),
    )
    left_out = f"; {drawn.unlabelled:,} labels found no place" if drawn.unlabelled else ""
    common.show(drawn.to_json(), f"{', '.join(map(str, drawn.files))}: {drawn.caption}{left_out}", json)
