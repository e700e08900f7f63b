"""Rows of tables with their place: CSV, TSV, JSON lines and Parquet, plain or compressed.

csv      a cell may stand in double quotes, and may then hold commas, line ends and doubled quotes
tsv      no quotes, unless asked for: a cell is the text between two tabs
jsonl    an object a line, read strictly (core.strict_json)
parquet  columns by name

Lines end with \\n, \\r\\n or \\r. Empty lines are left out but counted. A cell may be of any length.
Not handled: cells of another type than text in CSV and TSV; escapes in TSV.
"""

import codecs
import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from seqkit.core import strict_json
from seqkit.core.errors import FormatError, OptionError, counted, did_you_mean
from seqkit.text.readers.compressed import encoding_of, open_bytes

KINDS = ("csv", "tsv", "jsonl", "parquet")
SEPARATORS = {"csv": ",", "tsv": "\t"}
CONVERT = "Convert the file to UTF-8."
_LONGEST = sys.maxsize >> 33  # characters of a cell; csv's own limit is 131,072


class Row(NamedTuple):
    """A row: its cells by column, and its place in a file."""

    cells: dict[str, Any]
    file: str
    number: int
    unit: str = "line"

    @property
    def where(self) -> str:
        """The place, as errors name it."""
        return f"{self.file}: {self.unit} {self.number:,}"

    def text(self, column: str) -> str:
        """The text of a column.

        Raises:  FormatError if it is not there, or is no text.
        """
        if column not in self.cells:
            known = sorted(self.cells)
            raise FormatError(
                f"{self.where} has no text in {column!r}; it has {', '.join(known) or 'nothing'}."
                f"{did_you_mean(column, known)}"
            )
        value = self.cells[column]
        if not isinstance(value, str):
            raise FormatError(f"{self.where}: {column!r} is {value!r}, expected a text in quotes.")
        return value


def kind_of(name: str, *, json: bool = False) -> str | None:
    """The kind of table that a file's name implies, or None.  json: .json is a table too."""
    kinds = [suffix[1:].lower() for suffix in Path(name).suffixes]
    kinds = ["jsonl" if json and kind in ("json", "ndjson") else kind for kind in kinds]
    return next((kind for kind in kinds if kind in KINDS), None)


def content(path: Path | None, *, encoding: str = "utf-8", hint: str = CONVERT) -> str:
    """The whole text of a file (None: stdin), without a byte order mark.

    hint: what to do where a byte is not of the encoding.
    Raises:  FormatError if it is not there; naming file, line and byte for what is not of the encoding, and
             for a NUL character.
    """
    name = "stdin" if path is None else str(path)
    if path is not None and not path.exists():
        raise FormatError(f"{name}: no such file.")
    with sys.stdin.buffer if path is None else open_bytes(path) as file:
        data = file.read()
    encoding = (encoding_of(data) if codecs.lookup(encoding).name == "utf-8" else None) or encoding
    try:
        text = "".join(one_end([data.decode(encoding).removeprefix("\ufeff")]))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(
            f"{name}: line {line:,}, byte {error.start:,}: 0x{data[error.start]:02x} is not valid "
            f"{encoding}. {hint}"
        ) from error
    if (at := text.find("\0")) >= 0:
        line = text.count("\n", 0, at) + 1
        raise FormatError(f"{name}: line {line:,}: a NUL character. Is it a text file?")
    return text


def one_end(pieces: Iterable[str]) -> Iterator[str]:
    """The same text, whose lines all end with \\n: this is the rule for \\r\\n and \\r in every reader.

    >>> "".join(one_end(["a\\r", "\\nb\\rc", "\\r"]))
    'a\\nb\\nc\\n'
    """
    held = ""
    for piece in pieces:
        whole = held + piece
        held = "\r" if whole.endswith("\r") else ""
        whole = whole.removesuffix("\r")
        if "\r" in whole:
            whole = whole.replace("\r\n", "\n").replace("\r", "\n")
        if whole:
            yield whole
    if held:
        yield "\n"


def lines(pieces: Iterable[str]) -> Iterator[str]:
    """The lines of a text in pieces, each with its end."""
    rest = ""
    for piece in pieces:
        *whole, rest = (rest + piece).split("\n")
        yield from (line + "\n" for line in whole)
    if rest:
        yield rest


