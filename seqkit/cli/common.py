"""What the commands share: options with one meaning, and how results and progress are shown."""

import atexit
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqkit.cli.streams import is_utf8, shown

if TYPE_CHECKING:
    from seqkit.train.progress import Progress

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads; all cores if not given.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of all random draws.")]
Out = Annotated[str, typer.Option(help="Where to write.", rich_help_panel="Output")]
Page = Annotated[Path, typer.Option(help="The page (.html) or the tables (.json) to write.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Continue from the checkpoint in --out, if there is one.")
]
Curve = Annotated[
    Path | None, typer.Option(help="Draw the learning curve to this .svg or .png file (extra: plot).")
]
Device = Annotated[str, typer.Option(help="Where to compute: auto, cpu or cuda[:N].")]
VectorsPath = Annotated[
    Path,
    typer.Argument(
        help="Vectors in any format: a folder of seqkit, word2vec, GloVe or fastText text, binary."
    ),
]
Text = Annotated[
    str, typer.Argument(help='A text (file, folder, glob, "-" for stdin, nltk:brown) or a corpus folder.')
]
BanUnk = Annotated[
    bool, typer.Option("--ban-unk/--allow-unk", help="Whether never to write the unknown token.")
]
Vectors = Annotated[Path | None, typer.Option(help="Word vectors to start the embedding from.")]
Tokenizer = Annotated[str, typer.Option(help="How a text is cut: as in seqkit corpus build.")]
Lower = Annotated[bool, typer.Option("--lower", help="Lower-case the text.")]
Initial = Annotated[Path | None, typer.Option(help="Vectors to start from.")]
Questions = Annotated[
    Path | None, typer.Option("--valid", "--validate", help="Analogy questions to answer after each epoch.")
]
Restrict = Annotated[int | None, typer.Option(min=1, help="Use only so many of the most frequent words.")]


def show(result: Any, text: str, as_json: bool) -> None:
    """Print a result: the text, or the JSON object."""
    print(json.dumps(result, ensure_ascii=not is_utf8(sys.stdout)) if as_json else text)


def table(rows: list[list[Any]], head: list[str]) -> str:
    """Columns of text, numbers to the right."""
    cells = [
        head,
        *[
            [f"{c:,}" if isinstance(c, int) else f"{c:.4f}" if isinstance(c, float) else str(c) for c in row]
            for row in rows
        ],
    ]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    right = [i for i in range(len(head)) if rows and all(isinstance(row[i], int | float) for row in rows)]
    lines = [
        "  ".join(
            c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join(line.rstrip() for line in lines)


def ends(interval: Any) -> str:
    """An interval as a cell of a table."""
    return "{:.4f}–{:.4f}".format(*interval) if interval else ""


def note(message: str) -> None:
    """A line on stderr."""
    print(shown(message, sys.stderr), file=sys.stderr)


def ran(backend: str) -> None:
    """Say on stderr that a GPU did it; of the CPU nothing is said."""
    if backend != "cpu":
        note(f"backend: {backend}")


def plain_warnings() -> None:
    """Show warnings of the library as one line on stderr."""
    warnings.showwarning = lambda message, *_, **__: note(f"warning: {message}")


def progress(quiet: bool, unit: str = "words") -> "Callable[[Progress], None] | None":
    """A report for `fit`: a bar on a terminal, a line every ten seconds elsewhere, nothing when quiet."""
    if quiet:
        return None
    return _bar(unit) if sys.stderr.isatty() else _lines(unit)


def reading(quiet: bool) -> Callable[[int], None] | None:
    """A report for reading text: every second on a terminal, every ten elsewhere, how much was read."""
    if quiet:
        return None
    started = last = time.monotonic()
    terminal = sys.stderr.isatty()

    def report(characters: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= (1 if terminal else 10):
            last = now
            millions = characters / 1e6
            line = f"{millions:,.0f} M characters read, {millions / (now - started):.1f} M a second"
            print(line, end="\r" if terminal else "\n", file=sys.stderr, flush=True)

    return report


def shares(quiet: bool, done: str) -> Callable[[float], None] | None:
    """A report of a share of the work: a line every ten seconds."""
    if quiet:
        return None
    last = time.monotonic()

    def report(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= 10:
            last = time.monotonic()
            note(f"{100 * share:.0f} % {done}")

    return report


def streaming(prompt: str) -> Callable[[list[str]], None]:
    """A report for `sample`: the prompt, then each new part of the first text as soon as it is drawn."""
    waiting = [prompt]

    def report(added: list[str]) -> None:
        print((waiting.pop() if waiting else "") + added[0], end="", flush=True)

    return report


def given(texts: list[str] | None, rows: Iterable[str] | None) -> list[str]:
    """The texts of the command line and of --file.  Raises:  OptionError if there is neither."""
    from seqkit.core.errors import OptionError

    if not texts and rows is None:
        raise OptionError(
            'texts: got none, expected at least one. Give them as arguments or by --file ("-": stdin).'
        )
    return [*(texts or []), *(rows or [])]


def losses(result: dict[str, Any], unit: str) -> str:
    """The last loss of a run and its best validation, in words.  unit: of a prediction, as "a token"."""
    history = result["history"]
    best = [epoch["validation"] for epoch in history if epoch["validation"] is not None]
    text = f", loss {history[-1]['loss']:.4f}"
    return text + (f", validation {min(best):.4f} nats {unit}" if best else "")


def _describe(p: "Progress", unit: str) -> str:
    speed = f"{p.units_per_second / 1e3:,.0f}k {unit}/s"
    checked = "" if p.validation is None else f"  validation {p.validation:.4f}"
    return f"epoch {p.epoch}/{p.epochs}  loss {p.loss.mean:.4f}{checked}  lr {p.lr:.5f}  {speed}"


def _lines(unit: str) -> "Callable[[Progress], None]":
    last = [time.monotonic()]

    def report(p: "Progress") -> None:
        if time.monotonic() - last[0] >= 10 or p.done == p.total:
            last[0] = time.monotonic()
            note(f"{100 * p.done / p.total:3.0f} %  {_describe(p, unit)}  {p.seconds_left:,.0f} s left")

    return report


def _bar(unit: str) -> "Callable[[Progress], None]":
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.percentage:3.0f} %"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    bar = Bar(*columns, console=Console(stderr=True))
    task = bar.add_task("", total=None)
    bar.start()
    atexit.register(bar.stop)  # an interrupted run must show the cursor again

    def report(p: "Progress") -> None:
        bar.update(task, total=p.total, completed=p.done, description=_describe(p, unit))
        if p.done == p.total:
            bar.stop()

    return report
