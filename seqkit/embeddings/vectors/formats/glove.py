"""The text format of GloVe: a line a word, no header; words may hold spaces."""

from pathlib import Path
from typing import ClassVar

from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.formats._rows import header
from seqkit.embeddings.vectors.formats._text import load_text, save_text
from seqkit.kernels.parse_floats.reference import NUMBER

__all__ = ["GloVeText"]


class GloVeText:
    """Reads and writes GloVe text, plain or compressed."""

    priority: ClassVar = 30

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether the first line is a word and numbers, but not a header."""
        first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
        fields = first.strip(b"\r ").split(b" ")
        return (
            header(first, path) is None and len(fields) > 1 and NUMBER.fullmatch(fields[-1][:64]) is not None
        )

    @staticmethod
    def load(path: Path, reading: Reading) -> Contents:
        """Read a file."""
        return load_text(path, reading, with_header=False)

    @staticmethod
    def save(contents: Contents, path: Path, *, space_as: str | None = None) -> None:
        """Write a file."""
        save_text(contents, path, with_header=False, space_as=space_as)
