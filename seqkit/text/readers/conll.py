"""Sentences of words, tagged or not: CoNLL column files, CoNLL-U, JSON lines, plain text.

conll   a word and its columns a line, between tabs or else spaces, a blank line after a sentence;
        -DOCSTART- lines are skipped
conllu  ten columns between tabs, # comments; multiword tokens (1-2) and empty nodes (1.1) are skipped; the
        tag _ is a missing one
jsonl   {"words": [...], "tags": [...]} a line; null is a missing tag
text    a sentence a line, cut by a tokenizer

Not handled: trees, features and documents; several columns at once.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from seqkit.core.errors import FormatError, OptionError, counted, did_you_mean
from seqkit.text.readers import table
from seqkit.text.readers.text import Text, paths
from seqkit.text.tokenizer import tokenizer

FORMATS = ("conll", "conllu", "jsonl", "text")
COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")  # of CoNLL-U
_ID, _SKIPPED = re.compile(r"[1-9][0-9]*"), re.compile(r"[0-9]+[-.][0-9]+")


@dataclass(frozen=True)
class Sentence:
    """Words, their tags (None: not asked for; a tag None: missing), and the place, "file: line 7"."""

    words: list[str]
    tags: list[str | None] | None
    where: str


def sentences(
    source: str | os.PathLike[str],
    *,
    format: str | None = None,
    column: str | int | None = None,
    tagged: bool = True,
    unit: str = "word",
) -> Iterator[Sentence]:
    """The sentences of what `seqkit.read` takes: files, folders, globs, "-" for stdin, compressed or not.

    format: one of FORMATS; by default the name decides (.conllu, .jsonl, .txt, else conll). column: of the
    tags: a number from 1 (conll; the last if not given), a name (conllu: upos if not given; jsonl: tags).
    tagged: whether tags must be there; if not, none are read. unit: the tokenizer of text.
    Raises:  FormatError, naming file and line, for what the format does not allow, and if there is no
             sentence at all.
    """
    if format is not None and format not in FORMATS:
        raise OptionError(
            f"format: got {format!r}, expected one of {', '.join(FORMATS)}.{did_you_mean(format, FORMATS)}"
        )
    empty = True
    for path in paths(os.fspath(source)):
        name = "stdin" if path is None else str(path)
        text = Text("-" if path is None else str(path), whole_words=False)
        rows = (line.rstrip("\r\n") for line in table.lines(text))
        for sentence in _sentences(rows, name, format or format_of(name), column, tagged, unit):
            empty = False
            yield sentence
    if empty:
        raise FormatError(f"{source}: got no sentence, expected at least one. Is it empty?")


def format_of(name: str) -> str:
    """The format that a file's name implies."""
    kinds = {".conllu": "conllu", ".jsonl": "jsonl", ".txt": "text"}
    return next((kinds[suffix] for suffix in reversed(Path(name).suffixes) if suffix in kinds), "conll")


def write(file: IO[bytes], words: Iterable[str], tags: Iterable[str], format: str) -> None:
    """Add a sentence to an open file: conll (word, tab, tag) or jsonl.

    Raises:  FormatError for a word that has no place in a column.
    """
    words, tags = list(words), list(tags)
    if format == "jsonl":
        file.write(json.dumps({"words": words, "tags": tags}, ensure_ascii=False).encode() + b"\n")
        return
    for word in words:
        if not word or any(mark in word for mark in "\t\n\r"):
            raise FormatError(f"conll: got the word {word!r}, which a column cannot hold. Write JSON lines.")
    file.write("".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)).encode() + b"\n")


def _sentences(
    lines: Iterator[str], name: str, format: str, column: str | int | None, tagged: bool, unit: str
) -> Iterator[Sentence]:
    if format == "text":
        if tagged:
            raise FormatError(
                f"{name}: plain text has no tags. Give CoNLL, CoNLL-U or JSON lines, or name the format."
            )
        cut = tokenizer(unit)
        return (
            Sentence([line[start:end] for start, end in cut.spans(line)], None, f"{name}: line {i:,}")
            for i, line in enumerate(lines, 1)
            if line.strip()
        )
    if format == "jsonl":
        return _jsonl(lines, name, "tags" if column is None else str(column), tagged)
    if format == "conllu":
        return _blocks(_conllu(lines, name, "upos" if column is None else column, tagged), tagged)
    return _blocks(_conll(lines, name, column, tagged), tagged)


