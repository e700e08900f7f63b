"""Which words a vocabulary has, how it spells them, and their ids."""

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
