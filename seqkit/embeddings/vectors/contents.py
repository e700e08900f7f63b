"""What a file of vectors holds, as plain parts: formats read and write these and know no class of vectors.

Not handled: n-grams (subword.SubwordContents).
"""

from dataclasses import dataclass
from typing import Annotated

from seqkit.core.errors import ShapeError
from seqkit.core.types import Floats
from seqkit.text.vocab import Vocab


@dataclass(frozen=True)
class Contents:
    """Words and one row of numbers for each.

    Raises:  ShapeError if there are not as many rows as words.
    """

    vocab: Vocab
    matrix: Annotated[Floats, "V D"]

    def __post_init__(self) -> None:
        if self.matrix.ndim != 2 or len(self.matrix) != len(self.vocab):
            raise ShapeError(
                f"Vectors: got a matrix of shape {self.matrix.shape} for {len(self.vocab):,} words, expected "
                "one row for each word."
            )

    def first(self, rows: int) -> "Contents":
        """The first so many words."""
        return Contents(Vocab(self.vocab.tokens[:rows], self.vocab.counts[:rows]), self.matrix[:rows])
