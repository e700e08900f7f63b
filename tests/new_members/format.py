"""Vectors as a table with tabs between. File: seqkit/embeddings/vectors/formats/tabs.py.

    #vectors  ROWS  NUMBERS       the count shows a file that was cut
    king      0.25  -1.5  ...     a word, its numbers

Not handled: numbers of another type than float32.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.files import write_atomic
from seqkit.core.types import Floats
from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.formats._rows import Collector, words_to_write
from seqkit.text.readers.compressed import open_bytes

__all__ = ["Tabs"]

MARK = b"#vectors\t"


class Tabs:
    """Reads and writes tables of vectors."""

    priority: ClassVar = 5  # before the formats that guess: the first line is a sure sign

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether the first line is that of a table."""
        return head.startswith(MARK)

    @staticmethod
    def load(path: Path, reading: Reading) -> Contents:
        """Read a file.  Raises:  FormatError for a line or a file that is cut."""
        with open_bytes(path) as file:
            head, *rows = [line.rstrip(b"\r\n").split(b"\t") for line in file] or [[]]
        size = [int(field) for field in head[1:] if field.isdigit()]
        if len(size) != 2 or len(rows) != size[0]:
            raise FormatError(
                f"{path}: got {len(rows):,} rows after {head}. The file may be cut: check its size."
            )
        for number, row in enumerate(rows, 2):
            if len(row) != size[1] + 1:
                raise FormatError(f"{path}: line {number:,}: got {len(row) - 1} numbers, expected {size[1]}.")
        rows, collector = rows[: reading.limit], Collector(path, reading)
        collector.add([row[0] for row in rows], _numbers(path, rows, size[1]), "line", 2)
        return collector.contents(size[1])

    @staticmethod
    def save(contents: Contents, path: Path, *, space_as: str | None = None) -> None:
        """Write a file."""
        words = words_to_write(contents, space_as)
        with write_atomic(path) as file:
            file.write(MARK + f"{len(words)}\t{contents.matrix.shape[1]}\n".encode())
            for word, row in zip(words, contents.matrix, strict=True):
                file.write("\t".join([word, *map(str, row)]).encode() + b"\n")


def _numbers(path: Path, rows: list[list[bytes]], dim: int) -> Floats:
    try:
        return np.array([row[1:] for row in rows], np.float32).reshape(-1, dim)
    except ValueError as error:
        raise FormatError(f"{path}: expected numbers after each word ({error}).") from error
