"""The text format of fastText (.vec): word2vec's, as fastText names it. Its .bin: fasttext_binary."""

from pathlib import Path
from typing import ClassVar

from seqkit.embeddings.vectors.formats._layout import layout
from seqkit.embeddings.vectors.formats._text import Text

__all__ = ["FastText"]


class FastText(Text):
    """Reads and writes .vec files."""

    priority: ClassVar = 10

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether its name has .vec and its first lines are word2vec text."""
        return ".vec" in path.suffixes and layout(head, path) == "text"
