"""The text format of word2vec: a header "rows numbers", then a line a word. Also fastText's .vec."""

from pathlib import Path

from seqkit.embeddings.vectors.files import Reading, header
from seqkit.embeddings.vectors.formats._text import load_text, save_text
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["Word2VecText"]


class Word2VecText:
    """Reads and writes word2vec text, plain or compressed."""

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether the first line is a header and the second one text."""
        first, _, second = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
        word, _, numbers = second.partition(b"\n")[0].strip().partition(b" ")
        texty = not set(numbers[:200]) - set(b"+-0123456789.eEnaifINFA \r")
        return header(first, path) is not None and texty and bool(word)

    @staticmethod
    def load(path: Path, reading: Reading) -> Vectors:
        """Read a file."""
        return load_text(path, reading, with_header=True)

    @staticmethod
    def save(vectors: Vectors, path: Path, *, space_as: str | None = None) -> None:
        """Write a file."""
        save_text(vectors, path, with_header=True, space_as=space_as)
