"""Texts with labels: lines, CSV, TSV, JSON lines, Parquet, files or folders named by their label.

lines    a label, white space, the text; "__label__" before a label, as fastText has it, is taken off
tsv csv  columns with a header that names them; without one, a label and a text
jsonl    {"text": ..., "label": ...} a line; null is a missing label
parquet  columns of these names
files    a text a line, the label is the file's suffix (polarity.pos), or its name if that is .txt
folders  a text a file, the label is the name of its folder
text     a text a line, without labels

Not handled: several labels of one task for one text; a file that does not fit into memory.
"""

import codecs
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.text.readers import table
from seqkit.text.readers.text import paths

FORMATS = ("lines", *table.KINDS, "files", "folders", "text")
PREFIX = "__label__"
_HINT = "Convert the file, or give its encoding (--encoding windows-1252, say)."


@dataclass(frozen=True)
class Labelled:
    """A text, its label for each task (None: missing; no labels where none were asked for), and its place."""

    text: str
    labels: tuple[str | None, ...]
    where: str


def labelled(
    source: str | os.PathLike[str],
    *,
    format: str | None = None,
    text: str = "text",
    label: str | Sequence[str] = "label",
    encoding: str = "utf-8",
    labels: bool = True,
) -> list[Labelled]:
    """The labelled texts of a file, folder, glob, or "-" for stdin; compressed or not.

    format: one of FORMATS; by default the name decides (.tsv, .csv, .jsonl, .parquet), else lines, or text
    where no labels are asked for. text, label: names of columns; several labels are several tasks. labels:
    whether the texts must have labels.
    Raises:  FormatError, naming file and line, for a broken line, an empty text, a missing column, bytes that
             are not of the encoding, and if there is no text at all.
    """
    _check_settings(format, encoding)
    tasks = ((label,) if isinstance(label, str) else tuple(label)) if labels else ()
    found = []
    for path in paths(os.fspath(source)):
        name = "stdin" if path is None else str(path)
        kind = format or table.kind_of(name) or ("lines" if labels else "text")
        content = "" if kind == "parquet" else table.content(path, encoding=encoding, hint=_HINT)
        if len(tasks) > 1 and kind not in table.KINDS:
            raise OptionError(
                f"{name}: got {len(tasks)} labels a text, expected one for {kind}. Use "
                f"{', '.join(table.KINDS)}."
            )
        for one in _rows(content, name, path, kind, text, tasks):
            if not one.text.strip():
                raise FormatError(f"{one.where}: the text is empty. Leave it out, or write it.")
            found.append(one)
    if not found:
        raise FormatError(f"{source}: got no text, expected at least one. Is it empty?")
    if tasks and len(found) > 4 and all(one.labels != found[0].labels for one in found[1:]):
        first = found[0]
        warnings.warn(
            f"{first.where}: no other text has the label {first.labels[0]!r}. Is it a header? Then name the "
            "columns.",
            stacklevel=2,
        )
    return found


def _check_settings(format: str | None, encoding: str) -> None:
    if format is not None and format not in FORMATS:
        raise OptionError(
            f"format: got {format!r}, expected one of {', '.join(FORMATS)}.{did_you_mean(format, FORMATS)}"
        )
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise OptionError(
            f"encoding: got {encoding!r}, expected one that Python knows, such as utf-8 or windows-1252."
        ) from error


def _rows(
    content: str, name: str, path: Path | None, kind: str, text: str, tasks: tuple[str, ...]
) -> Iterator[Labelled]:
    lines = table.lines([content])
    if kind in table.KINDS:
        rows = table.rows(lines, name, path, kind, (*tasks, text))
        yield from (_of_row(row, text, tasks) for row in rows)
    elif kind == "folders":
        if path is None:
            raise OptionError("stdin: got the format folders, expected another one: stdin has no folder.")
        yield Labelled(" ".join(content.split()), (path.parent.name,) * len(tasks), name)
    else:
        for number, line in enumerate(lines, 1):
            where = f"{name}: line {number:,}"
            if kind == "lines":
                yield _line(line, where, tasks)
            else:
                label = () if kind == "text" else (_of_file(name),) * len(tasks)
                yield Labelled(line.strip(), label, where)


def _line(line: str, where: str, tasks: tuple[str, ...]) -> Labelled:
    parts = line.split(maxsplit=1)
    if not parts:
        raise FormatError(f"{where} is empty, expected a label and a text. Leave it out.")
    if len(parts) < 2:
        raise FormatError(f"{where}: got {parts[0]!r}, expected a label, white space and a text.")
    return Labelled(parts[1].strip(), (parts[0].removeprefix(PREFIX),) * len(tasks), where)


def _of_row(row: table.Row, text: str, tasks: tuple[str, ...]) -> Labelled:
    found, known = row.text(text), sorted(row.cells)
    for task in tasks:
        if task not in row.cells or not isinstance(row.cells[task], str | int | None):
            raise FormatError(
                f"{row.where} has no label in {task!r}; it has {', '.join(known)}.{did_you_mean(task, known)}"
            )
    given = ("" if row.cells[task] is None else str(row.cells[task]).strip() for task in tasks)
    return Labelled(found, tuple(label or None for label in given), row.where)


def _of_file(name: str) -> str:
    path = Path(name)
    suffixes = [s[1:] for s in path.suffixes if s not in (".gz", ".bz2", ".xz", ".zst")]
    return suffixes[-1] if suffixes and suffixes[-1] != "txt" else path.name.partition(".")[0]


def to_targets(rows: Sequence[Labelled]) -> list[Any]:
    """The labels as a classifier takes them: one a text, or a row for several tasks."""
    return [row.labels[0] if len(row.labels) == 1 else list(row.labels) for row in rows]
