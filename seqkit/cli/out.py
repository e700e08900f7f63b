"""--out of every command: what it may be, --force, and that one process at a time writes there."""

import contextlib
import functools
import inspect
import os
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.models import ArgumentInfo

Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Replace what stands at --out, if seqkit wrote it or it is a file.",
        rich_help_panel="Output",
    ),
]


FORCE = inspect.Parameter("force", inspect.Parameter.KEYWORD_ONLY, annotation=Force, default=False)


def takes_up(command: Any) -> Any:
    """Mark a command that goes on with what stands at --out, many times at once: it needs no --force."""
    command.takes_up = True
    return command


def adds(command: Any) -> Any:
    """Mark a command that puts files among what any folder --out holds, many times at once."""
    command.adds = True
    return command


def _names_a_source(parameter: inspect.Parameter) -> bool:
    """Whether what is given may be a file to read: an argument, or an option that is a path."""
    kind, *told = typing.get_args(parameter.annotation) or (parameter.annotation,)
    paths = {Path, Path | None, list[Path]}
    return kind in paths or any(isinstance(one, ArgumentInfo) for one in told)


def _given(values: Iterable[Any]) -> list[str | Path]:
    """The files among values of parameters, in lists too."""
    every = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in every if isinstance(one, str | Path) and one != ""]


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with --force, and with its --out checked and claimed before it begins."""
    signature = inspect.signature(command, eval_str=True)
    if "out" not in signature.parameters:
        return command
    among = getattr(command, "adds", False)
    joins = among or getattr(command, "takes_up", False)
    own = "force" in signature.parameters  # of a command that goes on with the same, and replaces others
    sources = [name for name, each in signature.parameters.items() if name != "out" and _names_a_source(each)]

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        from seqkit.core.files import places

        force, out = own or given.pop("force", False), given["out"]
        if out is None or given.get("dry_run") or os.environ.get("RANK", "0") != "0":
            return command(**given)
        read = _given(given[name] for name in sources)
        places.check(out, read, replace=force or joins or bool(given.get("resume")), among=among)
        if joins:
            places.tidy(Path(out))
        with contextlib.nullcontext() if joins else places.claimed(out):
            return command(**given)

    parameters = list(signature.parameters.values())
    return _shown(run, parameters if joins or own else [*parameters, FORCE])


def _shown(run: Any, parameters: list[inspect.Parameter]) -> Any:
    """The function, as one of these parameters."""
    run.__signature__ = inspect.Signature(parameters)
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run
