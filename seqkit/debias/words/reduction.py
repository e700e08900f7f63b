"""Sets reduced to the words that a vocabulary has: what is kept of each set, and what is lost.

Not handled: looking the words up (lookup.spellings); which sets there are (sets.WordSets).
"""

from collections.abc import Collection, Mapping, Sequence

from seqkit.core.errors import VocabularyError
from seqkit.debias.words.lookup import Sets, listed, style


class Reduction:
    """Reduces sets one by one and records what each of them lost.

    forms: the spellings in the vocabulary of each word that it has. lost: the unknown words by set.
    rest: known words of rows that lost another word, and spellings that are in no row.
    """

    def __init__(self, forms: Mapping[str, Sequence[str]]) -> None:
        self.forms = forms
        self.lost: dict[str, tuple[str, ...]] = {}
        self.rest: list[str] = []
        self._share: dict[str, tuple[int, int, str]] = {}  # how many are lost, of how many, of what

    def rows(self, part: str, rows: Sets, *, ordered: bool = True) -> Sets:
        """The rows whose words are all known, once for each way in which all are spelt: (She, He), (SHE, HE).

        ordered: rows of the same words in another order are different rows, and a word may be in several
        rows, always in one place; else it is in one row only. A further spelling that would break that is
        left out.
        """
        whole = [row for row in rows if all(word in self.forms for word in row)]
        broken = [word for row in rows if row not in whole for word in row]
        self.lost[part] = tuple(dict.fromkeys(word for word in broken if word not in self.forms))
        self._share[part] = len(rows) - len(whole), len(rows), "sets"
        spelt = [self._spelt(row) for row in whole]
        found = {self._key(first, ordered): first for first, *_ in spelt}
        place = {token: self._place(row, i, ordered) for row in found.values() for i, token in enumerate(row)}
        for row in (row for _, *more in spelt for row in more):
            places = {token: self._place(row, i, ordered) for i, token in enumerate(row)}
            if all(place.get(token, there) == there for token, there in places.items()):
                found.setdefault(self._key(row, ordered), row)
                place |= places
        used = {token for row in found.values() for token in row}
        spread = [token for row in whole for word in row for token in self.forms[word] if token not in used]
        self.rest += [token for word in broken for token in self.forms.get(word, ())] + spread
        return tuple(found.values())

    def words(self, part: str, words: tuple[str, ...], *, every: bool = False) -> tuple[str, ...]:
        """The known words, as they are spelt, each once.  every: in all spellings, else in the first."""
        self.lost[part] = tuple(word for word in words if word not in self.forms)
        self._share[part] = len(self.lost[part]), len(words), "words"
        spelt = [form for word in words for form in self.forms.get(word, ())[: None if every else 1]]
        return tuple(dict.fromkeys(spelt))

    def check(self, where: str, need: Collection[str], limit: float, case: str) -> None:
        """Raise VocabularyError if one of the sets in `need` lost more than the share `limit`."""
        for part, (gone, of, unit) in self._share.items():
            if part in need and gone > limit * of:
                raise VocabularyError(
                    f"{where}: {part}: {gone:,} of {of:,} {unit} are lost, at most {limit:.0%} may be: "
                    f"{listed(self.lost[part])} not in the vocabulary. Use vectors that have them, "
                    f"case='lower' or 'any' (here {case!r}), or a higher limit."
                )

    def _spelt(self, row: tuple[str, ...]) -> list[tuple[str, ...]]:
        """The row in each way of writing that all of its words have; else in their first ones."""
        if all(len(self.forms[word]) == 1 for word in row):
            return [tuple(self.forms[word][0] for word in row)]
        ways: list[dict[tuple[str, str], str]] = []
        for word in row:
            ways.append({})
            for form in self.forms[word]:
                ways[-1].setdefault(style(form, word), form)
        shared = [way for way in ways[0] if all(way in own for own in ways)]
        return [tuple(own[way] for own in ways) for way in shared] or [
            tuple(self.forms[word][0] for word in row)
        ]

    def _key(self, row: tuple[str, ...], ordered: bool) -> Collection[str]:
        return row if ordered else frozenset(row)

    def _place(self, row: tuple[str, ...], column: int, ordered: bool) -> object:
        """What must be the same wherever a word is: its column, or its row."""
        return column if ordered else frozenset(row)
