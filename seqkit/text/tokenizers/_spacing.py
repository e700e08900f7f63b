"""Text of words and marks with the usual spaces: none before a full stop, none inside brackets and quotes."""

import re
from collections.abc import Iterable

from seqkit.text.tokenizers._word_rules import CLITICS, CONTRACTIONS, ELISIONS, HAN

__all__ = ["joined"]

_CLOSES = re.compile(r"[.,;:!?…%)\]}”’。，、！？；：」』）》‰،؛؟।]+|''|°[CF]?")
_OPENS = re.compile(r"[(\[{„‘¿¡「『（《#]+|``|[A-Z]{0,3}[$£€¥]")
_SMILES = re.compile(r"[:;=].+")
_QUOTES = {'"': '"', "'": "'", "“": "“", "«": "«", "»": "«"}  # a mark that opens or closes, and its kind
_EAST = re.compile(rf"[{HAN}\u3000-\u30ff\uff01-\uff65]")
_PAIRS = frozenset((word[:at], word[at:]) for word, at in CONTRACTIONS.items())


def joined(tokens: Iterable[str]) -> str:
    """The tokens as text; what rules cannot tell, such as 5 km or 5km, gets a space."""
    parts: list[str] = []
    opened: set[str] = set()
    before, glued = "", True
    for token in tokens:
        left, right = _sides(token, before, opened)
        if not (glued or left or _one_word(before, token)):
            parts.append(" ")
        parts.append(token)
        before, glued = token, right
    return "".join(parts)


def _sides(token: str, before: str, opened: set[str]) -> tuple[bool, bool]:
    """Whether a token is glued to what stands before it, and to what stands behind."""
    if token in _QUOTES:
        return _quote(token, before, opened)
    if token == "„":
        opened.add(token)
    if _SMILES.fullmatch(token) or token == "&":
        return False, False
    if token in ("/", "—"):
        return True, True
    if _OPENS.fullmatch(token):
        return False, not (token in "€$£¥" and before[-1:].isdecimal())  # 3,14 € and so on
    return _CLOSES.fullmatch(token) is not None or _is_clitic(token), _elides(token)


def _quote(token: str, before: str, opened: set[str]) -> tuple[bool, bool]:
    """The same of a mark that may open or close a quotation; `opened` is brought up to date."""
    kind = "„" if token == "“" and "„" in opened else _QUOTES[token]
    if kind in opened:
        opened.remove(kind)
        return True, False
    if token == "'" and before[-1:] in ("s", "S", "x", "z"):  # the dogs' tails
        return True, False
    if token != "“":
        opened.add(kind)
    return False, True


def _is_clitic(token: str) -> bool:
    plain = token.replace("’", "'").lower()
    return plain == "n't" or (plain[:1] == "'" and plain[1:] in CLITICS)


def _elides(token: str) -> bool:
    return token[-1:] in ("'", "’") and token[:-1].lower() in ELISIONS


def _one_word(before: str, token: str) -> bool:
    """Whether two tokens are one word of the text: can|not, or of a script without spaces."""
    pair = (before[-1:], token[:1])
    if any(map(_EAST.match, pair)) and all(_EAST.match(c) or c in "“”‘’" or c.isdecimal() for c in pair):
        return True
    return (before.lower(), token.lower()) in _PAIRS
