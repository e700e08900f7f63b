"""seqkit embed map."""

from typing import Annotated

import typer

from seqkit.cli import common


def draw(
    vectors: common.VectorsPath,
    out: common.Out,
    words: Annotated[
        list[str], typer.Option(help="A file of words, or words; give again for another colour.")
    ] = [],  # noqa: B006
    top: Annotated[
        int, typer.Option("--top", help="How many words: the most frequent, or the nearest.")
    ] = 300,
    neighbours_of: Annotated[
        str | None, typer.Option(help="Draw this word and the --top nearest to it.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="tsne, pca, umap (an extra) or axes; tsne if not given.")
    ] = None,
    x: Annotated[
        str | None, typer.Option(help="A formula for the horizontal axis, such as 'he->she'; needs --y.")
    ] = None,
    y: Annotated[
        str | None, typer.Option(help="A formula for the vertical axis, such as 'king-man+woman'.")
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the map; if not given, it says what is shown.")] = "",
    missing: Annotated[str, typer.Option(help="What to do with an unknown word: error or skip.")] = "error",
    setting: Annotated[
        list[str], typer.Option("--set", help="A setting of the method, such as perplexity=50.")
    ] = [],  # noqa: B006
    seed: common.Seed = 1,
    json: common.AsJson = False,
) -> None:
    """Draw a map of words to --out: .svg, .png, .html (zoom, search) or .tsv (TensorBoard projector).

    Example: seqkit embed map demo.vectors --top 200 --out map.svg
    """
    from seqkit.core.options import parse_settings
    from seqkit.embeddings.maps import maps
    from seqkit.embeddings.vectors.vectors import Vectors

    axes = [formula for formula in (x, y) if formula is not None]
    groups = dict(maps.read_words(text) for text in words)
    drawn = maps.draw(
        Vectors.load(vectors),
        out,
        groups or None,
        top=top,
        neighbours_of=neighbours_of,
        method=method or ("axes" if axes else "tsne"),
        axes=axes,
        seed=seed,
        missing=missing,  # type: ignore[arg-type]  # checked there
        title=title,
        **parse_settings(setting),
    )
    left_out = f"; {drawn.unlabelled:,} labels found no place" if drawn.unlabelled else ""
    common.show(drawn.to_json(), f"{', '.join(map(str, drawn.files))}: {drawn.caption}{left_out}", json)
