"""The error-analysis sheet: wrong rows, and columns in which a person marks categories; read back as shares.

A cell is marked by x, 1, yes, y, true or a tick, and not by an empty cell, 0, no, n, false or -. Columns that
a person adds are categories too. Not handled: spreadsheets other than CSV (comma or semicolon; UTF-8).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from seqkit.core import files
from seqkit.core.errors import FormatError, OptionError
from seqkit.core.score import Score
from seqkit.core.types import Array
from seqkit.evaluate.bootstrap import interval, mean_of
from seqkit.text.readers import table

FIELDS = ("row", "where", "text", "label", "predicted", "probability", "suspected")
CATEGORIES = ("label is wrong", "other")
COMMENT = "comment"
_YES, _NO = {"x", "1", "yes", "y", "true", "✓", "✔"}, {"", "0", "no", "n", "false", "-"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


@dataclass(frozen=True)
class Analysis:
    """What a filled sheet says: the share of the looked-at errors in each category, largest first.

    A row counts as looked at when it has a mark or a comment. A row may be in several categories.
    """

    shares: list[Score]
    comments: dict[str, str]

    def table(self, error: float | None = None) -> list[dict[str, Any]]:
        """One row for each category.  error: of the part; `ceiling`: the rest with it solved."""
        return [
            {
                "category": s.name,
                "errors": round(s.value * s.count),
                "looked_at": s.count,
                "share": s.value,
                "interval": s.interval,
                "ceiling": None if error is None else error * (1 - s.value),
            }
            for s in self.shares
        ]


def write_sheet(
    rows: Iterable[Mapping[str, Any]], path: Path, *, categories: Sequence[str] = CATEGORIES
) -> int:
    """Write a row for each error, with an empty column for each category and for a comment; return how many.

    Raises:  OptionError for a category that has another column's name, or stands twice; FormatError for no
             error at all.
    """
    head = [*FIELDS, *categories, COMMENT]
    for name in categories:
        if not name.strip() or head.count(name) > 1:
            raise OptionError(
                f"sheet: category {name!r} is empty, stands twice or is a column's name. Choose another name."
            )
    every = list(rows)
    if not every:
        raise FormatError("sheet: there is no error to look at, expected at least one. Nothing was written.")
    write_rows(every, path, head)
    return len(every)


def write_rows(rows: Iterable[Mapping[str, Any]], path: Path, head: Sequence[str]) -> None:
    """Write a CSV that spreadsheets read as UTF-8 and run no formula of; what a row lacks is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        cells = (str(row.get(name, "")) for name in head)
        writer.writerow("'" + cell if cell.startswith(_FORMULA) else cell for cell in cells)
    with files.write_atomic(path) as file:
        file.write(b"\xef\xbb\xbf" + text.getvalue().encode())


def read_sheet(path: Path, *, seed: int = 1) -> Analysis:
    """Read a filled sheet.

    Raises:  FormatError naming file, line and column for what is no sheet, no mark, or where nothing was
             filled in.
    """
    try:
        text = table.content(path, hint="Save the sheet as CSV (UTF-8).")
    except FileNotFoundError as error:
        raise FormatError(f"{path}: no such file.") from error
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    found = table.records(table.lines([text]), str(path), separator, quotes=True)
    _, head = next(found, (1, []))
    categories = _categories(path, head)
    marks, comments, missing = [], {}, 0
    for row in table.named(found, str(path), head, ragged=True):
        cells = row.cells
        marked = [_mark(row.where, name, cells.get(name) or "") for name in categories]
        comment = (cells.get(COMMENT) or "").strip()
        if comment:
            comments[cells["row"]] = comment
        if any(marked) or comment:
            marks.append(marked)
        else:
            missing += 1
    if not marks:
        raise FormatError(
            f"{path}: no row has a mark or a comment. Put an x into the columns that fit, save, and read "
            "it again."
        )
    columns = np.array(marks, float).reshape(len(marks), -1).T
    shares = [_share(n, flags, missing, seed) for n, flags in zip(categories, columns, strict=True)]
    return Analysis(sorted(shares, key=lambda score: -score.value), comments)


def _categories(path: Path, head: Sequence[str]) -> list[str]:
    """The columns to mark.  Raises:  FormatError if another column is missing."""
    names = [name for name in head if name]
    lost = [name for name in FIELDS if name not in names and name != "where"]  # younger than the others
    if lost:
        raise FormatError(
            f"{path}: no column {lost[0]!r}, expected {', '.join(FIELDS)}. Is it a sheet of seqkit diagnose?"
        )
    return [name for name in names if name not in (*FIELDS, COMMENT)]


def _share(name: str, flags: Annotated[Array, "N"], missing: int, seed: int) -> Score:
    low_high = interval(mean_of(flags), len(flags), seed=seed)
    return Score(name, float(flags.mean()), len(flags), missing, {"seed": seed}, low_high)


def _mark(where: str, name: str, cell: str) -> bool:
    mark = cell.strip().lower()
    if mark not in _YES | _NO:
        raise FormatError(
            f"{where}, column {name!r}: got {cell!r}, expected x, 1 or yes for a mark, nothing, 0 or no for "
            f"none. Write remarks into {COMMENT!r}."
        )
    return mark in _YES
