"""Opening and saving vectors in any format: which format a file has, what a reader may accept.

The formats are the members of seqkit.embeddings.vectors.formats: one file each, with one class, a Format.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from seqkit.core import options
from seqkit.core.errors import FormatError
from seqkit.core.family import Family
from seqkit.core.options import option
from seqkit.embeddings.vectors.contents import Contents
from seqkit.text.readers.compressed import open_bytes

formats = Family("seqkit.embeddings.vectors.formats", "format")
_PICKLES = (".kv", ".pkl", ".pickle", ".pt", ".pth", ".joblib", ".npy", ".npz", ".model")


@dataclass(frozen=True)
class Reading:
    """What a reader may accept; strict by default."""

    lenient: bool = option(False, help="accept a header whose count of rows is wrong")
    drop_nonfinite: bool = option(False, help="leave out rows that hold nan or inf")
    errors: Literal["strict", "replace"] = option(
        "strict", help="replace: put U+FFFD for invalid UTF-8 in words"
    )
    limit: int | None = option(None, low=1, help="read only the first rows")

    def __post_init__(self) -> None:
        options.check(self)


class Format(Protocol):
    """What a member of the family has. priority: formats are asked `matches` in this order, lowest first."""

    priority: ClassVar[int]

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether a file with these first bytes (none for a folder) has this format."""

    @staticmethod
    def load(path: Path, reading: Reading) -> Contents:
        """Read a file."""

    @staticmethod
    def save(contents: Contents, path: Path) -> None:
        """Write a file; a format may have options besides, such as space_as."""


def load(path: Path, format: str | None = None, **settings: Any) -> Contents:
    """Read vectors; the format is detected by content and name if it is not given.

    Raises:  FormatError, naming line and byte, for a file that is missing, damaged, lying or unsafe.
    """
    reading = options.from_json(Reading, settings)
    if not path.exists():
        raise FormatError(f"{path}: no such file or folder.")
    chosen: type[Format] = _detect(path) if format is None else formats.load(format)
    return chosen.load(path, reading)


def save(contents: Contents, path: Path, format: str = "native", **settings: Any) -> None:
    """Write vectors; nothing is left behind if they cannot be written whole."""
    matrix = contents.matrix
    if len(matrix) and not np.isfinite(matrix).all():
        row = int(np.flatnonzero(~np.isfinite(matrix).all(1))[0])
        raise FormatError(
            f"save: the vector of {contents.vocab.tokens[row]!r} holds nan or inf. Leave that word out."
        )
    formats.load(format).save(contents, path, **settings)


def _detect(path: Path) -> type[Format]:
    head = b"" if path.is_dir() else _head(path)
    known: list[type[Format]] = [formats.load(name) for name in formats.names()]
    for format in sorted(known, key=lambda format: format.priority):
        if format.matches(head, path):
            return format
    raise FormatError(
        f"{path}: none of the formats {', '.join(formats.names())} fits its first bytes. Name one with "
        "format=."
    )


def _head(path: Path) -> bytes:
    """The first bytes of a file.

    Raises:  FormatError if it is empty, or of a kind that can run code.
    """
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
    return head
