"""Words of word sets: what they must be, which of them a vocabulary has, and how it spells them."""

from collections.abc import Iterable, Sequence, Set
from typing import Any, Literal
from unicodedata import normalize

from seqkit.core.errors import OptionError
from seqkit.text.vocab import Vocab

Case = Literal["exact", "lower", "any"]
Sets = tuple[tuple[str, ...], ...]


def spellings(vocab: Any, words: Iterable[str], case: Case) -> dict[str, list[str]]:
    """The forms in the vocabulary of each word that it has, the one to look up first.

    case: "exact": as written; "lower": in lower case; "any": every spelling that differs in case or accents
    only, first as written, then in lower case, then as the vocabulary orders them. A form that is another of
    the words is not taken, unless there is no other.
    Raises:  OptionError for another case.
    """
    if case not in ("exact", "lower", "any"):
        raise OptionError(f"known: got case {case!r}, expected 'exact', 'lower' or 'any'.")
    listed = dict.fromkeys(words)
    if case != "any":
        wanted = {word: word.lower() if case == "lower" else word for word in listed}
        there = set(places(vocab, wanted.values()))
        return {word: [form] for word, form in wanted.items() if form in there}
    folded = {word: _folded(word) for word in listed}
    tokens: dict[str, list[str]] = {key: [] for key in folded.values()}
    for token in vocab if isinstance(vocab, Vocab) or not isinstance(vocab, Set) else sorted(vocab):
        if (key := _folded(token)) in tokens:
            tokens[key].append(token)
    found = {}
    for word, key in folded.items():
        own = [token for token in tokens[key] if token == word or token not in listed] or tokens[key]
        if own:
            first = [form for form in dict.fromkeys((word, word.lower())) if form in own]
            found[word] = [*first, *(token for token in own if token not in first)]
    return found


def style(token: str, word: str) -> tuple[str, str]:
    """How a form is written beside the word it is of: case and accents; words of a set are paired by it."""
    plain, case = _unmarked(token), "mixed"
    if plain == _unmarked(word):
        case = "as listed"
    elif plain.islower():
        case = "lower"
    elif plain.istitle():
        case = "title"
    elif plain.isupper():
        case = "upper"
    one, two = token.casefold(), word.casefold()
    if one == two:
        return case, "as listed"
    return case, "composed" if normalize("NFC", one) == normalize("NFC", two) else "other"


def _folded(text: str) -> str:
    """Without case and accents (of Latin, Greek and Cyrillic letters, where they make no other letter)."""
    return text.lower() if text.isascii() else _unmarked(text.casefold())


def _unmarked(text: str) -> str:
    if text.isascii():
        return text
    return normalize("NFC", "".join(c for c in normalize("NFD", text) if not "\u0300" <= c <= "\u036f"))


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
