"""--out of every command: what it may be, --force, and that one process at a time writes there."""

import contextlib
import functools
import inspect
import os
import typing
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.models import ArgumentInfo

from seqkit.core.interrupt import Stopped

CHECKPOINT = "checkpoint/manifest.json"
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


def _stamp(out: str | Path) -> dict[str, tuple[int, int]]:
    """For a file, or each file of a folder and its checkpoint, what differs when it was written."""
    path = Path(out)
    found = [*path.iterdir(), path / CHECKPOINT] if path.is_dir() else [path]
    told = {str(entry.relative_to(path)): entry.stat() for entry in found if entry.is_file()}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in told.items()}


@contextlib.contextmanager
def _stop_told(out: str | Path, resume: bool | None) -> Iterator[None]:
    """Raise Stopped, which says what became of --out, where the block is interrupted.

    resume: as it was given to a command that has it.
    """
    before = _stamp(out)
    if resume:
        before.pop(CHECKPOINT, None)  # it is of this run
    try:
        yield
    except Stopped:
        raise
    except KeyboardInterrupt as stop:
        now = _stamp(out)
        changed = {name for name, stamp in now.items() if stamp != before.get(name)}
        if CHECKPOINT in changed and resume is not None:
            from seqkit.train.checkpoint import Checkpoint

            reached = Checkpoint((Path(out) / CHECKPOINT).parent).reached()
            raise Stopped(f"{out} holds the run {reached}", "--resume") from stop
        if "search.sqlite" in now:
            raise Stopped(f"{out} holds the search", "") from stop
        if {".", "manifest.json"} & changed:
            raise Stopped(f"{out} was written") from stop
        raise Stopped(f"{out} was written in part" if changed else f"nothing was saved to {out}") from stop


def _paths(values: Iterable[Any]) -> list[str | Path]:
    """The paths among what arguments were given, one by one or in lists."""
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
        read = _paths(value for name, value in given.items() if name in sources)
        with _stop_told(out, given.get("resume")):
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
