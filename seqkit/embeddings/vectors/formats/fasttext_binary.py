"""The binary format of fastText (.bin): words and, where it has them, n-grams, so that unseen words have
vectors.

Not handled: an output layer; the file written has zeros there.
"""

import struct
from pathlib import Path

from seqkit.core.errors import FormatError
from seqkit.core.files import write_atomic
from seqkit.embeddings.vectors.files import Collector, Reading, check_words
from seqkit.embeddings.vectors.formats._fasttext import MAGIC, read
from seqkit.embeddings.vectors.subword import SubwordVectors
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

__all__ = ["FastTextBinary"]

BLOCK = 4096  # rows


class FastTextBinary:
    """Reads and writes .bin files; reads compressed ones too."""

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether it begins with fastText's magic number."""
        return head.startswith(struct.pack("<i", MAGIC))

    @staticmethod
    def load(path: Path, reading: Reading) -> Vectors:
        """Read the vectors of the known words, each the mean of its rows; with n-grams, if all its words
        are.
        """
        model = read(path, errors=reading.errors, lenient=reading.lenient)
        words = model.vectors(reading.limit)
        collector = Collector(path, reading)
        for start in range(0, len(words), BLOCK):
            some = words.vocab.tokens[start : start + BLOCK]
            collector.add(
                [word.encode() for word in some], words.matrix[start : start + BLOCK], "word", start + 1
            )
        found = collector.vectors(model.dim)
        if model.max_n and len(found) == len(model):
            ngrams = {"min_n": model.min_n, "max_n": model.max_n, "buckets": model.buckets}
            return SubwordVectors(model.vocab, model.table, matrix=found.matrix, **ngrams)
        index = model.vocab.index
        return Vectors(
            Vocab(found.vocab.tokens, model.vocab.counts[[index[word] for word in found.vocab.tokens]]),
            found.matrix,
        )

    @staticmethod
    def save(vectors: Vectors, path: Path, *, space_as: str | None = None) -> None:
        """Write a file that fastText opens: words, counts, and the n-grams of SubwordVectors.

        Raises:  FormatError if another character for spaces would change a word's n-grams.
        """
        words, dim = check_words(vectors, space_as), vectors.dim
        table, buckets, min_n, max_n = vectors.matrix, 0, 0, 0
        if isinstance(vectors, SubwordVectors):
            table, buckets, min_n, max_n = vectors.table, vectors.buckets, vectors.min_n, vectors.max_n
            if words != vectors.vocab.tokens:
                raise FormatError(
                    f"save: with {space_as!r} for spaces a word has other n-grams. Save vectors() of them."
                )
        with write_atomic(path) as file:
            file.write(
                struct.pack("<2i12id", MAGIC, 12, dim, 5, 5, 1, 5, 1, 2, 2, buckets, min_n, max_n, 100, 1e-4)
            )
            file.write(struct.pack("<3i2q", len(words), len(words), 0, int(vectors.vocab.counts.sum()), -1))
            for word, count in zip(words, vectors.vocab.counts.tolist(), strict=True):
                file.write(word.encode() + struct.pack("<xqb", count, 0))
            file.write(struct.pack("<?2q", False, len(table), dim))
            for start in range(0, len(table), BLOCK):
                file.write(table[start : start + BLOCK].astype("<f4").tobytes())
            file.write(struct.pack("<?2q", False, len(words), dim))
            for start in range(0, len(words), BLOCK):
                file.write(bytes(4 * dim * min(BLOCK, len(words) - start)))