def records(
    lines: Iterable[str], name: str, separator: str, *, quotes: bool
) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row and the number of its first line.

    Raises:  FormatError, naming the line where a row begins, for quotes that do not match.
    """
    if not quotes:
        for number, line in enumerate(lines, 1):
            if row := line.rstrip("\r\n"):
                yield number, row.split(separator)
        return
    csv.field_size_limit(max(_LONGEST, csv.field_size_limit()))  # of the process: never lowered
    rows, number = csv.reader(lines, delimiter=separator, strict=True), 1
    try:
        for cells in rows:
            if cells:
                yield number, cells
            number = rows.line_num + 1
    except csv.Error as error:
        raise FormatError(f"{name}: line {number:,} is not {separator!r}-separated ({error}).") from error


def named(
    found: Iterator[tuple[int, list[str]]], name: str, head: Sequence[str], *, ragged: bool = False
) -> Iterator[Row]:
    """Rows whose columns are called `head`; ragged: a row may be shorter or longer than that."""
    for number, cells in found:
        if len(cells) != len(head) and not ragged:
            if len(cells) == 1 and not cells[0].strip():
                continue
            raise _another_width(name, number, cells, f"{len(head)} ({', '.join(head)})")
        yield Row(dict(zip(head, cells, strict=False)), name, number)


def objects(lines: Iterable[str], name: str) -> Iterator[Row]:
    """The objects of JSON lines, or of one array of objects.

    Raises:  FormatError for a line that is not JSON or no object, and for a key that stands twice.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    for i, (number, line) in enumerate(numbered):
        if i == 0 and line.lstrip().startswith("["):
            yield from _array("".join([line, *(rest for _, rest in numbered)]), name)
            return
        yield Row(_object(line, f"{name}: line {number:,}"), name, number)


def _array(text: str, name: str) -> Iterator[Row]:
    found = _json(text, name)
    for number, cells in enumerate(found, 1):
        if not isinstance(cells, dict):
            raise FormatError(f"{name}: item {number:,} is not a JSON object, expected {{...}}.")
        yield Row(cells, name, number, "item")


def _object(text: str, where: str) -> dict[str, Any]:
    cells = _json(text, where)
    if not isinstance(cells, dict):
        raise FormatError(f"{where} is not a JSON object, expected {{...}}.")
    return cells


def _json(text: str, where: str) -> Any:  # Any: what JSON holds
    try:
        return strict_json.parse(text)
    except ValueError as error:
        raise FormatError(f"{where} is not JSON ({error}).") from error


def rows(
    lines: Iterable[str], name: str, path: Path | None, kind: str, columns: Sequence[str]
) -> Iterator[Row]:
    """The rows of a table of any kind with these columns; of one without a header, cells in this order.

    A column may be a number, from 1: if no name is given, the first line is a row and not a header.
    lines: of the file, which Parquet does not need.
    Raises:  FormatError for a column that is not there, a row with another number of cells, or a broken file.
    """
    if kind == "parquet":
        if path is None:
            raise OptionError("stdin: got the format parquet, expected csv, tsv or jsonl. Give a file.")
        yield from parquet(path, columns)
    elif kind == "jsonl":
        yield from objects(lines, name)
    else:
        found = records(lines, name, SEPARATORS[kind], quotes=kind == "csv")
        for number, first in found:
            if any(column.isdecimal() and column not in first for column in columns):
                yield from _numbered(chain([(number, first)], found), name, first, columns)
                return
            lacking = [column for column in columns if column not in first]
            if lacking and (columns[-1] in first or len(first) != len(columns) or len(columns) > 2):
                if len(first) < len(columns):
                    shape = ("<TAB>" if kind == "tsv" else ",").join(columns)
                    raise _another_width(name, number, first, shape)
                check_column(lacking[0], first, f"{name}: line {number:,}")
            body = chain([(number, first)], found) if lacking else found
            yield from named(body, name, list(columns) if lacking else first)


def _numbered(
    found: Iterator[tuple[int, list[str]]], name: str, first: Sequence[str], columns: Sequence[str]
) -> Iterator[Row]:
    """Rows whose columns are asked for by number, some of them perhaps by name."""
    wide = [*map(str, range(1, len(first) + 1))]
    names = [column for column in columns if column not in wide]
    if names:
        next(found)  # the header
    for column in columns:
        check_column(column, [*wide, *(first if names else ())], f"{name}: line 1")
    for row in named(found, name, wide):
        yield row._replace(cells=row.cells | {name: row.cells[wide[first.index(name)]] for name in names})


def parquet(path: Path, columns: Sequence[str | None]) -> Iterator[Row]:
    """These columns of a Parquet file, all if none is named; None is refused with those there are.

    Raises:  OptionError without pyarrow; FormatError for a column that is not there or a broken file.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise OptionError(f"{path}: reading Parquet needs pyarrow. Install seqkit[parquet].") from error
    number = 0
    try:
        file = pq.ParquetFile(path)
        columns = columns or file.schema_arrow.names
        for column in columns:
            check_column(column, file.schema_arrow.names, str(path))
        for batch in file.iter_batches(columns=list(columns)):
            for cells in batch.to_pylist():
                number += 1
                yield Row(cells, str(path), number, "row")
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = " ".join(str(error).split())  # the library writes several lines
        raise FormatError(f"{path}: not a readable Parquet file ({said}).") from error


def check_column(column: str | None, known: Sequence[str], where: str) -> None:
    """Raise FormatError if the column is not there, or none was named."""
    if column is None:
        raise FormatError(f"{where}: got no name of a column, expected one of {', '.join(known)}. Name it.")
    if column not in known:
        raise FormatError(
            f"{where}: no column {column!r}; it has {', '.join(known)}.{did_you_mean(column, known)}"
        )


def _another_width(name: str, number: int, cells: Sequence[str], wanted: str) -> FormatError:
    return FormatError(f"{name}: line {number:,} has {counted(len(cells), 'column')}, expected {wanted}.")
