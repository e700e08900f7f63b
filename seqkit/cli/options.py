"""Flags from the fields of options, so that a setting is written once; and what all train commands take.

    @app.command()
    @flags(SETTINGS)
    def train(run: Training, input: Annotated[str, typer.Argument(...)], out: common.Out) -> None: ...

A flag that is not given leaves the setting as the model has it. Not handled: settings that are tables (--set).
"""

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqkit.cli import common
from seqkit.core import options
from seqkit.core.options import Settings

if TYPE_CHECKING:
    from seqkit.models.run import Data

PANELS = {"fit": "Training", "gradient": "Training", "text": "Data"}  # of the groups; others: Model


@dataclass(frozen=True)
class Training:
    """What every train command is given, whatever the task."""

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
    progress: "Callable[[int], None] | None" = field(default=None, compare=False)

    def run(
        self,
        make: Callable[..., Any],
        read: "Callable[[Any, Path | None, Any], Data]",
        out: str,
        unit: str,
        text: Callable[[Mapping[str, Any]], str],
    ) -> None:
        """Make the model, read its data, train it and show the result.

        read: called with the model, the folder to keep a corpus in, and the world. text: the result in words.
        """
        from seqkit.models.run import TrainingRun, estimate

        model = make(device=self.device, threads=self.threads, **self.settings)
        if self.dry_run:
            found = estimate(model, read(model, None, None))
            common.show(found, _forecast(found, unit), self.json)
            return
        run = TrainingRun(model, Path(out), self.curve, self.tensorboard, self.minutes)
        with self.world() as world:
            quiet = self.quiet or world.rank > 0
            result = run.train(
                lambda folder: read(model, folder, world),
                resume=self.resume,
                report=common.progress(quiet, unit),
                world=world,
            )
        if world.rank == 0:
            common.show(result, f"{out}: {text(result)}", self.json)

    def world(self) -> Any:
        """The processes of the run."""
        from seqkit.train.distributed import world

        return world(self.device)


RUN = {
    "minutes": Annotated[
        float | None, typer.Option(help="End in so many minutes, with the schedule fitted to it.")
    ],
    "device": common.Device,
    "threads": common.Threads,
    "resume": common.Resume,
    "dry_run": Annotated[bool, typer.Option("--dry-run", help="Show memory and time needed, train nothing.")],
    "curve": common.Curve,
    "tensorboard": Annotated[
        bool, typer.Option("--tensorboard", help="Also log to --out/tensorboard (extra: tensorboard).")
    ],
    "quiet": common.Quiet,
    "json": common.AsJson,
}
OUTPUT = ("curve", "tensorboard", "quiet", "json")
Set = Annotated[
    list[str],
    typer.Option(
        "--set", help='Another setting by its name in Python, as schedule_settings={"warmup": 0.1}.'
    ),
]


def flags(settings: Settings, reading: Settings | None = None) -> Callable[[Any], Any]:
    """Give a train command the flags of all `settings`, and of how text is read where `reading` says it.

    Its first parameter receives the Training; its own flags come first in the help.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(command, eval_str=True)
        first, *others = own.parameters.values()
        made = {p.name: p.replace(annotation=_in_panel(p.annotation, "Data")) for p in others}
        found, read = (_flags(s, set(made)) for s in (settings, reading or Settings({})))
        every = {**made, **read, **found, **_run_flags(), "setting": _parameter("setting", Set, [])}

        def train(**given: Any) -> None:
            asked = {n: _plain(v) for n, v in given.items() if v is not None and v != []}
            chosen = {n: asked[n] for n in found if n in asked}
            chosen |= options.parse_settings(given["setting"])
            cut = {n: asked[n] for n in read if n in asked}
            training = Training(chosen, cut, **{n: given[n] for n in RUN})
            command(training, **{n: given[n] for n in made})

        train.__name__, train.__doc__ = command.__name__, command.__doc__
        order = sorted(every.values(), key=lambda p: p.default is not inspect.Parameter.empty)
        train.__signature__ = inspect.Signature(order)  # type: ignore[attr-defined]
        train.__annotations__ = {p.name: p.annotation for p in order}
        return train

    return decorate


def choices(name: str) -> str:
    """The members of a family as words of a help text.  name: the package of the family."""
    from seqkit.core.family import Family

    return ", ".join(Family(name, "").names())


def _flags(settings: Settings, taken: set[str]) -> dict[str, inspect.Parameter]:
    """A parameter for each setting that a flag can hold."""
    hints, panels = settings.hints(), dict[str, str]()
    for group, kind in settings.groups.items():
        panels |= {each.name: PANELS.get(group, "Model") for each in dataclasses.fields(kind)}
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
    """What a setting is, what it takes, and what it is if not given."""
    told = each.metadata
    text = told["help"][0].upper() + told["help"][1:]
    named = options.choices(each, hint)
    if named and not all(name in text for name in named):
        text += ": " + ", ".join(named)
    text += f" ({told['unit']})" if told["unit"] and told["unit"] not in text else ""
    shown = default if not isinstance(default, bool) else ("on" if default else "")
    return f"{text}." + (f" [default: {shown}]" if shown not in (None, "", ()) else "")


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


def _run_flags() -> dict[str, inspect.Parameter]:
    defaults = {f.name: f.default for f in dataclasses.fields(Training)}
    return {
        name: _parameter(name, _in_panel(kind, "Output" if name in OUTPUT else "Training"), defaults[name])
        for name, kind in RUN.items()
    }


def _in_panel(annotation: Any, panel: str) -> Any:
    """The same flag in a panel of the help, if it is in none."""
    kind, *more = typing.get_args(annotation)
    for each in more:
        if getattr(each, "rich_help_panel", "") is None:
            each.rich_help_panel = panel
    return annotation


def _forecast(found: Mapping[str, Any], unit: str) -> str:
    memory, speed = found["memory"] / 2**20, found["units_per_second"] / 1e3
    return (
        f"{found['parameters']:,} parameters, {found['units']:,} {unit} to read, {memory:,.0f} MiB of weights, "
        f"gradients and moments, about {found['seconds']:,.0f} s at {speed:,.1f}k {unit}/s"
    )