def _blocks(rows: Iterator[tuple[str, str | None, str] | None], tagged: bool) -> Iterator[Sentence]:
    """Sentences of (word, tag, where) with None after each."""
    block: list[tuple[str, str | None, str]] = []
    for row in rows:
        if row is not None:
            block.append(row)
        elif block:
            yield Sentence(
                [word for word, _, _ in block], [tag for _, tag, _ in block] if tagged else None, block[0][2]
            )
            block = []


def _conll(
    lines: Iterator[str], name: str, column: str | int | None, tagged: bool
) -> Iterator[tuple[str, str | None, str] | None]:
    at = _number(name, column)
    width = 0
    for number, line in enumerate(lines, 1):
        where = f"{name}: line {number:,}"
        if not line.strip():
            yield None
            continue
        cells = (
            line.split("\t") if "\t" in line else [cell for cell in line.split(" ") if cell]
        )  # not at other spaces: 1\u00a0000
        if cells[0] == "-DOCSTART-":
            yield None
            continue
        width = width or len(cells)
        if len(cells) != width or not all(cells):
            raise FormatError(
                f"{where} has {counted(sum(map(bool, cells)), 'column')}, expected {width} as above: "
                f"{line.strip()[:60]!r}."
            )
        if tagged and (width < 2 or (at is not None and at >= width)):
            raise FormatError(
                f"{where} has {counted(width, 'column')}, expected the tags in column "
                f"{2 if at is None else at + 1}."
            )
        yield cells[0], cells[width - 1 if at is None else at] if tagged else None, where
    yield None


def _conllu(
    lines: Iterator[str], name: str, column: str | int, tagged: bool
) -> Iterator[tuple[str, str | None, str] | None]:
    if isinstance(column, int) or column.isdecimal():
        at = _number(name, column)
    elif column in COLUMNS:
        at = COLUMNS.index(column)
    else:
        raise OptionError(
            f"column: got {column!r}, expected one of {', '.join(COLUMNS)}.{did_you_mean(column, COLUMNS)}"
        )
    expected = 1
    for number, line in enumerate(lines, 1):
        where = f"{name}: line {number:,}"
        if not line.strip() or line.startswith("#"):
            if not line.strip():
                expected = 1
                yield None
            continue
        cells = line.split("\t")
        if len(cells) != len(COLUMNS) or not all(cells):
            raise FormatError(
                f"{where} has {sum(map(bool, cells))} columns between tabs, expected 10: {line[:60]!r}."
            )
        if _SKIPPED.fullmatch(cells[0]):
            continue
        if not _ID.fullmatch(cells[0]) or int(cells[0]) != expected:
            raise FormatError(
                f"{where} has the id {cells[0][:20]!r}, expected {expected}. A line may be missing."
            )
        expected += 1
        yield cells[1], None if not tagged or cells[at or 0] == "_" else cells[at or 0], where
    yield None


def _jsonl(lines: Iterator[str], name: str, column: str, tagged: bool) -> Iterator[Sentence]:
    for row in table.objects(lines, name):
        words, tags = row.cells.get("words"), row.cells.get(column)
        if not isinstance(words, list) or not words or not all(isinstance(w, str) and w for w in words):
            raise FormatError(f'{row.where} has no "words", a list of one word or more, none of them empty.')
        if not tagged:
            yield Sentence(words, None, row.where)
            continue
        if not isinstance(tags, list) or not all(t is None or (isinstance(t, str) and t) for t in tags):
            raise FormatError(
                f"{row.where} has no {json.dumps(column)}, a list of texts; it has {', '.join(row.cells)}."
            )
        if len(tags) != len(words):
            raise FormatError(
                f"{row.where} has {len(words)} words and {len(tags)} tags, expected one a word."
            )
        yield Sentence(words, tags, row.where)


def _number(name: str, column: str | int | None) -> int | None:
    """The place of a column that is given by its number from 1."""
    if column is None:
        return None
    if not str(column).isdecimal() or int(column) < 1:
        raise OptionError(f"{name}: got column {column!r}, expected a number from 1.")
    return int(column) - 1
