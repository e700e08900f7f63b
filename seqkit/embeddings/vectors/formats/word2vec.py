"""The text format of word2vec: a header "rows numbers", then a line a word. Also fastText's .vec."""

from pathlib import Path
from typing import ClassVar

from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.formats._text import has_header_and_text, load_text, save_text

__all__ = ["Word2VecText"]


class Word2VecText:
    """Reads and writes word2vec text, plain or compressed."""

    priority: ClassVar = 40

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether the first line is a header and the second one is text."""
        return has_header_and_text(head, path)

    @staticmethod
    def load(path: Path, reading: Reading) -> Contents:
        """Read a file."""
        return load_text(path, reading, with_header=True)

    @staticmethod
    def save(contents: Contents, path: Path, *, space_as: str | None = None) -> None:
        """Write a file."""
        save_text(contents, path, with_header=True, space_as=space_as)
