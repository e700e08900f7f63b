"""Flags from the fields of options, so that a setting is written once; and what all train commands take.

    @app.command()
    @flags(SETTINGS)
    def train(run: Training, input: Annotated[str, typer.Argument(...)], out: common.Out) -> None: ...

A flag that is not given leaves the setting at the model's default. Not handled: settings that are tables
(--set).
"""

import contextlib
import copy
import dataclasses
import inspect
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqkit.cli import common
from seqkit.core import options
from seqkit.core.errors import OptionError
from seqkit.core.options import Settings

if TYPE_CHECKING:
    from seqkit.train.data import Data

PANELS = {"fit": "Training", "gradient": "Training", "text": "Data"}  # of the groups; others: Model
Make = Callable[..., Any]  # device, threads, settings -> a model
Read = Callable[[Any, Path | None, Any], "Data"]  # the model, a folder to keep a corpus in, the world
Told = Callable[[Mapping[str, Any]], str]  # the result -> words


@dataclass(frozen=True)
class Training:
    """What every train command receives, whatever the task."""

    settings: dict[str, Any]  # of the model, by name
    reading: dict[str, Any]  # the same of how text is cut, where the model does not hold it
    device: str = "auto"
    threads: int | None = None
    resume: bool = False
    minutes: float | None = None
    curve: Path | None = None
    tensorboard: bool = False
    dry_run: bool = False
    quiet: bool = False
    json: bool = False

    def __post_init__(self) -> None:
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise OptionError(f"--minutes: got {self.minutes:g}, expected a finite number above 0.")

    def run(self, make: Make, read: Read, out: str, unit: str, text: Told, alone: bool = False) -> None:
        """Make the model, read its data, train it and show the result.

        alone: several processes cannot share the work.
        """
        from seqkit.models.run import TrainingRun, estimate

        model = make(device=self.device, threads=self.threads, **self.settings)
        if self.dry_run:
            common.show(*estimate(model, read(model, None, None)), self.json)
            return
        if self.resume and not self.quiet and not Path(out, "checkpoint").exists():
            common.note(f"{out}: no checkpoint there, so training starts from the beginning")
        run = TrainingRun(model, Path(out), self.curve, self.tensorboard, self.minutes)
        with self._world(alone) as world:
            quiet = self.quiet or (world is not None and world.rank > 0)
            result = run.train(
                lambda folder: read(model, folder, world),
                resume=self.resume,
                report=common.progress(quiet, unit),
                world=world,
            )
        if world is None or world.rank == 0:
            common.show(result, f"{out}: {text(result)}", self.json)

    def _world(self, alone: bool) -> Any:
        """The processes of the run; none without loading torch."""
        if alone:
            return contextlib.nullcontext()
        from seqkit.train.distributed import world

        return world(self.device)


def in_panel(annotation: Any, panel: str) -> Any:
    """The same flag in a panel of the help, if it is in none."""
    kind, option, *_ = typing.get_args(annotation)
    option = copy.copy(option)
    option.rich_help_panel = option.rich_help_panel or panel
    return Annotated[kind, option]


RUN = {
    "minutes": in_panel(
        Annotated[
            float | None, typer.Option(help="Stop after so many minutes; the schedule fits into them.")
        ],
        "Training",
    ),
    "device": in_panel(common.Device, "Training"),
    "threads": in_panel(common.Threads, "Training"),
    "resume": in_panel(common.Resume, "Training"),
    "dry_run": in_panel(
        Annotated[
            bool, typer.Option("--dry-run", help="Show how much memory and time is needed; train nothing.")
        ],
        "Training",
    ),
    "curve": in_panel(common.Curve, "Output"),
    "tensorboard": in_panel(
        Annotated[
            bool, typer.Option("--tensorboard", help="Also log to --out/tensorboard (extra: tensorboard).")
        ],
        "Output",
    ),
    "quiet": in_panel(common.Quiet, "Output"),
    "json": in_panel(common.AsJson, "Output"),
}
Set = Annotated[
    list[str],
    typer.Option(
        "--set",
        help='A setting by its name in Python, which wins over its flag: schedule_settings={"warmup": 0.1}.',
    ),
]


