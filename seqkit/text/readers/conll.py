"""Sentences of words, tagged or not: CoNLL column files, CoNLL-U, CSV, JSON lines, plain text.

conll   a word and its columns a line, between tabs or else spaces, a blank line after a sentence;
        -DOCSTART- lines are skipped
conllu  ten columns between tabs, # comments; multiword tokens (1-2) and empty nodes (1.1) are skipped; the
        tag _ is a missing one
csv     a word a row, under a header; a sentence begins where the column of sentences has another value, which
        may stand at its first word alone
jsonl   {"words": [...], "tags": [...]} a line, or "tokens" and one list whose name ends in "tags"; null is a
        missing tag, a number is taken as text
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

FORMATS = ("conll", "conllu", "csv", "jsonl", "text")
COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")  # of CoNLL-U
_ID, _SKIPPED = re.compile(r"[1-9][0-9]*"), re.compile(r"[0-9]+[-.][0-9]+")


@dataclass(frozen=True)
class Sentence:
    """Words, their tags (None: not asked for; a tag None: missing), and the place, "file: line 7"."""

    words: list[str]
    tags: list[str | None] | None
    where: str


@dataclass(frozen=True)
class _Columns:
    """Which columns hold what; None: the usual ones."""

    tags: str | int | None
    words: str | int | None
    sentences: str | None


def sentences(
    source: str | os.PathLike[str],
    *,
    format: str | None = None,
    column: str | int | None = None,
    word_column: str | int | None = None,
    sentence_column: str | None = None,
    tagged: bool = True,
    unit: str = "word",
) -> Iterator[Sentence]:
    """The sentences of what `seqkit.read` takes: files, folders, globs, "-" for stdin, compressed or not.

    format: one of FORMATS; by default the name decides (.conllu, .csv, .jsonl, .json, .txt, else conll).
    column: of the tags: a number from 1 (conll; the last if not given), a name (conllu: upos if not given;
    csv: the one called tag, ner or label; jsonl: tags). word_column: of the words: a number (conll; the first
    if not given), a name (csv: word, token or form; jsonl: words or tokens). sentence_column: of csv; the one
    whose name begins with "sentence" if not given.
    tagged: whether tags must be there; if not, none are read. unit: the tokenizer of text.
    Raises:  FormatError, naming file and line, for what the format does not allow, and if there is no
             sentence at all.
    """
    if format is not None and format not in FORMATS:
        raise OptionError(
            f"format: got {format!r}, expected one of {', '.join(FORMATS)}.{did_you_mean(format, FORMATS)}"
        )
    asked = _Columns(column, word_column, sentence_column)
    empty = True
    for path in paths(os.fspath(source)):
        name = "stdin" if path is None else str(path)
        text = Text("-" if path is None else str(path), whole_words=False)
        rows = (line.rstrip("\r\n") for line in table.lines(text))
        for sentence in _sentences(rows, name, format or format_of(name), asked, tagged, unit):
            empty = False
            yield sentence
    if empty:
        raise FormatError(f"{source}: got no sentence, expected at least one. Is it empty?")


def format_of(name: str) -> str:
    """The format that a file's name implies."""
    kinds = {".conllu": "conllu", ".jsonl": "jsonl", ".json": "jsonl", ".csv": "csv", ".txt": "text"}
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
    lines: Iterator[str], name: str, format: str, asked: "_Columns", tagged: bool, unit: str
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
        return _jsonl(lines, name, asked, tagged)
    if format == "csv":
        return _blocks(_csv(lines, name, asked, tagged), tagged)
    if format == "conllu":
        return _blocks(_conllu(lines, name, "upos" if asked.tags is None else asked.tags, tagged), tagged)
    found = _blocks(_conll(lines, name, asked, tagged), tagged)
    return found if asked.words is not None else _no_counters(found)


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


def _no_counters(found: Iterator[Sentence]) -> Iterator[Sentence]:
    """The same sentences.  Raises:  FormatError if the words of the first ones are 1, 2, 3, ..."""
    words = False
    for sentence in found:
        if not words and len(sentence.words) > 1:
            first = int(sentence.words[0] == "1")
            if sentence.words == [str(first + i) for i in range(len(sentence.words))]:
                raise FormatError(
                    f"{sentence.where}: the first column counts {', '.join(sentence.words[:3])}, expected "
                    "words. Give their column, such as --word-column 2."
                )
            words = True
        yield sentence


