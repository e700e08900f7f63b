"""Texts with labels: lines, CSV, TSV, JSON lines, files or folders named by their label.

lines    a label, white space, the text; "__label__" before a label, as fastText has it, is taken off
tsv csv  columns with a header that names them; without one, a label and a text
jsonl    {"text": ..., "label": ...} a line; null is a missing label
files    a text a line, the label is the file's suffix (polarity.pos), or its name if that is .txt
folders  a text a file, the label is the name of its folder
text     a text a line, without labels

Not handled: several labels of one task for one text; a file that does not fit into memory.
"""

import codecs
import csv
import json
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.text.readers.compressed import open_bytes
from seqkit.text.readers.text import paths

FORMATS = ("lines", "tsv", "csv", "jsonl", "files", "folders", "text")
PREFIX = "__label__"
_MISSING = ("", None)


@dataclass(frozen=True)
class Labelled:
    """A text, its label for each task (None: missing; none at all where none were asked for), and where it
    stands.
    """

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

    format: one of FORMATS; if not given, told by the name (.tsv, .csv, .jsonl), else lines, or text where no
    labels are asked for. text, label: names of columns; several labels are several tasks. labels: whether
    there are to be labels.
    Raises:  FormatError, naming file and line, for a broken line, an empty text, a missing column, bytes that
             are not of the encoding, and if there is no text at all.
    """
    if format is not None and format not in FORMATS:
        raise OptionError(
            f"format: {format!r} came, allowed are {', '.join(FORMATS)}.{did_you_mean(format, FORMATS)}"
        )
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise OptionError(
            f"encoding: {encoding!r} came, expected one that Python knows, such as utf-8 or windows-1252."
        ) from error
    tasks = ((label,) if isinstance(label, str) else tuple(label)) if labels else ()
    found = []
    for path in paths(os.fspath(source)):
        name = "stdin" if path is None else str(path)
        content, kind = _decode(path, name, encoding), format or _told(name, labels)
        if len(tasks) > 1 and kind not in ("tsv", "csv", "jsonl"):
            raise OptionError(
                f"{name}: {len(tasks)} labels were asked for, and {kind} have one; give tsv, csv or jsonl."
            )
        for one in _rows(content, name, path, kind, text, tasks):
            if not one.text.strip():
                raise FormatError(f"{one.where}: the text is empty. Leave it out, or write it.")
            found.append(one)
    if not found:
        raise FormatError(f"{source}: no text came, expected at least one. Is it empty?")
    if tasks and len(found) > 4 and all(one.labels != found[0].labels for one in found[1:]):
        first = found[0]
        warnings.warn(
            f"{first.where}: no other text has the label {first.labels[0]!r}. Is it a header? Then name the "
            f"columns.",
            stacklevel=2,
        )
    return found


def _rows(
    content: str, name: str, path: Path | None, kind: str, text: str, tasks: tuple[str, ...]
) -> Iterator[Labelled]:
    if kind in ("tsv", "csv"):
        yield from _separated(content, name, "\t" if kind == "tsv" else ",", text, tasks)
    elif kind == "jsonl":
        yield from _json_lines(content, name, text, tasks)
    elif kind == "folders":
        if path is None:
            raise OptionError("stdin: texts whose label is their folder's name cannot come from stdin.")
        yield Labelled(" ".join(content.split()), (path.parent.name,) * len(tasks), name)
    else:
        for number, line in _lines(content):
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
        raise FormatError(f"{where}: {parts[0]!r} came, expected a label, white space and a text.")
    return Labelled(parts[1].strip(), (parts[0].removeprefix(PREFIX),) * len(tasks), where)


def _separated(
    content: str, name: str, delimiter: str, text: str, tasks: tuple[str, ...]
) -> Iterator[Labelled]:
    quoting: Any = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE  # a TSV has no way to quote
    rows = csv.reader(StringIO(content, newline=""), delimiter=delimiter, strict=True, quoting=quoting)
    head: list[str] | None = None
    limit = csv.field_size_limit(sys.maxsize >> 33)
    try:
        for row in rows:
            where = f"{name}: line {rows.line_num:,}"
            if not row:
                continue
            if head is None:
                head = _head(row, where, text, tasks)
                if text in row:
                    continue
            if len(row) != len(head):
                raise FormatError(
                    f"{where} has {len(row)} columns, expected {len(head)} ({', '.join(head)})."
                )
            cells = dict(zip(head, row, strict=True))
            yield Labelled(cells[text], tuple(cells[task].strip() or None for task in tasks), where)
    except csv.Error as error:
        raise FormatError(
            f"{name}: line {rows.line_num:,} is not {delimiter!r}-separated ({error})."
        ) from error
    finally:
        csv.field_size_limit(limit)


def _head(row: list[str], where: str, text: str, tasks: tuple[str, ...]) -> list[str]:
    """The names of the columns: the first row's, or, where it names none, those of a label and a text."""
    lacking = [name for name in (text, *tasks) if name not in row]
    if not lacking:
        return row
    if text not in row and len(row) == 1 + len(tasks) and len(tasks) < 2:
        return [*tasks, text]
    raise FormatError(
        f"{where}: no column {lacking[0]!r}; it has {', '.join(row)}.{did_you_mean(lacking[0], row)}"
    )


