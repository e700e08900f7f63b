"""The binary format of fastText (.bin): words, and n-grams, so that unseen words have vectors too.

Not handled: an output layer; the file written has zeros there.
"""

import struct
from pathlib import Path
from typing import ClassVar

from seqkit.core.errors import FormatError
from seqkit.core.files import write_atomic
from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.formats._fasttext import MAGIC, read
from seqkit.embeddings.vectors.formats._rows import Collector, words_to_write
from seqkit.embeddings.vectors.ngrams import NgramTable
from seqkit.embeddings.vectors.subword import SubwordContents
from seqkit.text.vocab import Vocab

__all__ = ["FastTextBinary"]

BLOCK = 4096  # rows


class FastTextBinary:
    """Reads and writes .bin files; reads compressed ones too."""

    priority: ClassVar = 20

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether it begins with fastText's magic number."""
        return head.startswith(struct.pack("<i", MAGIC))

    @staticmethod
    def load(path: Path, reading: Reading) -> Contents:
        """Read the vectors of the known words, and the n-grams if all words are read."""
        vocab, ngrams = read(path, errors=reading.errors, lenient=reading.lenient)
        words = vocab.tokens[: reading.limit]
        matrix, collector = ngrams.compose(words), Collector(path, reading)
        for start in range(0, len(words), BLOCK):
            some = [word.encode() for word in words[start : start + BLOCK]]
            collector.add(some, matrix[start : start + BLOCK], "word", start + 1)
        found = collector.contents(matrix.shape[1])
        if ngrams.max_n and len(found.vocab) == len(vocab):
            return SubwordContents(vocab, found.matrix, ngrams)
        counts = vocab.counts[[vocab.index[word] for word in found.vocab.tokens]]
        return Contents(Vocab(found.vocab.tokens, counts), found.matrix)

    @staticmethod
    def save(contents: Contents, path: Path, *, space_as: str | None = None) -> None:
        """Write a file that fastText opens: words, counts, and n-grams if there are any.

        Raises:  FormatError if another character for spaces would change a word's n-grams.
        """
        words, counts = words_to_write(contents, space_as), contents.vocab.counts
        ngrams = NgramTable(contents.matrix, 0, 0, 0)
        if isinstance(contents, SubwordContents):
            ngrams = contents.ngrams
            if words != contents.vocab.tokens:
                raise FormatError(
                    f"save: with {space_as!r} for spaces a word has other n-grams. Save vectors() of them."
                )
        table, dim = ngrams.table, contents.matrix.shape[1]
        with write_atomic(path) as file:
            settings = (dim, 5, 5, 1, 5, 1, 2, 2, ngrams.buckets, ngrams.min_n, ngrams.max_n, 100, 1e-4)
            file.write(struct.pack("<2i12id", MAGIC, 12, *settings))
            file.write(struct.pack("<3i2q", len(words), len(words), 0, int(counts.sum()), -1))
            for word, count in zip(words, counts.tolist(), strict=True):
                file.write(word.encode() + struct.pack("<xqb", count, 0))
            file.write(struct.pack("<?2q", False, len(table), dim))
            for start in range(0, len(table), BLOCK):
                file.write(table[start : start + BLOCK].astype("<f4").tobytes())
            file.write(struct.pack("<?2q", False, len(words), dim))
            for start in range(0, len(words), BLOCK):
                file.write(bytes(4 * dim * min(BLOCK, len(words) - start)))
