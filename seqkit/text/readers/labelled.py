"""Texts with labels: lines, CSV, TSV, JSON lines, Parquet, files or folders named by their label.

lines    a label, white space, the text; or, as fastText has it, words that begin with "__label__" anywhere in
         the line are its labels, and the rest is the text
tsv csv  columns with a header that names them, or by number ("1"); without one, a label and a text
jsonl    {"text": ..., "label": ...} a line, or an array of them; null is a missing label
parquet  columns of these names
files    a text a line, the label is the file's suffix (polarity.pos), or its name if that is .txt
folders  a text a file, the label is the name of its folder
text     a text a line, without labels

Where a text has several labels of one task (a line, or a list in JSON lines and Parquet), each text of the
file has a set of them. Not handled: a file that does not fit into memory.
"""

import codecs
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.text.readers import table
from seqkit.text.readers.text import paths

FORMATS = ("lines", *table.KINDS, "files", "folders", "text")
PREFIX = "__label__"
_MARK = re.compile(rf"(?<!\S){PREFIX}(\S+)\s*")
_HINT = "Convert the file, or give its encoding (--encoding windows-1252, say)."


@dataclass(frozen=True)
class Labelled:
    """A text, its label for each task (None: missing; no labels where none were asked for), and its place."""

    text: str
    labels: tuple[str | frozenset[str] | None, ...]
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

    format: one of FORMATS; by default the name decides (.tsv, .csv, .jsonl, .json, .parquet), else lines, or
    text where no labels are asked for. text, label: names of columns, or numbers from 1; several labels are
    several tasks. labels: whether the texts must have labels, and may not be empty.
    Raises:  FormatError, naming file and line, for a broken line, an empty text, a missing column, bytes that
             are not of the encoding, labels that look like words or texts, and if there is no text at all.
    """
    _check_settings(format, encoding)
    tasks = ((label,) if isinstance(label, str) else tuple(label)) if labels else ()
    found = []
    for path in paths(os.fspath(source)):
        name = "stdin" if path is None else str(path)
        kind = format or table.kind_of(name, json=True) or ("lines" if labels else "text")
        content = "" if kind == "parquet" else table.content(path, encoding=encoding, hint=_HINT)
        if len(tasks) > 1 and kind not in table.KINDS:
            raise OptionError(
                f"{name}: got {len(tasks)} labels a text, expected one for {kind}. Use "
                f"{', '.join(table.KINDS)}."
            )
        own = list(_rows(content, name, path, kind, text, tasks))
        for one in own if tasks else ():
            if not one.text.strip():
                raise FormatError(f"{one.where}: the text is empty. Leave it out, or write it.")
        if tasks and not text.isdecimal():
            _check_labels(own, name, kind)
        found += own
    if not found:
        raise FormatError(f"{source}: got no text, expected at least one. Is it empty?")
    if any(isinstance(label, frozenset) and len(label) != 1 for one in found for label in one.labels):
        return [replace(one, labels=tuple(map(_set, one.labels))) for one in found]
    found = [replace(one, labels=tuple(map(_one, one.labels))) for one in found]
    return found


def _check_labels(rows: Sequence[Labelled], name: str, kind: str) -> None:
    """Refuse a file without a header whose cells are not a label and a text, and a text without labels."""
    if any(isinstance(label, frozenset) for row in rows for label in row.labels) or len(rows) < 5:
        return
    labels, texts = Counter(row.labels for row in rows), {row.text for row in rows}
    many = len(labels) > max(10, len(rows) / 5)
    if kind == "lines" and many:
        raise FormatError(
            f"{name}: got {len(labels):,} different first words in {len(rows):,} lines, expected a label "
            f"before each text. If they are labels, write {PREFIX} before each."
        )
    headless = kind in table.SEPARATORS and rows[0].where.endswith(": line 1")
    first = rows[0].labels[0]
    if headless and (labels[rows[0].labels] == 1 or (many and len(texts) < len(labels))):
        raise FormatError(
            f"{name}: line 1: got {first!r} and {rows[0].text[:40]!r}, expected the names of the columns, "
            "label and text. If they are names, give them by --label and --text; if it is a row, give the "
            "numbers of the columns, such as --label 1 --text 2."
        )
    if kind == "lines" and labels[rows[0].labels] == 1:
        warnings.warn(f"{name}: line 1: no other text has the label {first!r}. Is it a header?", stacklevel=3)


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
    if marks := _MARK.findall(line):
        return Labelled(_MARK.sub("", line).strip(), (frozenset(marks),) * len(tasks), where)
    if len(parts) < 2:
        raise FormatError(f"{where}: got {parts[0]!r}, expected a label, white space and a text.")
    return Labelled(parts[1].strip(), (parts[0],) * len(tasks), where)


def _set(label: str | frozenset[str] | None) -> frozenset[str] | None:
    return frozenset([label]) if isinstance(label, str) else label


def _one(label: str | frozenset[str] | None) -> str | None:
    return next(iter(label)) if isinstance(label, frozenset) else label


def _of_row(row: table.Row, text: str, tasks: tuple[str, ...]) -> Labelled:
    found, known = row.text(text), sorted(row.cells)
    for task in tasks:
        if task not in row.cells:
            raise FormatError(
                f"{row.where} has no label in {task!r}; it has {', '.join(known)}.{did_you_mean(task, known)}"
            )
        if not isinstance(row.cells[task], str | int | float | list | None):
            raise FormatError(
                f"{row.where}: got {row.cells[task]!r} in {task!r}, expected a text, a number or a list."
            )
    return Labelled(found, tuple(_label(row.cells[task], row.where) for task in tasks), row.where)


def _label(cell: Any, where: str) -> str | frozenset[str] | None:
    if not isinstance(cell, list):
        return None if cell is None else str(cell).strip() or None
    if odd := next((one for one in cell if not isinstance(one, str) or not one.strip()), None):
        raise FormatError(f"{where}: got the label {odd!r} in a list, expected a text in quotes.")
    return frozenset(one.strip() for one in cell)


def _of_file(name: str) -> str:
    path = Path(name)
    suffixes = [s[1:] for s in path.suffixes if s not in (".gz", ".bz2", ".xz", ".zst")]
    return suffixes[-1] if suffixes and suffixes[-1] != "txt" else path.name.partition(".")[0]


def to_targets(rows: Sequence[Labelled]) -> list[Any]:
    """The labels as a classifier takes them: one a text, or a row for several tasks."""
    return [row.labels[0] if len(row.labels) == 1 else list(row.labels) for row in rows]
