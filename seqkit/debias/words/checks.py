"""What words must be in word sets: strings, none of them twice, none in two groups."""

from collections.abc import Iterable, Sequence
from typing import Any

from seqkit.core.errors import OptionError
from seqkit.debias.words.lookup import listed


def several(where: str, words: Any) -> tuple[str, ...]:
    """The words as a tuple, each a string that is not empty, none twice.  Raises:  OptionError."""
    if isinstance(words, str) or not isinstance(words, Iterable):
        raise OptionError(f"{where}: got {words!r}, expected several words.")
    found = tuple(words)
    for word in found:
        if not isinstance(word, str) or not word.strip():
            raise OptionError(f"{where}: got {word!r}, expected a word.")
    if len(set(found)) < len(found):
        twice = next(word for i, word in enumerate(found) if word in found[:i])
        raise OptionError(f"{where}: {twice!r} is there twice. Leave one out.")
    return found


def check_apart(where: str, groups: Sequence[tuple[str, ...]]) -> None:
    """Raise OptionError for a word in two groups.

    A "he" for "her" among the female words once changed published results.
    """
    seen: dict[str, tuple[str, ...]] = {}
    for group in groups:
        for word in group:
            if word in seen:
                raise OptionError(
                    f"{where}: {word!r} is in both {listed(seen[word])} and {listed(group)}. Drop one."
                )
        seen |= dict.fromkeys(group, group)
