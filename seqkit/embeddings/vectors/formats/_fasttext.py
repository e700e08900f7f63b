"""fastText's .bin: settings, dictionary, a matrix of words and buckets, an output matrix. All little-endian.

    int32 magic, version · int32 ×12 dim ws epoch minCount neg wordNgrams loss model bucket minn maxn
    lrUpdateRate, float64 t int32 size words labels · int64 tokens prune · size × (word NUL, int64 count, int8
    type) · bool quantised int64 m n, float32 m·n: words, then buckets · bool quantised · int64 m n, float32
    m·n: output

No number of the file is trusted: each is held against the bytes that are there before anything is read by it.
"""

import mmap
import struct
import warnings
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import FormatError
from seqkit.core.types import Array, Floats
from seqkit.embeddings.vectors.ngrams import NgramTable
from seqkit.text.readers.compressed import open_bytes
from seqkit.text.vocab import Vocab

MAGIC, VERSIONS = 793712314, (11, 12)
SUPERVISED = 3
LONGEST = 1 << 16  # bytes in a word
_ENTRY = 10  # bytes of the shortest word


def read(path: Path, *, errors: str = "strict", lenient: bool = False) -> tuple[Vocab, NgramTable]:
    """Read words and table of a file; the table of one that is not compressed is memory-mapped."""
    with open_bytes(path) as file:
        plain = Path(getattr(file, "name", "")) == path
        if plain and not path.stat().st_size:
            raise FormatError(f"{path}: is empty.")
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if plain else file.read()
    cursor = _Cursor(path, data)
    magic, version = cursor.numbers("<2i", "magic number and version")
    if magic != MAGIC or version not in VERSIONS:
        raise FormatError(
            f"{path}: begins with {magic} and version {version}, expected {MAGIC} and 11 or 12. Is it a "
            "fastText .bin?"
        )
    dim, _, _, _, _, _, _, model, buckets, minn, maxn, _, _ = cursor.numbers("<12id", "settings")
    if version == 11 and model == SUPERVISED:
        maxn = 0  # such old models were trained without
    for name, value, low, high in (
        ("dim", dim, 1, 1_000_000),
        ("bucket", buckets, 0, 2**31 - 1),
        ("minn", minn, 0, LONGEST),
        ("maxn", maxn, 0, LONGEST),
    ):
        if not low <= value <= high:
            raise FormatError(
                f"{path}: got {name} {value:,}, expected {low:,} to {high:,}. The file is damaged."
            )
    if maxn and not buckets:
        raise FormatError(
            f"{path}: n-grams of up to {maxn} characters and no bucket for them. The file is damaged."
        )
    vocab, kept = _dictionary(cursor, errors)
    cursor.plain_matrix()
    matrix = cursor.matrix("input", len(kept) + buckets, dim)
    if not kept.all():
        matrix = matrix[np.append(kept, np.ones(buckets, bool))]
    cursor.plain_matrix()
    cursor.matrix("output", None, dim)
    if cursor.place < len(data) and not lenient:
        raise FormatError(
            f"{path}: {len(data) - cursor.place:,} bytes follow the output matrix. Pass lenient=True to "
            "leave them out."
        )
    return vocab, NgramTable(matrix, min_n=minn, max_n=maxn, buckets=buckets)


def _dictionary(cursor: "_Cursor", errors: str) -> tuple[Vocab, Annotated[Array, "N"]]:
    """The words, and which entries they are: of those that stand twice the first is kept, as everywhere."""
    path = cursor.path
    size, words, labels, _, prune = cursor.numbers("<3i2q", "sizes of the dictionary")
    if words < 0 or labels < 0 or size != words + labels or size * _ENTRY > cursor.left:
        raise FormatError(
            f"{path}: byte {cursor.place:,}: a dictionary of {size:,} entries, {words:,} words and "
            f"{labels:,} labels, which "
            f"{cursor.left:,} bytes do not hold. The file is cut short or damaged."
        )
    if prune != -1:
        raise FormatError(
            f"{path}: is pruned (quantised with a cut-off), which is not read. Export it as .vec, or use "
            "the .bin."
        )
    tokens: dict[str, int] = {}
    kept = np.ones(words, bool)
    for i in range(size):
        start, text = cursor.place, cursor.text(i)
        count, kind = cursor.numbers("<qb", f"entry {i + 1:,} of the dictionary")
        if count < 0 or kind != (i >= words):
            raise FormatError(
                f"{path}: byte {start:,}: entry {i + 1:,} has count {count:,} and type {kind}. The file is "
                "damaged."
            )
        if i >= words:
            continue
        try:
            token = text.decode(errors=errors)
        except UnicodeDecodeError as error:
            raise FormatError(
                f"{path}: byte {start + error.start:,}: the word {text[:40]!r} is not valid UTF-8. "
                'Correct the file, or pass errors="replace".'
            ) from error
        if not token:
            raise FormatError(f"{path}: byte {start:,}: the word {token!r} is empty.")
        kept[i] = token not in tokens
        tokens.setdefault(token, count)
    if twice := np.flatnonzero(~kept).tolist():
        warnings.warn(f"{path}: {len(twice):,} duplicate words, the first kept.", stacklevel=5)
    return Vocab(list(tokens), np.array(list(tokens.values()), np.int64)), kept


class _Cursor:
    """A place in the bytes of a file that never goes beyond their end."""

    def __init__(self, path: Path, data: Any) -> None:  # Any: bytes or mmap, which share these methods
        self.path, self.data, self.place = path, data, 0

    @property
    def left(self) -> int:
        return len(self.data) - self.place

    def numbers(self, form: str, what: str) -> tuple[Any, ...]:
        self._need(struct.calcsize(form), what)
        found = struct.unpack_from(form, self.data, self.place)
        self.place += struct.calcsize(form)
        return found

    def text(self, number: int) -> bytes:
        end = self.data.find(b"\0", self.place, self.place + LONGEST)
        if end < 0:
            raise FormatError(
                f"{self.path}: byte {self.place:,}: word {number + 1:,} does not end within "
                f"{LONGEST:,} bytes."
            )
        found = bytes(self.data[self.place : end])
        self.place = end + 1
        return found

    def plain_matrix(self) -> None:
        (flag,) = self.numbers("<B", "the mark of a quantised matrix")
        if flag:
            raise FormatError(
                f"{self.path}: byte {self.place - 1:,}: is quantised (.ftz), which is not read. Use the "
                ".bin or .vec."
            )

    def matrix(self, name: str, rows: int | None, dim: int) -> Floats:
        m, n = self.numbers("<2q", f"the size of the {name} matrix")
        if m < 0 or n != dim or (rows is not None and m != rows):
            expected = f"{'any' if rows is None else f'{rows:,}'} rows of {dim:,}"
            raise FormatError(
                f"{self.path}: byte {self.place - 16:,}: an {name} matrix of {m:,} rows of {n:,}, expected "
                f"{expected}."
            )
        self._need(m * n * 4, f"an {name} matrix of {m:,} rows of {n:,}")
        start, self.place = self.place, self.place + m * n * 4
        return np.frombuffer(self.data, "<f4", m * n, start).reshape(m, n)

    def _need(self, size: int, what: str) -> None:
        if size > self.left:
            raise FormatError(
                f"{self.path}: byte {self.place:,}: {what} needs {size:,} bytes, {self.left:,} are left. "
                "The file is cut short."
            )
