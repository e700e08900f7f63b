"""The text format of GloVe: a line a word, no header; words may hold spaces."""

from pathlib import Path
from typing import ClassVar

from seqkit.embeddings.vectors.formats._rows import header
from seqkit.embeddings.vectors.formats._text import Text
from seqkit.kernels.parse_floats.reference import NUMBER

__all__ = ["GloVeText"]


class GloVeText(Text):
    """Reads and writes GloVe text, plain or compressed."""

    with_header: ClassVar = False
    priority: ClassVar = 30

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether the first line is a word and numbers, but not a header."""
        first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
        fields = first.split()
        return (
            header(first, path) is None and len(fields) > 1 and NUMBER.fullmatch(fields[-1][:64]) is not None
        )
