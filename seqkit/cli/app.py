"""The tree of commands: cli/commands is a family, a group or a single command in each file."""

from typing import Annotated

import typer

from seqkit import __version__
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.core.family import Family

commands = Family("seqkit.cli.commands", "command")


def make(words: list[str] | None = None) -> typer.Typer:
    """The tree of commands.  words: of the command line; only its own branch is loaded."""
    app = group(
        "seqkit: from a text file to word vectors and language models. Every command has --help with an "
        "example; --debug: tracebacks."
    )
    app.callback()(start)
    known = commands.names()
    for name in words[:1] if words and words[0] in known else known:
        member = commands.load(name)  # a group of commands, or one command
        if isinstance(member, typer.Typer):
            app.add_typer(member, name=name)
        else:
            app.command(name)(member)
    return app


def _version(asked: bool) -> None:
    if asked:
        print(f"seqkit {__version__}")
        raise typer.Exit


def start(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """From a text file to word vectors and language models."""
    common.plain_warnings()
