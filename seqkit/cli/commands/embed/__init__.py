"""seqkit embed: train, query, test and convert word vectors."""

from seqkit.cli.commands.embed import align, count, map, quantise, train, window
from seqkit.cli.commands.embed.queries import app

__all__ = ["app"]

app.command("train")(train.train)
app.command("train-window")(window.train)
app.command("map")(map.draw)
app.command("align")(align.align)
app.command("quantise")(quantise.quantise)
app.command("count")(count.count)
app.command("merge")(count.merge)
