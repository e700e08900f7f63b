"""The text format of fastText (.vec): word2vec's, as fastText names it. Its .bin: fasttext_binary."""

from pathlib import Path

from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.formats._text import load_text, save_text
from seqkit.embeddings.vectors.formats.word2vec import Word2VecText
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["FastText"]


class FastText:
    """Reads and writes .vec files."""

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether it is called .vec and reads like word2vec text."""
        return ".vec" in path.suffixes and Word2VecText.matches(head, path)

    @staticmethod
    def load(path: Path, reading: Reading) -> Vectors:
        """Read a file."""
        return load_text(path, reading, with_header=True)

    @staticmethod
    def save(vectors: Vectors, path: Path, *, space_as: str | None = None) -> None:
        """Write a file."""
        save_text(vectors, path, with_header=True, space_as=space_as)
