"""Runs of letters are tokens, all else is left out. File: seqkit/text/tokenizers/letters.py."""

import re
from collections.abc import Iterable

from seqkit.text.tokenizer import Tokenizer

__all__ = ["Letters"]

_LETTERS = re.compile(r"[^\W\d_]+")


class Letters(Tokenizer):
    """Cuts out the runs of letters: "in 1984, it's" gives in, it and s."""

    lossless, name = False, "letters"

    def tokens(self, text: str) -> list[str]:
        """The runs of letters of a text."""
        return _LETTERS.findall(text)

    def join(self, tokens: Iterable[str]) -> str:
        """Tokens with a space between them."""
        return " ".join(tokens)
