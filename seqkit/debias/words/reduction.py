"""Sets reduced to the words that a vocabulary has: what is kept of each set, and what is lost.

Not handled: looking the words up (lookup.forms); which sets there are (sets.WordSets).
"""

from collections.abc import Collection, Mapping

from seqkit.core.errors import VocabularyError
from seqkit.debias.words.lookup import Sets, listed


class Reduction:
    """Reduces sets one by one and records what each of them lost.

    form: the spelling in the vocabulary of each word that it has. lost: the unknown words by set.
    rest: known words of rows that lost another word.
    """

    def __init__(self, form: Mapping[str, str]) -> None:
        self.form = form
        self.lost: dict[str, tuple[str, ...]] = {}
        self.rest: list[str] = []
        self._share: dict[str, tuple[int, int, str]] = {}  # how many are lost, of how many, of what

    def rows(self, part: str, rows: Sets, *, ordered: bool = True) -> Sets:
        """The rows whose words are all known, as they are spelt, each once.

        ordered: rows of the same words in another order are different rows.
        """
        whole = [row for row in rows if all(word in self.form for word in row)]
        broken = [word for row in rows if row not in whole for word in row]
        self.rest.extend(self.form[word] for word in broken if word in self.form)
        self.lost[part] = tuple(dict.fromkeys(word for word in broken if word not in self.form))
        self._share[part] = len(rows) - len(whole), len(rows), "sets"
        spelt = [tuple(self.form[word] for word in row) for row in whole]
        return tuple({row if ordered else frozenset(row): row for row in spelt}.values())

    def words(self, part: str, words: tuple[str, ...]) -> tuple[str, ...]:
        """The known words, as they are spelt, each once."""
        self.lost[part] = tuple(word for word in words if word not in self.form)
        self._share[part] = len(self.lost[part]), len(words), "words"
        return tuple(dict.fromkeys(self.form[word] for word in words if word in self.form))

    def check(self, where: str, need: Collection[str], limit: float, case: str) -> None:
        """Raise VocabularyError if one of the sets in `need` lost more than the share `limit`."""
        for part, (gone, of, unit) in self._share.items():
            if part in need and gone > limit * of:
                raise VocabularyError(
                    f"{where}: {part}: {gone:,} of {of:,} {unit} are lost, at most {limit:.0%} may be: "
                    f"{listed(self.lost[part])} not in the vocabulary. Use vectors that have them, "
                    f"case='lower' or 'any' (here {case!r}), or a higher limit."
                )
