"""Words between white space (ASCII space, tab, newline and the like)."""

from collections.abc import Iterable

from seqkit.text.tokenizer import Tokenizer

__all__ = ["Whitespace"]


class Whitespace(Tokenizer):
    """Cuts at ASCII white space alone: a no-break space or U+2028 stays inside its word."""

    lossless, name = False, "whitespace"

    def tokens(self, text: str) -> list[str]:
        """The words of a text."""
        if not text.isascii() or "\x1c" in text or "\x1d" in text or "\x1e" in text or "\x1f" in text:
            return [
                word.decode() for word in text.encode().split()
            ]  # bytes are split at ASCII white space alone, str more often
        return text.split()

    def join(self, tokens: Iterable[str]) -> str:
        """Words with a space between them."""
        return " ".join(tokens)
