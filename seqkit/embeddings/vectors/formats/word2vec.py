"""The text format of word2vec: a header "rows numbers", then a line a word. Also fastText's .vec."""

from pathlib import Path
from typing import ClassVar

from seqkit.embeddings.vectors.formats._layout import layout
from seqkit.embeddings.vectors.formats._text import Text

__all__ = ["Word2VecText"]


class Word2VecText(Text):
    """Reads and writes word2vec text, plain or compressed."""

    priority: ClassVar = 40

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether the first line is a header and the second one is text."""
        return layout(head, path) == "text"
