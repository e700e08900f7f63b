"""A word's n-grams of characters, the buckets they are hashed into, the table of their rows: as in fastText.

n-grams are those of "<w>" with `min_n` to `max_n` characters, "<" and ">" alone left out. Equal to fastText's
to the last bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from seqkit.core.errors import ShapeError
from seqkit.core.files import check_numbers
from seqkit.core.types import Array, Floats

EOS = "</s>"  # has no n-grams
_BASIS, _PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF
_WORDS = 1 << 15  # words at once
_COMPOSED = 4096  # words whose vectors are composed at once


@dataclass(frozen=True)
class NgramTable:
    """The rows whose means are the vectors of words: one for each known word, then one for each bucket.

    Shapes:  table (words + buckets, D) float32, may be memory-mapped. max_n 0: no n-grams.
    Raises:  ShapeError if there are n-grams and no buckets.
    """

    table: Annotated[Floats, "N D"]
    min_n: int
    max_n: int
    buckets: int

    def __post_init__(self) -> None:
        if self.max_n and self.buckets < 1:
            raise ShapeError(
                f"SubwordVectors: got n-grams of {self.min_n} to {self.max_n} characters and no bucket, "
                "expected at least 1."
            )

    def check(self, words: int) -> None:
        """Raise ShapeError if there is not a row for each of so many words and for each bucket."""
        if self.table.ndim != 2 or len(self.table) != words + self.buckets:
            raise ShapeError(
                f"SubwordVectors: got a table of shape {self.table.shape} for {words:,} words and "
                f"{self.buckets:,} buckets, expected one row for each."
            )

    def compose(self, words: Sequence[str]) -> Annotated[Floats, "W D"]:
        """The vectors of the first known words, which are `words`."""
        check_numbers("table", self.table)
        first = len(self.table) - self.buckets
        matrix = np.empty((len(words), self.table.shape[1]), np.float32)
        for start in range(0, len(words), _COMPOSED):
            some = words[start : start + _COMPOSED]
            own = np.arange(start, start + len(some))
            rows = word_rows(some, own, first, self.min_n, self.max_n, self.buckets)
            matrix[own] = mean_rows(self.table, *rows)
        return matrix


def fnv1a(data: bytes) -> int:
    """32 bits for bytes, as fastText has them: FNV-1a, but each byte is a signed char.

    h = (h xor b) · 16777619 mod 2³², with the bits above a byte of 128 or more all set: another hash than
    FNV-1a outside ASCII.

    >>> hex(fnv1a(b"foobar"))
    '0xbf9cf968'
    """
    h = _BASIS
    for byte in data:
        h = ((h ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * _PRIME) & _MASK
    return h


def ngrams(word: str, min_n: int, max_n: int) -> list[str]:
    """The n-grams of a word in fastText's order.

    >>> ngrams("go", 2, 3)
    ['<g', '<go', 'go', 'go>', 'o>']
    """
    text = f"<{word}>"
    last = len(text)
    return [
        text[i:j]
        for i in range(last)
        for j in range(i + max(min_n, 1), min(i + max_n, last) + 1)
        if j - i > 1 or (i > 0 and j < last)
    ]


def buckets_of(word: str, min_n: int, max_n: int, buckets: int) -> list[int]:
    """The bucket of each n-gram of a word: its hash mod `buckets`."""
    if word == EOS or not max_n:
        return []
    return [fnv1a(part.encode("utf-8", "surrogatepass")) % buckets for part in ngrams(word, min_n, max_n)]


def word_buckets(
    words: Sequence[str], min_n: int, max_n: int, buckets: int
) -> tuple[Annotated[Array, "P"], Annotated[Array, "E"]]:
    """`buckets_of` many words at once: those of word i are found[ends[i] : ends[i + 1]].

    Returns:  found (P,) int32, ends (W + 1,) int64.

    >>> word_buckets(["go", "</s>"], 2, 3, 100)[0].tolist() == buckets_of("go", 2, 3, 100)
    True
    """
    parts, numbers = [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
    for start in range(0, len(words) if max_n else 0, _WORDS):
        found, number = _block(words[start : start + _WORDS], min_n, max_n, buckets)
        parts.append(found)
        numbers.append(number)
    if not max_n:
        numbers.append(np.zeros(len(words), np.int64))
    return np.concatenate(parts), np.cumsum(np.concatenate(numbers))


def word_rows(
    words: Sequence[str], own: Annotated[Array, "W"], first: int, min_n: int, max_n: int, buckets: int
) -> tuple[Annotated[Array, "P"], Annotated[Array, "E"]]:
    """The rows of each word: own[i], then first + bucket of each n-gram; ends as in `word_buckets`."""
    found, ends = word_buckets(words, min_n, max_n, buckets)
    return np.insert(found.astype(np.int64) + first, ends[:-1], own), ends + np.arange(len(ends))


def mean_rows(
    table: Annotated[Floats, "N D"], rows: Annotated[Array, "P"], ends: Annotated[Array, "E"]
) -> Annotated[Floats, "W D"]:
    """The mean of table[rows[ends[i] : ends[i + 1]]] for each word i, in float32 and in fastText's order."""
    counts = np.diff(ends)
    falling = np.argsort(-counts, kind="stable")
    total = np.zeros((len(counts), table.shape[1]), np.float32)
    for n in range(int(counts.max(initial=0))):
        words = falling[: np.count_nonzero(counts > n)]
        total[words] += table[rows[ends[words] + n]]
    total *= (1 / counts).astype(np.float32)[:, None]
    return total


def _block(words: Sequence[str], min_n: int, max_n: int, buckets: int) -> tuple[Array, Array]:
    """Buckets, and how many each word has. All places of all words take one character more at a time."""
    texts = ["" if word == EOS else f"<{word}>" for word in words]
    lengths = np.array([len(text) for text in texts], np.int64)
    longest = int(min(max_n, lengths.max(initial=0)))
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    word = np.repeat(np.arange(len(texts)), lengths)
    left = np.cumsum(lengths)[word] - np.arange(len(codes))  # characters from here to the word's end
    first = left == lengths[word]
    padded = np.concatenate([codes, np.zeros(longest, np.uint32)])
    size = 1 + (padded >= 0x80).astype(np.uint32) + (padded >= 0x800) + (padded >= 0x10000)
    hashes = np.full(len(codes), _BASIS, np.uint32)
    found = np.zeros((len(codes), longest), np.int32)
    live = np.zeros((len(codes), longest), bool)
    for n in range(1, longest + 1):
        here, sizes = padded[n - 1 : n - 1 + len(codes)], size[n - 1 : n - 1 + len(codes)]
        for k in range(int(sizes.max(initial=0))):
            hashes = np.where(sizes > k, (hashes ^ _byte(here, sizes, k)) * np.uint32(_PRIME), hashes)
        found[:, n - 1] = hashes % np.uint32(buckets)
        if n >= min_n:
            live[:, n - 1] = left >= n if n > 1 else ~first & (left > 1)
    return found[live], np.bincount(word, live.sum(1), len(texts)).astype(np.int64)


def _byte(codes: Array, sizes: Array, k: int) -> Array:
    """Byte k of the UTF-8 of characters of `sizes` bytes, as a signed char; any number if there is none."""
    low = codes >> (6 * np.maximum(sizes - 1, k) - 6 * np.uint32(k))
    lead = np.array([0, 0, 0xC0, 0xE0, 0xF0], np.uint32)[sizes] | low
    many = (lead if k == 0 else 0x80 | (low & 0x3F)) | np.uint32(0xFFFFFF00)
    return np.where(sizes == 1, codes, many).astype(np.uint32)
