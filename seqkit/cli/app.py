"""The tree of commands."""

from typing import Annotated

import typer

from seqkit import __version__
from seqkit.cli import common
from seqkit.core.family import Family

app = common.group(
    "seqkit: from a text file to word vectors and language models. Every command has --help with an "
    "example; --debug: tracebacks."
)
for name in (commands := Family("seqkit.cli.commands", "command")).names():
    member = commands.load(name)  # a group of commands, or one command
    if isinstance(member, typer.Typer):
        app.add_typer(member, name=name)
    else:
        app.command(name)(member)


def _version(asked: bool) -> None:
    if asked:
        print(f"seqkit {__version__}")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """From a text file to word vectors and language models."""
    common.plain_warnings()
