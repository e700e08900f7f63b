"""The tree of commands."""

from typing import Annotated

import typer

from seqkit import __version__
from seqkit.cli import common, corpus, embed
from seqkit.cli.demo import demo
from seqkit.cli.doctor import doctor
from seqkit.cli.phrases import phrases

app = common.group(
    "seqkit: from a text file to word vectors. Every command has --help with an example; --debug shows tracebacks."
)
app.add_typer(corpus.app, name="corpus")
app.add_typer(embed.app, name="embed")
app.command("phrases")(phrases)
app.command("demo")(demo)
app.command("doctor")(doctor)


def _version(asked: bool) -> None:
    if asked:
        print(f"seqkit {__version__}")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """seqkit: from a text file to word vectors. Every command has --help with an example; --debug shows tracebacks."""
    common.plain_warnings()