def _conll(
    lines: Iterator[str], name: str, asked: "_Columns", tagged: bool
) -> Iterator[tuple[str, str | None, str] | None]:
    at, word = _number(name, asked.tags), _number(name, asked.words) or 0
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
        if word >= width:
            raise FormatError(f"{where} has {counted(width, 'column')}, expected words in column {word + 1}.")
        if tagged and (width < 2 or (at is not None and at >= width)):
            raise FormatError(
                f"{where} has {counted(width, 'column')}, expected the tags in column "
                f"{2 if at is None else at + 1}."
            )
        yield cells[word], cells[width - 1 if at is None else at] if tagged else None, where
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


def _csv(
    lines: Iterator[str], name: str, asked: "_Columns", tagged: bool
) -> Iterator[tuple[str, str | None, str] | None]:
    found = table.records((line + "\n" for line in lines), name, ",", quotes=True)
    _, head = next(found, (1, list[str]()))
    word = _named(name, head, asked.words, ("word", "words", "token", "form"), "words", "--word-column")
    tag = (
        _named(name, head, asked.tags, ("tag", "tags", "ner", "label"), "tags", "--column") if tagged else ""
    )
    own = [column for column in head if column.lower().startswith("sentence")]
    begins = _named(
        name, head, asked.sentences or next(iter(own), None), (), "sentences", "--sentence-column"
    )
    current = ""
    for row in table.named(found, name, head):
        if (given := row.cells[begins]) and given != current:
            current = given
            yield None
        if not (cell := row.cells[word]) or (tagged and not row.cells[tag]):
            raise FormatError(f"{row.where} has no {'tag' if cell else 'word'}, expected one in each row.")
        yield cell, row.cells[tag] if tagged else None, row.where
    yield None


def _named(
    name: str, head: list[str], given: str | int | None, usual: tuple[str, ...], what: str, flag: str
) -> str:
    """The name of a column: the one given, by name or number, or the first that is usually called so."""
    if given is not None and str(given).isdecimal() and 0 < int(given) <= len(head):
        return head[int(given) - 1]
    found = given if given is not None else next((one for one in head if one.lower() in usual), None)
    if found not in head:
        got = "no column" if given is None else f"no column {given!r}"
        raise FormatError(f"{name}: line 1: {got} of {what}; it has {', '.join(head)}. Name it by {flag}.")
    return str(found)


def _jsonl(lines: Iterator[str], name: str, asked: "_Columns", tagged: bool) -> Iterator[Sentence]:
    for row in table.objects(lines, name):
        key = asked.words or next((own for own in ("words", "tokens") if own in row.cells), "words")
        words = row.cells.get(str(key))
        if not isinstance(words, list) or not words or not all(isinstance(w, str) and w for w in words):
            raise FormatError(
                f"{row.where} has no {json.dumps(key)}, a list of one word or more, none of them empty."
            )
        if not tagged:
            yield Sentence(words, None, row.where)
            continue
        lists = ["tags"] if "tags" in row.cells else [own for own in row.cells if own.endswith("tags")]
        column = str(asked.tags or (lists[0] if len(lists) == 1 else "tags"))
        tags = row.cells.get(column)
        if not isinstance(tags, list) or any(not isinstance(t, str | int | None) or t == "" for t in tags):
            raise FormatError(
                f"{row.where} has no {json.dumps(column)}, a list of texts; it has {', '.join(row.cells)}."
            )
        if len(tags) != len(words):
            raise FormatError(
                f"{row.where} has {len(words)} words and {len(tags)} tags, expected one a word."
            )
        yield Sentence(words, [None if tag is None else str(tag) for tag in tags], row.where)


def _number(name: str, column: str | int | None) -> int | None:
    """The place of a column that is given by its number from 1."""
    if column is None:
        return None
    if not str(column).isdecimal() or int(column) < 1:
        raise OptionError(f"{name}: got column {column!r}, expected a number from 1.")
    return int(column) - 1
