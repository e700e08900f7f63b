"""Text made uniform before it is cut: Unicode form, case, accents, digits. All off unless asked for.

Not handled: cleaning of markup; spelling.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from seqkit.core import options
from seqkit.core.options import option

_FORMS: Final[dict[str, Literal["NFC", "NFD", "NFKC", "NFKD"]]] = {
    "nfc": "NFC",
    "nfd": "NFD",
    "nfkc": "NFKC",
    "nfkd": "NFKD",
}
_DIGITS = dict(
    zip(
        "0123456789",
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
        strict=True,
    )
)


@dataclass(frozen=True)
class Normalizer:
    """The changes made to the text, in this order. Callable; recorded with the corpus.

    >>> Normalizer(lower=True, accents="fold", digits="spell")("Crème 42")
    'creme four two'
    """

    unicode: Literal["none", "nfc", "nfd", "nfkc", "nfkd"] = option("none", help="Unicode normal form")
    lower: bool = option(False, help="lower-case the text")
    accents: Literal["keep", "fold"] = option("keep", help="keep them, or fold: é becomes e")
    digits: Literal["keep", "zero", "spell"] = option(
        "keep", help="keep them; zero: every digit becomes 0; spell: 7 becomes seven"
    )

    def __post_init__(self) -> None:
        options.check(self)

    def __call__(self, text: str) -> str:
        """The normalised text; white space at either end is kept."""
        if self.unicode != "none":
            text = unicodedata.normalize(_FORMS[self.unicode], text)
        if self.lower:
            text = text.lower()
        if self.accents == "fold":
            parts = unicodedata.normalize("NFD", text)
            text = unicodedata.normalize("NFC", "".join(c for c in parts if unicodedata.category(c) != "Mn"))
        if self.digits == "zero":
            text = re.sub(r"\d", "0", text)
        elif self.digits == "spell":
            text = re.sub("[0-9]+", lambda found: " ".join(_DIGITS[digit] for digit in found[0]), text)
        return text
