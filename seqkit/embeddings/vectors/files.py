"""Opening and saving vectors in any format: which member reads a file, what it may accept, what every file
must be.

The formats are the members of seqkit.embeddings.vectors.formats; each has matches, load and save.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from seqkit.core import options
from seqkit.core.errors import FormatError
from seqkit.core.family import Family
from seqkit.core.options import option
from seqkit.core.types import Floats
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.readers.compressed import open_bytes
from seqkit.text.vocab import Vocab

formats = Family("seqkit.embeddings.vectors.formats", "format")
_PICKLES = (".kv", ".pkl", ".pickle", ".pt", ".pth", ".joblib", ".npy", ".npz", ".model")


@dataclass(frozen=True)
class Reading:
    """What a reader may accept; strict unless asked."""

    lenient: bool = option(False, help="accept a header whose count of rows is wrong")
    drop_nonfinite: bool = option(False, help="leave out rows that hold nan or inf")
    errors: Literal["strict", "replace"] = option(
        "strict", help="replace: put U+FFFD for invalid UTF-8 in words"
    )
    limit: int | None = option(None, low=1, help="read only the first rows")

    def __post_init__(self) -> None:
        options.check(self)


def load(path: Path, format: str | None = None, **settings: Any) -> Vectors:
    """Open vectors; the format is told by content and name unless given.

    Raises:  FormatError, naming line and byte, for a file that is missing, damaged, lying or unsafe.
    """
    reading = options.from_json(Reading, settings)
    if not path.exists():
        raise FormatError(f"{path}: no such file or folder.")
    if format is None:
        format = _detect(path)
    vectors: Vectors = formats.load(format).load(path, reading)
    return vectors


def save(vectors: Vectors, path: Path, format: str = "native", **settings: Any) -> None:
    """Write vectors; nothing is left behind if they cannot be written whole."""
    if len(vectors) and not np.isfinite(vectors.matrix).all():
        row = int(np.flatnonzero(~np.isfinite(vectors.matrix).all(1))[0])
        raise FormatError(
            f"save: the vector of {vectors.vocab.tokens[row]!r} holds nan or inf. Leave that word out."
        )
    formats.load(format).save(vectors, path, **settings)


def _detect(path: Path) -> str:
    if path.is_dir():
        return "native"
    with open_bytes(path) as file:
        head = file.read(65536)
    if not head:
        raise FormatError(f"{path}: is empty.")
    if (
        head.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04", b"\x93NUMPY"))
        or path.suffix in _PICKLES
    ):
        raise FormatError(
            f"{path}: looks like a pickle, zip or numpy file, which can run code and is never opened here. "
            "Export it from the program that wrote it, as word2vec text."
        )
    for name in formats.names():
        if name != "native" and formats.load(name).matches(head, path):
            return name
    raise FormatError(
        f"{path}: none of the formats {', '.join(formats.names())} fits its first bytes. Name one with "
        "format=."
    )


class Collector:
    """Words and rows as they are read: duplicates kept once, rows with nan or inf refused or dropped, all of
    it reported.
    """

    def __init__(self, path: Path, reading: Reading) -> None:
        self.path, self.reading = path, reading
        self.words: dict[str, None] = {}
        self.blocks: list[Floats] = []
        self.duplicates: list[str] = []
        self.dropped = self.replaced = 0

    def add(self, words: list[bytes], rows: Floats, unit: str, first: int) -> None:
        """Take a block of rows, which stand at `unit` (row or line) number `first` and after it."""
        texts = self._texts(words, unit, first)
        fresh = dict.fromkeys(texts)
        if (
            _all_finite(rows)
            and len(fresh) == len(texts)
            and (not self.words or self.words.keys().isdisjoint(fresh))
        ):
            self.words.update(fresh)
            self.blocks.append(rows)
            return
        keep = np.asarray(np.isfinite(rows).all(1))
        if not keep.all():
            if not self.reading.drop_nonfinite:
                bad = int(np.argmin(keep))
                raise FormatError(
                    f"{self.path}: {unit} {first + bad:,}: the vector of {texts[bad]!r} holds nan, inf or a "
                    "number beyond "
                    "float32. Mend the file, or pass drop_nonfinite=True."
                )
            self.dropped += int((~keep).sum())
        for i, text in enumerate(texts):
            if keep[i] and text in self.words:
                self.duplicates.append(text)
                keep[i] = False
            elif keep[i]:
                self.words[text] = None
        self.blocks.append(rows if keep.all() else rows[keep])

    def _texts(self, words: list[bytes], unit: str, first: int) -> list[str]:
        try:
            texts = b"\0".join(words).decode().split("\0")  # far faster than one by one
            if len(texts) == len(words) and all(texts):
                return texts
        except UnicodeDecodeError:
            pass
        return [self._text(word, f"{unit} {first + i:,}") for i, word in enumerate(words)]

    def _text(self, word: bytes, where: str) -> str:
        if b"\0" in word or not word:
            raise FormatError(
                f"{self.path}: {where}: {'a NUL byte in' if word else 'no'} word. Is the file of this format?"
            )
        try:
            return word.decode()
        except UnicodeDecodeError as error:
            if self.reading.errors == "strict":
                raise FormatError(
                    f"{self.path}: {where}: byte {error.start:,} of the word {word[:40]!r} is not "
                    "valid UTF-8. "
                    'Mend the file, or pass errors="replace".'
                ) from error
            self.replaced += 1
            return word.decode(errors="replace")

    def vectors(self, dim: int) -> Vectors:
        """What was read, with a warning for all that was left out or changed."""
        notes = [
            f"{len(self.duplicates):,} duplicate words, the first kept ({self.duplicates[0]!r}, …)"
            if self.duplicates
            else "",
            f"{self.dropped:,} rows with nan or inf left out" if self.dropped else "",
            f"{self.replaced:,} words with invalid UTF-8 changed" if self.replaced else "",
        ]
        if any(notes):
            warnings.warn(f"{self.path}: {'; '.join(filter(None, notes))}.", stacklevel=4)
        whole = self.blocks[0].base if self.blocks else None
        if (
            whole is None
            or len(whole) != len(self.words)
            or any(block.base is not whole for block in self.blocks)
        ):
            whole = np.concatenate([np.zeros((0, dim), np.float32), *self.blocks])
        matrix: Floats = whole  # no copy where the blocks were written side by side
        return Vectors(Vocab(list(self.words), np.zeros(len(matrix), np.int64)), matrix)


def _all_finite(rows: Floats) -> bool:
    """True only if no number is nan or inf: the sum of squares shows it at the speed of memory; it may be inf
    of itself.
    """
    flat = rows.ravel()
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(flat @ flat))


def check_words(vectors: Vectors, space_as: str | None) -> list[str]:
    """The words as a text or binary file can hold them.

    Raises:  FormatError for a word that would not come back: white space in it, empty, or no valid Unicode.
    """
    words = vectors.vocab.tokens
    if space_as is not None:
        words = [word.replace(" ", space_as) for word in words]
        if len(set(words)) < len(words):
            raise FormatError(
                f"save: with {space_as!r} for spaces two words become one. Choose another character."
            )
    for word in words:
        if not word or any(mark in word for mark in " \n\r\t\0") or not _encodes(word):
            raise FormatError(
                f"save: the word {word!r} cannot be told from its surroundings in this format. "
                'Save as "native", or put another character for spaces with space_as="_".'
            )
    return words


def _encodes(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def header(line: bytes, path: Path) -> tuple[int, int] | None:
    """(rows, numbers) if the line is a word2vec header: two decimal numbers; None if it is not."""
    fields = line.strip(b"\r\n ").split(b" ")
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 19 for field in fields):
        return None
    rows, dim = map(int, fields)
    if dim == 0 or dim > 1_000_000:
        raise FormatError(f"{path}: line 1: {dim:,} numbers a vector, allowed are 1 to 1,000,000.")
    return rows, dim
