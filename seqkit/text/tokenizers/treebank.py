"""Words and punctuation by NLTK's Penn Treebank rules, which take a text for one sentence.

The rule of the word tokenizer of seqkit 0.1, for what was made with it: only a text's last full stop is a
token, and straight double quotes become `` and ''.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from seqkit.text.tokenizer import Spans, Tokenizer

__all__ = ["Treebank"]

_QUOTES = ('"', "''", "``")


class Treebank(Tokenizer):
    """Punctuation marks and clitics are tokens of their own: "isn't." gives is, n't and a full stop."""

    lossless, name = False, "treebank"

    @cached_property
    def _nltk(self) -> Any:
        from nltk.tokenize import NLTKWordTokenizer

        return NLTKWordTokenizer()

    def tokens(self, text: str) -> list[str]:
        """The words and marks of a text."""
        return list(self._nltk.tokenize(text))

    def spans(self, text: str) -> Spans:
        """Where each token stands; a double quote stands in the text as it was written."""
        found, at = [], 0
        for token in self.tokens(text):
            while text[at].isspace():
                at += 1
            written = next(each for each in (token, *_QUOTES) if text.startswith(each, at))
            found.append((at, at + len(written)))
            at += len(written)
        return found

    def join(self, tokens: Iterable[str]) -> str:
        """Text with the usual spacing, as far as rules can tell."""
        from nltk.tokenize import TreebankWordDetokenizer

        return str(TreebankWordDetokenizer().detokenize(list(tokens)))

    def settings(self) -> dict[str, Any]:
        """As seqkit 0.1 wrote them, so that a corpus of that time is known again."""
        return {"name": "word"}
