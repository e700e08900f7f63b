"""The binary format of word2vec: a header line, then each word, a space, and its float32 numbers."""

import mmap
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.files import write_atomic
from seqkit.core.types import Floats
from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.formats._layout import layout
from seqkit.embeddings.vectors.formats._rows import Collector, header, words_to_write
from seqkit.text.readers.compressed import open_bytes

__all__ = ["Word2VecBinary"]

LONGEST = 1 << 16  # bytes in a word
BLOCK = 4 << 20  # bytes: small enough to stay in the cache until its rows are copied
NEWLINE = ord("\n")


class Word2VecBinary:
    """Reads and writes word2vec binary, plain or compressed, with or without a line end after each vector."""

    priority: ClassVar = 50

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether there is a header and what follows is not text."""
        return layout(head, path) == "binary"

    @staticmethod
    def load(path: Path, reading: Reading) -> Contents:
        """Read a file.

        Raises:  FormatError if it is shorter or longer than its header says, before memory is taken for it.
        """
        with open_bytes(path) as file:
            size = header(first := file.readline(100), path)
            if size is None:
                raise FormatError(f"{path}: line 1 is {first[:60]!r}, expected a header of two numbers.")
            rows, dim = size
            plain = Path(getattr(file, "name", "")) == path
            if plain and rows * (4 * dim + 2) > path.stat().st_size:
                raise FormatError(
                    f"{path}: the header says {rows:,} rows of {dim:,} numbers, which "
                    f"{path.stat().st_size:,} bytes cannot hold. "
                    "The file is cut short or its header is wrong; get it again."
                )
            wanted = rows if reading.limit is None else min(rows, reading.limit)
            collector, data, done, place = Collector(path, reading), b"", 0, 0
            # long enough for its header, so memory may be taken; the rows are copied straight from the file
            if plain:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                    words, numbers, place = _rows(
                        whole, len(first), np.empty((wanted, dim), np.float32), path, 0
                    )
                    data, place = whole[place : place + LONGEST], 0
                collector.add(words, numbers, "row", 1)
                done = len(words)
            while done < wanted and not plain:
                block = file.read(max(BLOCK, 8 * dim))
                data = data[place:] + block
                out = np.empty((min(wanted - done, len(data) // (4 * dim + 2) + 1), dim), np.float32)
                words, numbers, place = _rows(data, 0, out, path, done)
                collector.add(words, numbers, "row", done + 1)
                done += len(words)
                if not block:
                    break
            if done < wanted:
                raise FormatError(
                    f"{path}: the header says {rows:,} rows, the file ends in row {done + 1:,}. It is "
                    "cut short."
                )
            if (
                reading.limit is None
                and not reading.lenient
                and (data[place:].strip(b"\n") or (not plain and file.read(1)))
            ):
                raise FormatError(
                    f"{path}: more bytes follow the {rows:,} rows of the header. Pass lenient=True to leave "
                    "them out."
                )
        return collector.contents(dim)

    @staticmethod
    def save(contents: Contents, path: Path, *, space_as: str | None = None) -> None:
        """Write a file, with a line end after each vector as the C program does."""
        words = words_to_write(contents, space_as)
        with write_atomic(path) as file:
            file.write(f"{len(words)} {contents.matrix.shape[1]}\n".encode())
            for word, row in zip(words, contents.matrix, strict=True):
                file.write(word.encode() + b" " + row.astype("<f4").tobytes() + b"\n")


def _rows(
    data: bytes | mmap.mmap, place: int, out: Floats, path: Path, done: int
) -> tuple[list[bytes], Floats, int]:
    """The whole rows of `data` from `place` on, as many as `out` takes, and where they end."""
    size, end, wanted = 4 * out.shape[1], len(data), len(out)
    words: list[bytes] = []
    target = memoryview(out.data).cast("B") if wanted else memoryview(b"")
    with memoryview(data) as source:
        while len(words) < wanted and place < end:
            space = data.find(b" ", place, place + LONGEST)
            if space < 0 and end - place >= LONGEST:
                raise FormatError(
                    f"{path}: row {done + len(words) + 1:,}: no word of at most {LONGEST:,} bytes. Is it "
                    "word2vec binary?"
                )
            start, at = space + 1, size * len(words)
            if space < 0 or start + size > end:
                break
            words.append(data[place + (data[place] == NEWLINE) : space])
            place = start + size
            target[at : at + size] = source[start:place]
    rows = out[: len(words)]
    if sys.byteorder == "big":
        rows.byteswap(inplace=True)
    return words, rows, place
