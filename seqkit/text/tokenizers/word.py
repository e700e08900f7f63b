"""Words, numbers, marks and clitics, after the Penn Treebank and UD English EWT; needs no data files."""

from collections.abc import Iterable
from sys import intern

from seqkit.text.tokenizer import Tokenizer
from seqkit.text.tokenizers._spacing import joined
from seqkit.text.tokenizers._word_rules import CONTRACTIONS, cut

__all__ = ["Word"]

_MOST = 1 << 17  # chunks that are remembered, and as many that were before
_LONGEST, _MANY = 24, 4  # characters and tokens of one


class _Chunks(dict[str, tuple[str, ...]]):
    """The tokens of what stands between two white spaces, remembered: most of it comes again.

    When it is full, what was there stays for as long again; memory is bounded whatever the text.
    """

    def __init__(self) -> None:
        self.before: dict[str, tuple[str, ...]] = {}

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        tokens = self.before.get(chunk) or tuple(map(intern, cut(chunk)))
        if len(chunk) <= _LONGEST and len(tokens) <= _MANY:
            if len(self) >= _MOST:
                self.before = dict(self)
                self.clear()
            self[chunk] = tokens
        return tokens


_CHUNKS = _Chunks()


class Word(Tokenizer):
    """Full stops, marks and clitics are tokens: "isn't." gives is, n't and a full stop.

    A text is cut at white space, and each piece by itself, so its tokens do not depend on where a reader
    divides it. They are the text's own characters.
    """

    lossless, name, version = False, "word", 2

    def tokens(self, text: str) -> list[str]:
        """The words and marks of a text."""
        found: list[str] = []
        add, more = found.append, found.extend
        for chunk in text.split():
            if chunk.isalpha() and chunk.isascii() and chunk not in CONTRACTIONS:
                add(chunk)  # most of them
            else:
                more(_CHUNKS[chunk])
        return found

    def join(self, tokens: Iterable[str]) -> str:
        """Text with the usual spacing, as far as rules can tell."""
        return joined(tokens)
