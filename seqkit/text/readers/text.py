"""Text in pieces, from files, compressed or not, folders, globs, tables, stdin and NLTK corpora.

A piece is a str cut after white space; the pieces together are the text, line ends included, so an endless
line is read in bounded memory. Where words need not be whole, a text without spaces is cut between
letters. Lines end at \\n, \\r\\n or \\r, and in the pieces at \\n alone. UTF-16 and
UTF-32 are known by their mark. Not handled: other encodings (convert first), HTML, archives of several files.
"""

import glob
import os
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.text.readers import table
from seqkit.text.readers.compressed import Utf8, open_bytes

PIECE = 1 << 20  # bytes
_SPACES = (b" ", b"\t", b"\r")


@dataclass
class Text:
    """A source of text that gives its pieces each time it is iterated (stdin only once).

    whole_words: whether a word longer than a piece is refused, or cut.
    replaced: how many invalid bytes were replaced in the last pass, when errors is "replace".
    """

    source: str
    column: str | None = None
    errors: Literal["strict", "replace"] = "strict"
    whole_words: bool = True
    replaced: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[str]:
        self.replaced = 0
        if self.source.startswith("nltk:"):
            yield from _nltk(self.source[5:])
            return
        for path in paths(self.source):
            with sys.stdin.buffer if path is None else open_bytes(path) as file:
                name = "stdin" if path is None else str(path)
                pieces = table.one_end(self._decode(Utf8(file, name), name))
                yield from _columns(pieces, name, self.column, path)

    def _decode(self, file: Utf8, name: str) -> Iterator[str]:
        """Decode a file piece by piece; errors name line and byte."""
        rest, line, offset = b"", 1, 0
        while True:
            block = file.read(PIECE)
            data = rest + block
            if offset == 0 and data.startswith(b"\xef\xbb\xbf"):
                data, offset = data[3:], 3
            cut = (
                len(data)
                if not block
                else data.rfind(b"\n") + 1 or max(data.rfind(space) for space in _SPACES) + 1
            )
            if cut == 0 and len(data) > PIECE:
                if self.whole_words:
                    raise FormatError(
                        f"{name}: line {line:,} holds a word of more than {PIECE:,} bytes at byte "
                        f"{offset:,}. Is it a text file? If its words have no spaces between them, take "
                        "characters as tokens."
                    )
                cut = _between_letters(data)
            whole, rest = data[:cut], data[cut:]
            if whole:
                yield self._text(whole, name, line, offset)
                line, offset = line + _ends(whole), offset + len(whole)
            if not block:
                return

    def _text(self, data: bytes, name: str, line: int, offset: int) -> str:
        bad = data.find(b"\0")
        try:
            text = data.decode(errors="strict")
        except UnicodeDecodeError as error:
            if self.errors == "replace":
                text = data.decode(errors="replace")
                self.replaced += text.count("\ufffd") - data.count("\ufffd".encode())
            else:
                where = line + _ends(data[: error.start])
                raise FormatError(
                    f"{name}: line {where:,}, byte {offset + error.start:,}: 0x{data[error.start]:02x} is "
                    "not valid UTF-8. "
                    'Convert the file, or read it with errors="replace".'
                ) from error
        if bad >= 0:
            where = line + _ends(data[:bad])
            raise FormatError(
                f"{name}: line {where:,}, byte {offset + bad:,}: a NUL byte. Is it a text file?"
            )
        return text


def _ends(data: bytes) -> int:
    """How many lines end."""
    return data.count(b"\n") + (data.count(b"\r") - data.count(b"\r\n") if b"\r" in data else 0)


def _between_letters(data: bytes) -> int:
    """The last place where UTF-8 can be cut so that no letter is parted from its accents."""
    for at in range(len(data) - 4, max(len(data) - 64, 0), -1):
        if data[at] & 0xC0 != 0x80 and not unicodedata.combining(
            data[at:].decode(errors="ignore")[:1] or "a"
        ):
            return at
    return len(data)


def read(
    source: str | os.PathLike[str],
    *,
    column: str | None = None,
    errors: Literal["strict", "replace"] = "strict",
    whole_words: bool = True,
) -> Text:
    """Open a source of text: a file, a folder, a glob, "-" for stdin, or "nltk:brown".

    Compression (gz, bz2, xz, zst) is found by the first bytes. `column` names the field of .jsonl, .csv, .tsv
    and .parquet. whole_words: refuse a word of more than a piece (a megabyte), instead of cutting it.
    Raises:  FormatError, here or while reading, if a file is missing, not text, cut short or grows without
             bound.
    """
    text = Text(os.fspath(source), column, errors, whole_words)
    if not text.source.startswith("nltk:"):
        paths(text.source)
    return text


def paths(source: str) -> list[Path | None]:
    """The files of a source in a fixed order; None stands for stdin."""
    if source == "-":
        return [None]
    path = Path(source)
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
    elif path.is_file():
        found = [path]
    else:
        named = map(Path, glob.glob(source, recursive=True))  # noqa: PTH207  # absolute patterns
        found = sorted(p for p in named if p.is_file())
    if not found:
        near = did_you_mean(
            path.name, [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        )
        raise FormatError(f"{source}: no such file, folder or match.{near}")
    return list(found)


def _columns(pieces: Iterator[str], name: str, column: str | None, path: Path | None) -> Iterator[str]:
    kind = table.kind_of(name)
    if kind == "parquet" and path is not None:
        for row in table.parquet(path, [column]):
            yield ("" if row.cells[str(column)] is None else row.text(str(column))) + "\n"
    elif column is None:
        yield from pieces
    elif kind is None:
        raise OptionError(
            f"{name}: got column {column!r}, but only .jsonl, .csv, .tsv and .parquet have columns."
        )
    else:
        yield from (text + "\n" for text in _cells(pieces, name, column, kind))


def _cells(pieces: Iterator[str], name: str, column: str, kind: str) -> Iterator[str]:
    """The texts of one column."""
    if kind == "jsonl":
        yield from (row.text(column) for row in table.objects(table.lines(pieces), name))
        return
    found = table.records(table.lines(pieces), name, table.SEPARATORS[kind], quotes=True)
    _, head = next(found, (1, []))
    table.check_column(column, head, name)
    for row in table.named(found, name, head, ragged=True):
        if column not in row.cells:
            raise FormatError(f"{row.where} ends before column {column!r}.")
        yield row.cells[column]


def lines(source: str | os.PathLike[str]) -> Iterator[str]:
    """The lines of what `read` takes, without their ends; empty ones left out."""
    return (line.rstrip("\r\n") for line in table.lines(read(source, whole_words=False)) if line.strip())


def _nltk(name: str) -> Iterator[str]:
    import nltk.corpus

    try:
        corpus = getattr(nltk.corpus, name)
        for sentence in corpus.sents():
            yield " ".join(sentence) + "\n"
    except AttributeError as error:
        raise FormatError(
            f"nltk:{name}: NLTK has no corpus of that name with sentences; try nltk:brown."
        ) from error
    except LookupError as error:
        raise FormatError(
            f"nltk:{name}: its data are not here. Put them in a folder and set NLTK_DATA to it."
        ) from error
