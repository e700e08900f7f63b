"""Vectors as a table: a word, a tab, numbers with tabs between. File: seqkit/embeddings/vectors/formats/tabs.py.

Not handled: numbers of another type than float32; names of the columns.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.files import write_atomic
from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.formats._rows import Collector, words_to_write
from seqkit.text.readers.compressed import open_bytes

__all__ = ["Tabs"]


class Tabs:
    """Reads and writes tables of vectors."""

    priority: ClassVar = 5  # before the formats that guess: a tab is a sure sign

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether the first line has a tab after its first word."""
        return b"\t" in head.partition(b"\n")[0].strip()

    @staticmethod
    def load(path: Path, reading: Reading) -> Contents:
        """Read a file."""
        with open_bytes(path) as file:
            rows = [line.rstrip(b"\r\n").split(b"\t") for line in file][: reading.limit]
        for number, row in enumerate(rows, 1):
            if len(row) != len(rows[0]):
                got, expected = len(row) - 1, len(rows[0]) - 1
                raise FormatError(f"{path}: line {number:,} has {got} numbers, expected {expected}.")
        collector = Collector(path, reading)
        collector.add([row[0] for row in rows], np.array([row[1:] for row in rows], np.float32), "line", 1)
        return collector.contents(len(rows[0]) - 1)

    @staticmethod
    def save(contents: Contents, path: Path, *, space_as: str | None = None) -> None:
        """Write a file."""
        words = words_to_write(contents, space_as)
        with write_atomic(path) as file:
            for word, row in zip(words, contents.matrix, strict=True):
                file.write("\t".join([word, *map(str, row)]).encode() + b"\n")
