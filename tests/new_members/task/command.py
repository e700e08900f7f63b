"""seqkit rate: train raters, rate texts. File: seqkit/cli/commands/rate.py."""

from pathlib import Path
from typing import Annotated

import typer

from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.cli.options import Training, flags
from seqkit.models.rater.options import SETTINGS

__all__ = ["app"]

app = group("Raters: train, give numbers to texts.")


@app.command()
@flags(SETTINGS)
def train(
    run: Training,
    input: Annotated[str, typer.Argument(help="Rated texts: a number, a tab, the text.")],
    out: common.Out,
    valid: Annotated[str | None, typer.Option(help="Texts to validate on; the best epoch is kept.")] = None,
) -> None:
    """Train a rater and write it to the folder --out.

    Example: seqkit rate train reviews.tsv --out stars.rater
    """
    from seqkit.models.rater.data import read
    from seqkit.models.rater.model import Rater

    run.run(
        Rater,
        lambda *_: read(input, valid=valid),
        out,
        "texts",
        lambda result: f"loss {result['history'][-1]['loss']:.4f}",
    )


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="A folder that seqkit rate train wrote.")],
    texts: Annotated[list[str], typer.Argument(help="Texts to rate.")],
) -> None:
    """Print the number of each text.

    Example: seqkit rate predict stars.rater "a moving film"
    """
    from seqkit.models.rater.model import Rater

    for number in Rater.load(model).predict(texts):
        print(f"{number:.4f}")
