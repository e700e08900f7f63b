"""Words of word sets: what they must be, which of them a vocabulary has, and how it spells them."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from seqkit.core.errors import OptionError
from seqkit.text.vocab import Vocab

Case = Literal["exact", "lower", "any"]
Sets = tuple[tuple[str, ...], ...]


def forms(vocab: Any, words: set[str], case: Case) -> dict[str, str]:
    """The spelling in the vocabulary of each word that it has."""
    if case not in ("exact", "lower", "any"):
        raise OptionError(f"known: got case {case!r}, expected 'exact', 'lower' or 'any'.")
    lower = {word: word.lower() for word in words} if case != "exact" else {}
    there = set(places(vocab, [*lower.values(), *(words if case != "lower" else ())]))
    if case == "exact":
        return {word: word for word in words if word in there}
    found = {word: low for word, low in lower.items() if low in there}
    return found if case == "lower" else found | {word: word for word in words if word in there}


def places(vocab: Any, words: Iterable[str]) -> dict[str, int]:
    """Ids of the known words in the order of `words`; 0 for all if the container is no Vocab."""
    if isinstance(vocab, Vocab):
        return vocab.places(words)
    return {word: 0 for word in dict.fromkeys(words) if word in vocab}


def listed(words: Sequence[str], most: int = 20) -> str:
    """Words for a message: the first ones, and how many more there are."""
    more = f" and {len(words) - most:,} more" if len(words) > most else ""
    return ", ".join(map(repr, words[:most])) + more


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
