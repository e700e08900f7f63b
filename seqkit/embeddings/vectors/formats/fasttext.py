"""The text format of fastText (.vec): word2vec's, as fastText names it. Its .bin: fasttext_binary."""

from pathlib import Path
from typing import ClassVar

from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.formats._text import has_header_and_text, load_text, save_text

__all__ = ["FastText"]


class FastText:
    """Reads and writes .vec files."""

    priority: ClassVar = 10

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether its name has .vec and its first lines are word2vec text."""
        return ".vec" in path.suffixes and has_header_and_text(head, path)

    @staticmethod
    def load(path: Path, reading: Reading) -> Contents:
        """Read a file."""
        return load_text(path, reading, with_header=True)

    @staticmethod
    def save(contents: Contents, path: Path, *, space_as: str | None = None) -> None:
        """Write a file."""
        save_text(contents, path, with_header=True, space_as=space_as)
