"""--out of every command: what it may be, --force, and that one process at a time writes there."""

import contextlib
import functools
import inspect
import os
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.models import ArgumentInfo

from seqkit.core.interrupt import Stopped

Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Replace what stands at --out, if seqkit wrote it or it is a file.",
        rich_help_panel="Output",
    ),
]


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
    """For a file, or each file of a folder, what differs when it was written."""
    path = Path(out)
    found = path.iterdir() if path.is_dir() else [path] if path.exists() else []
    told = {entry.name: entry.stat() for entry in found if entry.is_file()}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in told.items()}


@contextlib.contextmanager
def _stop_told(out: str | Path) -> Iterator[None]:
    """Raise Stopped, which says what became of --out, where the block is interrupted."""
    before = _stamp(out)
    try:
        yield
    except Stopped:
        raise
    except KeyboardInterrupt as stop:
        last = Path(out).name if Path(out).is_file() else "manifest.json"
        now = _stamp(out)
        how = "was not written" if now == before else "was written in part"
        raise Stopped(f"{out} {how if now.get(last) == before.get(last) else 'was written'}") from stop


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with --force, and with its --out checked and claimed before it begins."""
    signature = inspect.signature(command, eval_str=True)
    if "out" not in signature.parameters:
        return command
    among = getattr(command, "adds", False)
    joins = among or getattr(command, "takes_up", False)
    sources = {name for name, each in signature.parameters.items() if name != "out" and _names_a_source(each)}

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        from seqkit.core.files import places

        force, out = given.pop("force", False), given["out"]
        if out is None or given.get("dry_run") or os.environ.get("RANK", "0") != "0":
            return command(**given)
        values = [value for name, value in given.items() if name in sources]
        values += [one for value in values if isinstance(value, list) for one in value]
        read = [value for value in values if isinstance(value, str | Path) and value != ""]
        places.check(out, read, replace=force or joins or bool(given.get("resume")), among=among)
        if joins:
            places.tidy(Path(out))
        with _stop_told(out), contextlib.nullcontext() if joins else places.claimed(out):
            return command(**given)

    parameters = list(signature.parameters.values())
    if not joins:
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter("force", kind, annotation=Force, default=False))
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run
