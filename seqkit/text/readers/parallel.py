"""Texts in pairs, row by row: two files line by line, one TSV file, or JSON lines; plain or compressed, "-"
is stdin.

Every message names file and line. Not handled: texts of several lines, quoted TSV cells; all rows are held in
memory.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from seqkit.core.errors import FormatError
from seqkit.text.readers.text import read

NAMES = ("source", "target")


def rows(source: str | os.PathLike[str], *, name: str = "source", empty: bool = False) -> list[str]:
    """The texts of a file, one a line; of JSON lines (.jsonl, or stdin that begins with a brace) the value of
    `name`.

    Raises:  FormatError naming file and line for a text that is empty, unless `empty` ones may be.
    """
    lines, found = _lines(source), []
    json_lines = _is_json(source, lines)
    for number, line in enumerate(lines, 1):
        text = _values(source, number, line, (name,))[0] if json_lines else line
        if not (text.strip() or empty):
            raise FormatError(
                f"{_name(source)}: line {number:,} is empty, expected a text. Take the line out."
            )
        found.append(text)
    return found


def pairs(
    first: str | os.PathLike[str],
    second: str | os.PathLike[str] | None = None,
    *,
    names: Sequence[str] = NAMES,
) -> tuple[list[str], list[str]]:
    """Two lists of as many texts: of two files line by line, or of one whose lines are `first<TAB>second` or
    JSON objects.

    names: the fields of JSON objects; a TSV file may have them as its header.
    Raises:  FormatError for files of different length, a line without two texts, an empty text, or no pair at
             all.
    """
    if second is not None:
        left, right = rows(first, name=names[0], empty=True), rows(second, name=names[1], empty=True)
        where = (_name(first), _name(second))
        if len(left) != len(right):
            raise FormatError(
                f"{where[1]}: {len(right):,} lines came, {where[0]} has {len(left):,}; line n of one "
                "belongs to line n of the "
                "other. Find where they part, or where a file was cut short."
            )
        found = [(number, [*pair]) for number, pair in enumerate(zip(left, right, strict=True), 1)]
    else:
        where = (_name(first), _name(first))
        lines = _lines(first)
        cut = _values if _is_json(first, lines) else _cells
        found = [(number, cut(first, number, line, names)) for number, line in enumerate(lines, 1)]
        if found and found[0][1] == list(names):
            del found[0]
    for number, pair in found:
        for text, name, file in zip(pair, names, where, strict=True):
            if not text.strip():
                raise FormatError(
                    f"{file}: line {number:,} has an empty {name}. Take the pair out of both sides, or "
                    "fill it."
                )
    if not found:
        raise FormatError(
            f"{where[0]}: no {names[0]} with a {names[1]} came, expected at least one. Is the file empty?"
        )
    return [pair[0] for _, pair in found], [pair[1] for _, pair in found]


def _cells(source: str | os.PathLike[str], number: int, line: str, names: Sequence[str]) -> list[str]:
    cells = line.split("\t")
    if len(cells) != 2:
        raise FormatError(
            f"{_name(source)}: line {number:,} has {len(cells)} columns, expected "
            f"{names[0]}<TAB>{names[1]}. Give two files, or "
            "part the texts by one tab."
        )
    return cells


def _values(source: str | os.PathLike[str], number: int, line: str, names: Sequence[str]) -> list[str]:
    where = f"{_name(source)}: line {number:,}"
    try:
        value = json.loads(line)
    except ValueError as error:
        raise FormatError(f"{where} is not JSON ({error}).") from error
    if not isinstance(value, dict):
        raise FormatError(f"{where} is not a JSON object.")
    for name in names:
        if not isinstance(value.get(name), str | int):
            raise FormatError(
                f"{where} has no text in {name!r}; it has {', '.join(map(repr, value)) or 'nothing'}."
            )
    return [str(value[name]).replace("\n", " ") for name in names]


def _lines(source: str | os.PathLike[str]) -> list[str]:
    """All lines without their ends; the last need not have one."""
    lines = "".join(read(source)).split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def _is_json(source: str | os.PathLike[str], lines: list[str]) -> bool:
    return ".jsonl" in Path(source).suffixes or (
        os.fspath(source) == "-" and lines[:1] != [] and lines[0].startswith("{")
    )


def _name(source: str | os.PathLike[str]) -> str:
    return "stdin" if os.fspath(source) == "-" else os.fspath(source)
