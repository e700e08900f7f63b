"""Texts in pairs: two files line by line, or one TSV, CSV, JSON lines or Parquet; "-" is stdin.

Every message names file and line. Not handled: texts of several lines, quoted TSV cells; all rows are held in
memory.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from seqkit.core.errors import FormatError
from seqkit.text.readers import table
from seqkit.text.readers.text import read

NAMES = ("source", "target")


def rows(source: str | os.PathLike[str], *, name: str = "source", empty: bool = False) -> list[str]:
    """The texts of a file, one a line; of Parquet and JSON lines (or stdin with a brace) the column `name`.

    Raises:  FormatError naming file and line for a text that is empty, unless `empty` ones may be.
    """
    found = _texts(source, name)
    for where, text in found:
        if not (text.strip() or empty):
            raise FormatError(f"{where} is empty, expected a text. Take the line out.")
    return [text for _, text in found]


def pairs(
    first: str | os.PathLike[str],
    second: str | os.PathLike[str] | None = None,
    *,
    names: Sequence[str] = NAMES,
) -> tuple[list[str], list[str]]:
    """Two lists of as many texts: two files line by line, or one with both, whose name says how (else TSV).

    names: the columns; TSV and CSV without a header have them in this order.
    Raises:  FormatError for files of different length, a line without two texts, an empty text, or no pair at
             all.
    """
    if second is None:
        found = _cells(first, names)
    else:
        left, right = _texts(first, names[0]), _texts(second, names[1])
        if len(left) != len(right):
            raise FormatError(
                f"{_name(second)}: got {len(right):,} lines, expected {len(left):,} as in {_name(first)}. "
                "Line n of one belongs to line n of the other. Find where they part, or where one is cut off."
            )
        found = [[*pair] for pair in zip(left, right, strict=True)]
    for pair in found:
        for (where, text), name in zip(pair, names, strict=True):
            if not text.strip():
                raise FormatError(
                    f"{where} has an empty {name}. Take the pair out of both sides, or fill it."
                )
    if not found:
        raise FormatError(
            f"{_name(first)}: got no {names[0]} with a {names[1]}, expected at least one. Is the file empty?"
        )
    return [left for (_, left), _ in found], [right for _, (_, right) in found]


def _texts(source: str | os.PathLike[str], name: str) -> list[tuple[str, str]]:
    """The texts of one side, each with its place."""
    if _kind(source) == "parquet":
        return [(row.where, _value(row, name)) for row in _rows(source, "parquet", [name])]
    lines, file = _lines(source), _name(source)
    if _is_json(source, lines):
        return [(row.where, _value(row, name)) for row in table.objects(lines, file)]
    return [(f"{file}: line {number:,}", line) for number, line in enumerate(lines, 1)]


def _cells(source: str | os.PathLike[str], names: Sequence[str]) -> list[list[tuple[str, str]]]:
    """The pairs of one file: two texts, each with its place."""
    found = _rows(source, _kind(source) or "tsv", names)
    return [[(row.where, _value(row, name)) for name in names] for row in found]


def _rows(source: str | os.PathLike[str], kind: str, names: Sequence[str]) -> Iterator[table.Row]:
    path = None if os.fspath(source) == "-" else Path(source)
    lines = [] if kind == "parquet" else _lines(source)
    kind = "jsonl" if _is_json(source, lines) else kind
    return table.rows((line + "\n" for line in lines), _name(source), path, kind, names)


def _value(row: table.Row, name: str) -> str:
    """A text, or a number as text, in one line."""
    value = row.cells.get(name)
    return str(value if isinstance(value, int) else row.text(name)).replace("\n", " ")


def _lines(source: str | os.PathLike[str]) -> list[str]:
    """All lines without their ends."""
    lines = table.lines(read(source, whole_words=False))
    return [line.removesuffix("\n").removesuffix("\r") for line in lines]


def _kind(source: str | os.PathLike[str]) -> str | None:
    return table.kind_of(os.fspath(source))


def _is_json(source: str | os.PathLike[str], lines: list[str]) -> bool:
    return table.kind_of(os.fspath(source)) == "jsonl" or (
        os.fspath(source) == "-" and lines[:1] != [] and lines[0].startswith("{")
    )


def _name(source: str | os.PathLike[str]) -> str:
    return "stdin" if os.fspath(source) == "-" else os.fspath(source)
