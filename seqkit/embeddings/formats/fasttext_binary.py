"""The binary format of fastText (.bin). As Vectors: its known words; for unseen ones open it as SubwordVectors.

Not handled: writing n-grams or an output layer; the file written has words only, and zeros for an output.
"""

import struct
from pathlib import Path

import numpy as np

from seqkit.core.files import write_atomic
from seqkit.embeddings.files import Collector, Reading, check_words
from seqkit.embeddings.formats._fasttext import MAGIC, read
from seqkit.embeddings.vectors import Vectors
from seqkit.text.vocab import Vocab

__all__ = ["FastTextBinary"]

BLOCK = 4096  # rows


class FastTextBinary:
    """Reads .bin files, plain or compressed; writes vectors as one without n-grams."""

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether it begins with fastText's magic number."""
        return head.startswith(struct.pack("<i", MAGIC))

    @staticmethod
    def load(path: Path, reading: Reading) -> Vectors:
        """Read the vectors of the known words, each the mean of its rows."""
        model = read(path, errors=reading.errors, lenient=reading.lenient)
        tokens = model.vocab.tokens[: reading.limit]
        collector = Collector(path, reading)
        for start in range(0, len(tokens), BLOCK):
            some = tokens[start : start + BLOCK]
            rows = np.stack([model.mean(model.rows(word)) for word in some])
            collector.add([word.encode() for word in some], rows, "word", start + 1)
        found = collector.vectors(model.dim)
        index = model.vocab.index
        return Vectors(Vocab(found.vocab.tokens, model.vocab.counts[[index[word] for word in found.vocab.tokens]]), found.matrix)

    @staticmethod
    def save(vectors: Vectors, path: Path, *, space_as: str | None = None) -> None:
        """Write a file that fastText opens: words and counts, no n-grams."""
        words, dim = check_words(vectors, space_as), vectors.dim
        with write_atomic(path) as file:
            file.write(struct.pack("<2i12id", MAGIC, 12, dim, 5, 5, 1, 5, 1, 2, 2, 0, 0, 0, 100, 1e-4))
            file.write(struct.pack("<3i2q", len(words), len(words), 0, int(vectors.vocab.counts.sum()), -1))
            for word, count in zip(words, vectors.vocab.counts.tolist(), strict=True):
                file.write(word.encode() + struct.pack("<xqb", count, 0))
            size = struct.pack("<?2q", False, len(words), dim)
            file.write(size)
            for start in range(0, len(words), BLOCK):
                file.write(vectors.matrix[start : start + BLOCK].astype("<f4").tobytes())
            file.write(size)
            for start in range(0, len(words), BLOCK):
                file.write(bytes(4 * dim * min(BLOCK, len(words) - start)))
