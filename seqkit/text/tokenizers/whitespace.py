"""Words between white space (ASCII space, tab, newline and the like)."""

from collections.abc import Iterable

from seqkit.text.tokenizer import Tokenizer

__all__ = ["Whitespace"]

_ODD = "\x1c\x1d\x1e\x1f"  # str.split cuts here, bytes.split does not


class Whitespace(Tokenizer):
    """Cuts at ASCII white space alone: a no-break space or U+2028 stays inside its word."""

    lossless, name = False, "whitespace"

    def tokens(self, text: str) -> list[str]:
        """The words of a text."""
        if text.isascii() and not any(mark in text for mark in _ODD):
            return text.split()
        return [word.decode() for word in text.encode().split()]  # bytes are split at ASCII white space alone

    def join(self, tokens: Iterable[str]) -> str:
        """Words with a space between them."""
        return " ".join(tokens)
