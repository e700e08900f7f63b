"""Every character (code point) is a token, spaces and line ends too."""

from collections.abc import Iterable

from seqkit.text.tokenizer import Tokenizer

__all__ = ["Character"]


class Character(Tokenizer):
    """Cuts at every code point; nothing is lost."""

    lossless, name = True, "character"

    def tokens(self, text: str) -> list[str]:
        """The characters of a text."""
        return list(text)

    def join(self, tokens: Iterable[str]) -> str:
        """The characters in a row."""
        return "".join(tokens)
