"""Vectors of words from their n-grams of characters, as fastText has them: a word never seen has a vector too.

    v(w) = mean of the rows of w itself, if it is known, and of its n-grams          Bojanowski et al. 2017

n-grams are those of "<w>" with `minn` to `maxn` characters, "<" and ">" alone left out; n-gram g has the row
words + hash(g) mod buckets. Equal to fastText's to the last bit.
Not handled: training; pruned and quantised models (.ftz).
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np

from seqkit.core.errors import FormatError, OptionError, ShapeError, VocabularyError, did_you_mean
from seqkit.core.types import Array, Floats
from seqkit.text.vocab import Vocab

if TYPE_CHECKING:
    from seqkit.embeddings.vectors import Vectors

EOS = "</s>"  # has no n-grams
_BASIS, _PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF


def fnv1a(data: bytes) -> int:
    """32 bits for bytes, as fastText has them: FNV-1a, but each byte is a signed char.

    h = (h xor b) · 16777619 mod 2³², with the bits above a byte of 128 or more all set: another hash than FNV-1a outside ASCII.

    >>> hex(fnv1a(b"foobar"))
    '0xbf9cf968'
    """
    h = _BASIS
    for byte in data:
        h = ((h ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * _PRIME) & _MASK
    return h


def ngrams(word: str, minn: int, maxn: int) -> list[str]:
    """The n-grams of a word in fastText's order.

    >>> ngrams("go", 2, 3)
    ['<g', '<go', 'go', 'go>', 'o>']
    """
    text = f"<{word}>"
    last = len(text)
    return [
        text[i:j]
        for i in range(last)
        for j in range(i + max(minn, 1), min(i + maxn, last) + 1)
        if j - i > 1 or (i > 0 and j < last)
    ]


class SubwordVectors:
    """Word rows, then bucket rows.

    Shapes:  matrix (words + buckets, D) float32, may be memory-mapped. minn, maxn: characters in an n-gram; maxn 0: none.
    """

    def __init__(self, vocab: Vocab, matrix: Annotated[Floats, "N D"], *, minn: int, maxn: int, buckets: int) -> None:
        if matrix.ndim != 2 or len(matrix) != len(vocab) + buckets:
            raise ShapeError(
                f"SubwordVectors: a matrix of shape {matrix.shape} came for {len(vocab):,} words and {buckets:,} buckets, "
                "expected a row each."
            )
        if maxn and not buckets:
            raise ShapeError(f"SubwordVectors: n-grams of {minn} to {maxn} characters came with no bucket to put them in.")
        self.vocab, self.matrix, self.minn, self.maxn, self.buckets = vocab, matrix, minn, maxn, buckets

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self.matrix.shape[1])

    def __len__(self) -> int:
        return len(self.vocab)

    def __contains__(self, word: object) -> bool:
        return word in self.vocab

    def __repr__(self) -> str:
        return f"SubwordVectors({len(self):,} words, {self.buckets:,} buckets, {self.dim} numbers each)"

    def rows(self, word: str) -> Annotated[Array, "N"]:
        """The rows whose mean is the vector of a word: its own, if it is known, and those of its n-grams."""
        own = self.vocab.index.get(word)
        parts = [] if word == EOS or not self.maxn else ngrams(word, self.minn, self.maxn)
        hashed = [len(self.vocab) + fnv1a(part.encode("utf-8", "surrogatepass")) % self.buckets for part in parts]
        return np.array([*([] if own is None else [own]), *hashed], np.int64)

    def of(self, word: str) -> Annotated[Floats, "D"]:
        """The vector of any word that has an n-gram, known or not.

        Raises:  VocabularyError for an unknown word without n-grams; FormatError if a row of it is not finite.
        """
        rows = self.rows(word)
        if not len(rows):
            raise VocabularyError(
                f"{word!r} is not in the vocabulary ({len(self):,} tokens) and has no n-gram of {self.minn} to {self.maxn} "
                f"characters.{did_you_mean(word, self.vocab.tokens)}"
            )
        found = self.mean(rows)
        if not np.isfinite(found).all():
            raise FormatError(f"subword: the vector of {word!r} holds nan or inf. The file it came from is damaged.")
        return found

    def mean(self, rows: Annotated[Array, "N"]) -> Annotated[Floats, "D"]:
        """The mean of rows in float32, in fastText's order of operations."""
        found: Floats = self.matrix[rows].sum(0, dtype=np.float32) * np.float32(1 / len(rows))
        return found

    def vectors(self, limit: int | None = None) -> "Vectors":
        """Vectors of the known words (the first `limit`), as fastText prints them."""
        from seqkit.embeddings.vectors import Vectors

        tokens = self.vocab.tokens[:limit]
        matrix = np.empty((len(tokens), self.dim), np.float32)
        for i, word in enumerate(tokens):
            matrix[i] = self.of(word)
        return Vectors(Vocab(tokens, self.vocab.counts[:limit]), matrix)

    @staticmethod
    def load(path: str | os.PathLike[str], *, errors: str = "strict") -> "SubwordVectors":
        """Open fastText's .bin; the rows of a file that is not compressed are read when they are used.

        Raises:  FormatError, naming the byte, for a file that is missing, damaged, lying, pruned or quantised.
        """
        from seqkit.embeddings.formats._fasttext import read

        if errors not in ("strict", "replace"):
            raise OptionError(f"errors: {errors!r} came, allowed are strict and replace (U+FFFD for invalid UTF-8).")
        if not Path(path).is_file():
            raise FormatError(f"{path}: no such file.")
        return read(Path(path), errors=errors)
