"""Sentences within a line, by NLTK's Punkt with its English parameters (text files, no pickle)."""

from functools import cache
from typing import Any

from seqkit.core.errors import FormatError


@cache
def _punkt() -> Any:
    from nltk.tokenize import PunktTokenizer

    try:
        return PunktTokenizer("english")
    except LookupError as error:
        raise FormatError(
            "sentences: the Punkt parameters (tokenizers/punkt_tab) are not here. Set NLTK_DATA to a folder "
            "that has them, "
            'or use sentences="line".'
        ) from error


def split(text: str) -> list[str]:
    """The sentences of a text, in order, without the white space between them.

    Source:  Kiss & Strunk 2006.
    """
    return [str(sentence) for sentence in _punkt().tokenize(text)]
