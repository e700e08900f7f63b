"""A command: help with options in groups and an example at the end; errors that name the flag as typed."""

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from seqkit.cli.out import guarded
from seqkit.cli.usage import unknown_command, usage_error
from seqkit.core.errors import OptionError, SeqkitError

C = TypeVar("C", bound=Callable[..., Any])
PANELS = ("Data", "Search", "Model", "Training", "Output", "Options")  # in this order


class Commands(TyperGroup):
    """A group that shows the help of its commands before it reads arguments: reading loads pydantic."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Read the arguments."""
        *words, last = args or [""]
        command: Any = self
        at = ctx
        for word in words if last == "--help" else ():
            if (command := getattr(command, "commands", {}).get(word)) is None:
                break
            at = type(ctx)(command, info_name=word, parent=at)
        if last == "--help" and command is not None:
            print(command.get_help(at))
            ctx.exit()
        with _in_our_words(self, ctx):
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of the first word."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise unknown_command(args[0], _path(ctx), self.list_commands(ctx))
        return super().resolve_command(ctx, args)


class Command(TyperCommand):
    """A command whose docstring ends in `Example: ...`; options are shown by their panel."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        text, _, self.example = str(settings.get("help") or "").partition("Example:")
        super().__init__(*args, **(settings | {"help": text.strip()}))

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Read the arguments."""
        with _in_our_words(self, ctx, self._flag):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except SeqkitError as error:
            where, _, said = str(error).partition(": ")
            unknown = re.match(r"unknown (?:\w+ )*?(\w+) '", where)  # a member, such as: unknown loss 'x'
            flag = self._flag(unknown[1] if unknown else where.rpartition(".")[2])
            if flag and error.exit_code == OptionError.exit_code:
                raise type(error)(f"{flag}: {error if unknown else said}") from error
            raise

    def _flag(self, name: str) -> str | None:
        """The flag of a setting, as it was typed."""
        for param in self.params:
            names = [opt for opt in param.opts if opt.startswith("--")]
            if names and (name == param.name or f"--{name.replace('_', '-')}" in names):
                typed = {word.partition("=")[0] for word in sys.argv}
                return next((opt for opt in names if opt in typed), names[0])
        return None

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and, group by group, the options."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": [], **{name: [] for name in PANELS}}
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is None:
                continue
            panel = getattr(param, "rich_help_panel", None) or "Options"
            groups["Arguments" if param.param_type_name == "argument" else panel].append(record)
        for name, records in groups.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example, in one line that can be copied."""
        if self.example:
            formatter.write(f"\nExample:\n  {' '.join(self.example.split())}\n")


def _path(ctx: Any) -> str:
    """The words of a command line that lead to a command."""
    words: list[str] = []
    while ctx.parent is not None:
        words, ctx = [ctx.info_name, *words], ctx.parent
    return " ".join(["seqkit", *words])


@contextlib.contextmanager
def _in_our_words(
    command: Any, ctx: Any, typed: Callable[[str], str | None] = lambda name: None
) -> Iterator[None]:
    """Within the block errors of a command line are ours.  typed: the flag of a parameter's name."""
    try:
        yield
    except Exception as error:
        options = [name for param in command.params for name in param.opts if name.startswith("-")]
        if (ours := usage_error(error, _path(ctx), [*options, "--help"], typed)) is None:
            raise
        raise ours from error


class Group(typer.Typer):
    """A group of commands of that kind."""

    def command(self, name: str | None = None, **settings: Any) -> Callable[[C], C]:
        """Register a command, its --out guarded."""
        register = super().command(name, **({"cls": Command} | settings))

        def decorate(function: C) -> C:
            register(guarded(function))
            return function

        return decorate


def group(help: str) -> Group:
    """An empty group of commands."""
    plain: Any = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "add_completion": False}
    return Group(cls=Commands, help=help, no_args_is_help=True, **plain)
