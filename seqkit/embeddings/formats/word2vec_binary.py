"""The binary format of word2vec: a header line, then each word, a space, and its float32 numbers."""

from pathlib import Path

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.files import write_atomic
from seqkit.core.types import Floats
from seqkit.embeddings.files import Collector, Reading, check_words, header
from seqkit.embeddings.formats.word2vec import Word2VecText
from seqkit.embeddings.vectors import Vectors
from seqkit.text.compressed import open_bytes

__all__ = ["Word2VecBinary"]

BLOCK = 64 << 20
LONGEST = 1 << 16  # bytes in a word


class Word2VecBinary:
    """Reads and writes word2vec binary, plain or compressed; a line end after a vector may be there or not."""

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether there is a header and what follows is not text."""
        return header(head.partition(b"\n")[0], path) is not None and not Word2VecText.matches(head, path)

    @staticmethod
    def load(path: Path, reading: Reading) -> Vectors:
        """Read a file.

        Raises:  FormatError if it is shorter or longer than its header says, before memory is taken for it.
        """
        with open_bytes(path) as file:
            size = header(first := file.readline(100), path)
            if size is None:
                raise FormatError(f"{path}: line 1 is {first[:60]!r}, expected a header of two numbers.")
            rows, dim = size
            if Path(getattr(file, "name", "")) == path and rows * (4 * dim + 2) > path.stat().st_size:
                raise FormatError(
                    f"{path}: the header says {rows:,} rows of {dim:,} numbers, which {path.stat().st_size:,} bytes cannot hold. "
                    "The file is cut short or its header is wrong; get it again."
                )
            wanted = rows if reading.limit is None else min(rows, reading.limit)
            collector, rest = Collector(path, reading), b""
            done = 0
            while done < wanted:
                block = file.read(max(BLOCK, 8 * dim))
                words, numbers, rest = _rows(rest + block, dim, wanted - done, path, done)
                if not block:
                    raise FormatError(
                        f"{path}: the header says {rows:,} rows, the file ends in row {done + 1:,}. It is cut short."
                    )
                collector.add(words, numbers, [f"row {done + i + 1:,}" for i in range(len(words))])
                done += len(words)
            if reading.limit is None and not reading.lenient and (rest.strip(b"\n") or file.read(1)):
                raise FormatError(
                    f"{path}: more bytes follow the {rows:,} rows of the header. Pass lenient=True to leave them out."
                )
        return collector.vectors(dim)

    @staticmethod
    def save(vectors: Vectors, path: Path, *, space_as: str | None = None) -> None:
        """Write a file, with a line end after each vector as the C program does."""
        words = check_words(vectors, space_as)
        with write_atomic(path) as file:
            file.write(f"{len(words)} {vectors.dim}\n".encode())
            for word, row in zip(words, vectors.matrix, strict=True):
                file.write(word.encode() + b" " + row.astype("<f4").tobytes() + b"\n")


def _rows(data: bytes, dim: int, wanted: int, path: Path, done: int) -> tuple[list[bytes], Floats, bytes]:
    """The whole rows at the head of `data`, at most `wanted`, and what is left."""
    size, place = 4 * dim, 0
    words: list[bytes] = []
    starts: list[int] = []
    while len(words) < wanted:
        begin = place + 1 if data[place : place + 1] == b"\n" else place
        space = data.find(b" ", begin, begin + LONGEST)
        if space < 0 and len(data) - begin >= LONGEST:
            raise FormatError(
                f"{path}: row {done + len(words) + 1:,}: no word of at most {LONGEST:,} bytes. Is it word2vec binary?"
            )
        if space < 0 or space + 1 + size > len(data):
            break
        words.append(data[begin:space])
        starts.append(space + 1)
        place = space + 1 + size
    rows = np.empty((len(words), dim), "<f4")
    target, source = memoryview(rows.data).cast("B") if words else memoryview(b""), memoryview(data)
    for i, start in enumerate(starts):
        target[i * size : (i + 1) * size] = source[start : start + size]
    return words, rows.astype(np.float32, copy=False), data[place:]
