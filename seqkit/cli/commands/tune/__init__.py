"""seqkit tune: search settings, look at searches, find a learning rate."""

from seqkit.cli.commands.tune import lr
from seqkit.cli.commands.tune.search import app

__all__ = ["app"]

app.add_typer(lr.app, name="lr")
