"""What the text formats share: lines of a word and its numbers, read in blocks, written exactly.

Fields stand apart by spaces or tabs, one or more. The last numbers of a line, as many as the header or the
first line says, are the vector; what stands before them is the word, which may hold spaces and, where there
is a header, end in numbers.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.files import write_atomic
from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.formats._rows import Collector, header, words_to_write
from seqkit.kernels.parse_floats import reference
from seqkit.text.readers.compressed import open_bytes

BLOCK = 16 << 20
COMPILE_FROM = 4 << 20  # bytes below which compiling does not pay
_SPACES = re.compile(rb"[ \t]+")
_NUMBER_AT_END = re.compile(rb" %s\Z" % reference.NUMBER.pattern)


class Text:
    """What the members share; each says whether its files begin with a header, its priority and its match."""

    with_header: ClassVar[bool] = True

    @classmethod
    def load(cls, path: Path, reading: Reading) -> Contents:
        """Read a file."""
        return load_text(path, reading, with_header=cls.with_header)

    @classmethod
    def save(cls, contents: Contents, path: Path, *, space_as: str | None = None) -> None:
        """Write a file."""
        save_text(contents, path, with_header=cls.with_header, space_as=space_as)


def load_text(path: Path, reading: Reading, *, with_header: bool) -> Contents:
    """Read the lines of a file, after its header if it has one."""
    with open_bytes(path) as file:
        first = _first_line(file, path)
        size = header(first, path)
        if with_header and size is None:
            raise FormatError(
                f"{path}: line 1 is {first[:60]!r}, expected a header of two numbers. Without one it is the "
                "glove format."
            )
        rest = b"" if with_header else first
        rows, dim = size if with_header and size else (None, len(_SPACES.split(first.strip())) - 1)
        if dim == 0:
            raise FormatError(f"{path}: line 1 holds no numbers.")
        wanted = rows if reading.limit is None else min(reading.limit, rows or reading.limit)
        collector, count = Collector(path, reading), 0
        for words, numbers, first_line in _blocks(
            file, rest, path, dim, 2 if with_header else 1, wanted, reading
        ):
            take = len(words) if reading.limit is None else min(len(words), reading.limit - count)
            count += take
            collector.add(words[:take], numbers[:take], "line", first_line)
    if rows is not None and count != wanted and not reading.lenient:
        raise FormatError(
            f"{path}: the header says {rows:,} rows, the file has {count:,}. Get it again, or pass "
            "lenient=True."
        )
    return collector.contents(dim)


def _first_line(file: IO[bytes], path: Path) -> bytes:
    line = file.readline(1 << 24)
    if line.startswith(b"\xef\xbb\xbf"):
        line = line[3:]
    if not line.endswith(b"\n") and len(line) == 1 << 24:
        raise FormatError(f"{path}: line 1 is longer than {1 << 24:,} bytes. Is it a text file?")
    if not line.strip():
        raise FormatError(f"{path}: line 1 is empty.")
    return line


def _blocks(
    file: IO[bytes], rest: bytes, path: Path, dim: int, line: int, wanted: int | None, reading: Reading
) -> Iterator[tuple[list[bytes], Any, int]]:
    """Words, rows and first line number of each block; stops once more than `wanted` rows are read."""
    left, sized = wanted, line == 2
    parse: Any = reference.parse_rows
    while block := file.read(BLOCK):
        data = rest + block
        if len(data) >= COMPILE_FROM:
            from seqkit.kernels.parse_floats.cpu import parse_rows as parse
        cut = data.rfind(b"\n") + 1
        if cut == 0 and len(data) > 4 * BLOCK:
            raise FormatError(f"{path}: line {line:,} is longer than {4 * BLOCK:,} bytes. Is it a text file?")
        data, rest = data[:cut], data[cut:]
        if data:
            words, numbers = _parse(data, path, dim, line, parse, reading, sized)
            yield words, numbers, line
            line += len(words)
            if left is not None and (left := left - len(words)) < 0:
                return
    if rest:
        words, numbers = _parse(rest.removesuffix(b"\n") + b"\n", path, dim, line, parse, reading, sized)
        if not rest.endswith(b"\n") and not reading.lenient:
            raise FormatError(
                f"{path}: line {line:,} has no line end, so its last number may be cut. Get the file again, "
                "add a line end, or pass lenient=True."
            )
        yield words, numbers, line


def _parse(
    data: bytes, path: Path, dim: int, line: int, parse: Any, reading: Reading, sized: bool
) -> tuple[list[bytes], Any]:
    """Words and rows of lines.  sized: a header says how many numbers there are: words may end in others."""
    if b"\t" in data or b"  " in data:
        data = b"\n".join(_spaced(text, dim) for text in data.split(b"\n"))
    buffer = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(buffer == ord("\n"))
    starts = np.append(0, ends[:-1] + 1)
    ends = ends - ((ends > starts) & (buffer[ends - 1] == ord("\r")))
    rows = np.empty((len(starts), dim), np.float32)
    word_ends, status = parse(buffer, starts, ends, rows)
    for i in np.flatnonzero(status).tolist() if reading.drop_nonfinite else ():
        word, *fields = data[starts[i] : ends[i]].rstrip(b" ").rsplit(b" ", dim)
        if len(fields) == dim and all(reference.NUMBER.fullmatch(f) or _is_odd(f) for f in fields):
            word_ends[i], rows[i], status[i] = starts[i] + len(word), np.nan, reference.OK
    if status.any():
        bad = int(np.argmax(status > 0))
        text = data[starts[bad] : ends[bad]]
        raise FormatError(f"{path}: line {line + bad:,} {_what_is_wrong(text, dim)}")
    words = [data[start:end] for start, end in zip(starts.tolist(), word_ends.tolist(), strict=True)]
    wide = [i for i, word in enumerate(words) if b" " in word and _NUMBER_AT_END.search(word)]
    if wide and (not sized or len(wide) == len(words)):  # it is the number of numbers that is wrong
        raise FormatError(
            f"{path}: line {line + wide[0]:,} {_what_is_wrong(data[starts[wide[0]] : ends[wide[0]]], dim)}"
        )
    return words, rows


def _spaced(text: bytes, dim: int) -> bytes:
    """A line with one space between its fields."""
    if b"\t" not in text and b"  " not in text:
        return text
    return b" ".join(text.rsplit(None, dim))


def _is_odd(field: bytes) -> bool:
    return field.lower().lstrip(b"+-") in (b"nan", b"inf", b"infinity")


def _what_is_wrong(text: bytes, dim: int) -> str:
    fields = text.strip(b" ").split(b" ")
    numbers = [field for field in fields[1:] if reference.NUMBER.fullmatch(field)]
    if len(numbers) == len(fields) - 1:
        return f"has {len(numbers):,} numbers, expected {dim:,}. The file may be cut short; check its size."
    junk = next(field for field in reversed(fields[1:]) if not reference.NUMBER.fullmatch(field))
    if _is_odd(junk):
        return (
            f"holds {junk.decode()}, which is not a finite number. Correct the file, or pass "
            "drop_nonfinite=True."
        )
    comma = reference.NUMBER.fullmatch(junk.replace(b",", b"."))
    binary = 'If the file is binary, use format="word2vec-binary".'
    way_out = "Write its numbers with decimal points." if comma else binary
    return f"holds {junk[:40]!r} where a number is expected. {way_out}"


def save_text(contents: Contents, path: Path, *, with_header: bool, space_as: str | None = None) -> None:
    """Write the lines: each number in the fewest digits that give the same float32 back."""
    words = words_to_write(contents, space_as)
    if not with_header and words and words[0].startswith("\ufeff"):
        raise FormatError(
            f"save: the first word {words[0]!r} begins with a byte-order mark, which would be lost. "
            'Save as "native", or as "word2vec".'
        )
    with write_atomic(path) as file:
        if with_header:
            file.write(f"{len(words)} {contents.matrix.shape[1]}\n".encode())
        for word, row in zip(words, contents.matrix, strict=True):
            numbers = " ".join([str(number) for number in row])  # str of a float32: shortest that round-trips
            file.write(f"{word} {numbers}\n".encode())
