"""Words and punctuation by NLTK's Penn Treebank rules; needs no data files."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from seqkit.text.tokenizer import Tokenizer

__all__ = ["Word"]


class Word(Tokenizer):
    """Punctuation marks and clitics are tokens of their own: "isn't." gives is, n't and a full stop."""

    lossless, name = False, "word"

    @cached_property
    def _nltk(self) -> Any:
        from nltk.tokenize import NLTKWordTokenizer

        return NLTKWordTokenizer()

    def tokens(self, text: str) -> list[str]:
        """The words and marks of a text."""
        return list(self._nltk.tokenize(text))

    def join(self, tokens: Iterable[str]) -> str:
        """Text with the usual spacing, as far as rules can tell."""
        from nltk.tokenize import TreebankWordDetokenizer

        return str(TreebankWordDetokenizer().detokenize(list(tokens)))