@dataclass(frozen=True)
class Task:
    """A command that trains: what it does, the settings of its model, and of how text is read."""

    command: Callable[..., None]
    settings: Settings
    reading: Settings

    def bind(
        self, kind: Any, more: Mapping[str, Any], *, without: tuple[str, ...] = ()
    ) -> Callable[..., None]:
        """The command with all flags; its first argument is made by `kind` from settings, reading and `more`.

        more: further flags, by the fields of `kind`. without: own flags that are not shown and get "".
        """
        _, *others = inspect.signature(self.command, eval_str=True).parameters.values()
        panel = "Options" if kind is Asked else "Data"
        own = {p.name: _parameter(p.name, in_panel(p.annotation, panel), p.default) for p in others}
        shown = {name: p for name, p in own.items() if name not in without}
        panels = {} if kind is Asked else PANELS
        rest = "Options" if kind is Asked else "Model"
        found, read = (_flags(s, set(own), panels, rest) for s in (self.settings, self.reading))
        usual = kind({}, {})
        added = {name: _parameter(name, flag, getattr(usual, name)) for name, flag in more.items()}
        every = {**shown, **read, **found, **added}
        if kind is not Asked:
            every["setting"] = _parameter("setting", Set, [])

        def run(**given: Any) -> None:
            asked = {n: _plain(v) for n, v in given.items() if v is not None and v != []}
            chosen = {n: asked[n] for n in found if n in asked}
            if kind is not Asked:
                chosen |= options.parse_settings(given["setting"])
            cut = {n: asked[n] for n in read if n in asked}
            made = kind(chosen, cut, **{n: given[n] for n in more})
            self.command(made, **{n: given.get(n, "") for n in own})

        run.__name__, run.__doc__ = self.command.__name__, self.command.__doc__
        order = sorted(every.values(), key=lambda p: p.default is not inspect.Parameter.empty)
        run.__signature__ = inspect.Signature(order)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in order}
        return run


@dataclass(frozen=True)
class Asked:
    """What a command that does not train is given: the settings whose flags were typed."""

    settings: dict[str, Any]
    reading: dict[str, Any]


def asked(settings: Settings) -> Callable[[Any], Any]:
    """Give a command the flags of `settings`; its first parameter receives them as Asked."""
    return lambda command: Task(command, settings, Settings({})).bind(Asked, {})


def flags(settings: Settings, reading: Settings | None = None) -> Callable[[Any], Any]:
    """Give a train command the flags of all `settings`, and of how text is read where `reading` says it.

    Its first parameter receives the Training; its own flags come first in the help. The same command serves
    `seqkit tune`, which gives it another first argument.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        task = Task(command, settings, reading or Settings({}))
        train = task.bind(Training, RUN)
        train.task = task  # type: ignore[attr-defined]  # read by seqkit tune
        return train

    return decorate


def choices(name: str) -> str:
    """The members of a family as words of a help text.  name: the package of the family."""
    from seqkit.core.family import Family

    return ", ".join(Family(name, "").names())


def _flags(
    settings: Settings, taken: set[str], of_group: Mapping[str, str], rest: str
) -> dict[str, inspect.Parameter]:
    """A parameter for each setting that a flag can hold.

    of_group: the panel of the help for each group. rest: that of the other groups.
    """
    hints, panels = settings.hints(), dict[str, str]()
    for group, kind in settings.groups.items():
        panels |= {each.name: of_group.get(group, rest) for each in dataclasses.fields(kind)}
    found = {}
    for name, each in settings.fields().items():
        if "help" not in each.metadata or name in taken:
            continue
        kind, flag = _kind(hints[name]), name.replace("_", "-")
        names = [f"--{flag}/--no-{flag}" if kind is bool else f"--{flag}"]
        if alias := each.metadata["alias"]:
            names.append(f"--{alias.replace('_', '-')}")
        option = typer.Option(
            *names,
            help=_help(each, hints[name], settings.default(name)),
            rich_help_panel=panels[name],
            show_default=False,
        )
        found[name] = _parameter(name, Annotated[kind | None, option], None)
    return found


def _help(each: "dataclasses.Field[Any]", hint: Any, default: Any) -> str:
    """What a setting means, its choices, and its default."""
    told = each.metadata
    text: str = told["help"][0].upper() + told["help"][1:]
    named = options.choices(each, hint)
    if named and not all(name in text for name in named):
        text += ": " + ", ".join(named)
    text += f" ({told['unit']})" if told["unit"] and told["unit"] not in text else ""
    shown = default if not isinstance(default, bool) else ("on" if default else "")
    return text.removesuffix(".") + "." + (f" [default: {shown}]" if shown not in (None, "", ()) else "")


def _kind(hint: Any) -> Any:
    """The type of a flag: the first part of a union; lists for tuples; text for names."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is tuple:
        return list[typing.get_args(hint)[0]]  # type: ignore[misc]
    return hint if hint in (int, float, bool) else str


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
