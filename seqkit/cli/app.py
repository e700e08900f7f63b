"""The tree of commands: cli/commands is a family, a group or a single command in each file."""

import ast
import importlib.util
import tokenize
from pathlib import Path
from typing import Annotated

import typer

from seqkit import __version__
from seqkit.cli import common
from seqkit.cli.help import group
from seqkit.core.family import Family

commands = Family("seqkit.cli.commands", "command")
_BEFORE = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING)  # tokens that may come before a docstring


def make(words: list[str] | None = None) -> typer.Typer:
    """The tree of commands.

    words: those of a command line: other branches are then only lines of the help, and load nothing.
    """
    app = group(
        "seqkit: from a text file to word vectors and language models. Every command has --help with an "
        "example; --debug: tracebacks."
    )
    app.callback()(start)
    for name in commands.names():
        if words is not None and name not in words[:1]:
            app.command(name, help=_summary(name))(start)
            continue
        member = commands.load(name)  # a group of commands, or one command
        if isinstance(member, typer.Typer):
            app.add_typer(member, name=name)
        else:
            app.command(name)(member)
    return app


def _summary(name: str) -> str:
    """What a module of commands says of itself in its docstring, read without running or parsing the rest."""
    spec = importlib.util.find_spec(f"{commands.package}.{name}")
    if spec is None or spec.origin is None:
        return ""
    with Path(spec.origin).open(encoding="utf-8") as source:
        first = next(t for t in tokenize.generate_tokens(source.readline) if t.type not in _BEFORE)
    docstring = ast.literal_eval(first.string) if first.type == tokenize.STRING else ""
    text = " ".join(docstring.partition("\n\n")[0].split())
    said = text.removeprefix(f"seqkit {name}: ")
    return said[:1].upper() + said[1:]


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
