"""seqkit tune: search settings and find a learning rate, for every train command; show searches."""

from typing import Any

import typer

from seqkit.cli.app import commands
from seqkit.cli.commands.tune import lr, search
from seqkit.cli.out import takes_up

__all__ = ["app"]

app = search.app


def _add(noun: str, command: str, train: Any) -> None:
    """The search and the range test of a train command, under its noun and what stands behind train."""
    tune, name = train.task.bind(search.Search, search.FLAGS), noun + command.removeprefix("train")
    trained = f"what `seqkit {noun} {command}` trains"
    tune.__doc__ = f"""Search settings of {trained}, and keep the best model in --out.

    The same command continues a search that was stopped; several shells with it share the trials.

    Example: seqkit tune {name} INPUT --valid VALID --space lr --trials 20 --out best
    """
    test = train.task.bind(lr.Rates, lr.FLAGS, without=("out",))
    test.__doc__ = f"""Find a learning rate for {trained}.

    Example: seqkit tune lr {name} INPUT --plot lr.svg
    """
    app.command(name)(takes_up(tune))
    lr.app.command(name)(test)


for noun in commands.names():
    group = commands.load(noun) if noun != "tune" else None
    if isinstance(group, typer.Typer):
        for each in group.registered_commands:
            if hasattr(each.callback, "task"):
                _add(noun, each.name or "train", each.callback)
app.add_typer(lr.app, name="lr")