def _json_lines(content: str, name: str, text: str, tasks: tuple[str, ...]) -> Iterator[Labelled]:
    for number, line in _lines(content):
        where = f"{name}: line {number:,}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{where} is not JSON ({error}).") from error
        known = sorted(row) if isinstance(row, dict) else []
        if isinstance(row, dict) and text in row and not isinstance(row[text], str):
            raise FormatError(f"{where}: {text!r} is {row[text]!r}, expected a text in quotes.")
        if not isinstance(row, dict) or text not in row:
            raise FormatError(
                f"{where} has no text in {text!r}; it has {', '.join(known)}.{did_you_mean(text, known)}"
            )
        for task in tasks:
            if task not in row or not isinstance(row[task], str | int | None):
                raise FormatError(
                    f"{where} has no label in {task!r}; it has {', '.join(known)}.{did_you_mean(task, known)}"
                )
        yield Labelled(
            row[text], tuple(None if row[task] in _MISSING else str(row[task]) for task in tasks), where
        )


def _lines(content: str) -> Iterator[tuple[int, str]]:
    rows = content.split("\n")
    return enumerate(rows[: -1 if rows and not rows[-1] else None], 1)


def _decode(path: Path | None, name: str, encoding: str) -> str:
    with sys.stdin.buffer if path is None else open_bytes(path) as file:
        data = file.read()
    try:
        content = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(
            f"{name}: line {line:,}, byte {error.start:,}: 0x{data[error.start]:02x} is not valid "
            f"{encoding}. "
            "Convert the file, or give its encoding (--encoding windows-1252, say)."
        ) from error
    if "\0" in content:
        raise FormatError(
            f"{name}: line {content[: content.index(chr(0))].count(chr(10)) + 1:,}: a NUL character. Is it "
            "a text file?"
        )
    return content


def _told(name: str, labels: bool) -> str:
    kinds = [
        suffix[1:].lower() for suffix in Path(name).suffixes if suffix[1:].lower() in ("tsv", "csv", "jsonl")
    ]
    return kinds[0] if kinds else "lines" if labels else "text"


def _of_file(name: str) -> str:
    path = Path(name)
    suffixes = [s[1:] for s in path.suffixes if s not in (".gz", ".bz2", ".xz", ".zst")]
    return suffixes[-1] if suffixes and suffixes[-1] != "txt" else path.name.partition(".")[0]


def to_targets(rows: Sequence[Labelled]) -> list[Any]:
    """The labels as a classifier takes them: one a text, or a row for several tasks."""
    return [row.labels[0] if len(row.labels) == 1 else list(row.labels) for row in rows]
