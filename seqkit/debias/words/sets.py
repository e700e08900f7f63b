"""Word sets: the words that say what a bias is about, which words keep it, and lists to measure it with.

Not handled: looking vectors up (direction, eraser, measures do), lists of phrases in several spellings.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from seqkit.core import files
from seqkit.core.errors import OptionError, VocabularyError, did_you_mean
from seqkit.debias.words.lookup import Case, forms, listed
from seqkit.text.readers.catalogue import shipped

Lost = Mapping[str, tuple[str, ...]]
Sets = tuple[tuple[str, ...], ...]
KIND = "word-sets"
_SETS = ("definitional", "equalize")


@dataclass(frozen=True)
class WordSets:
    """Words by the part they play; immutable, checked, with its origin and a checksum.

    definitional: sets of n words that differ in the concept only, one column a class, as (woman, man); they
    give the direction. equalize: sets whose words shall differ in the concept only, as (queen, king); of two
    words or more, a word in one set. specific: further words that rightly carry the concept and are not
    neutralised.
    lists: named lists to measure with, as professions.
    classes: names of the columns, the first is the positive side.
    """

    name: str
    definitional: Sets = ()
    equalize: Sets = ()
    specific: tuple[str, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    language: str = "en"
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        for part in _SETS:
            rows = tuple(
                _words(f"{self.name}: {part} set {i + 1}", row) for i, row in enumerate(getattr(self, part))
            )
            object.__setattr__(self, part, rows)
            for i, row in enumerate(rows):
                if len(row) < 2:
                    raise OptionError(f"{self.name}: {part} set {i + 1} is {row}, expected at least 2 words.")
        lists = {name: _words(f"{self.name}: list {name!r}", words) for name, words in self.lists.items()}
        for name, words in lists.items():
            if not words or name in (*_SETS, "specific"):
                raise OptionError(
                    f"{self.name}: list {name!r} is empty or has the name of a set. Leave it out or give it "
                    "another."
                )
        object.__setattr__(self, "lists", MappingProxyType(lists))
        object.__setattr__(self, "specific", _words(f"{self.name}: specific", self.specific))
        object.__setattr__(self, "classes", _words(f"{self.name}: classes", self.classes))
        self._check_columns()
        _check_apart(f"{self.name}: equalize sets", self.equalize)
        if not (self.definitional or self.equalize or self.specific or lists):
            raise OptionError(f"WordSets {self.name!r}: no words came, expected at least one set or list.")

    def _check_columns(self) -> None:
        sizes = {len(row) for row in self.definitional}
        if len(sizes) > 1:
            odd = next(row for row in self.definitional if len(row) != len(self.definitional[0]))
            raise OptionError(
                f"{self.name}: definitional set {odd} has {len(odd)} words, expected "
                f"{len(self.definitional[0])} as in the "
                "first: one column a class."
            )
        if len(set(self.definitional)) < len(self.definitional):
            twice = next(row for i, row in enumerate(self.definitional) if row in self.definitional[:i])
            raise OptionError(f"{self.name}: definitional set {twice} came twice. Leave one out.")
        if self.classes and self.definitional and len(self.classes) != self.num_classes:
            raise OptionError(
                f"{self.name}: {len(self.classes)} classes came for {self.num_classes} columns of "
                "definitional words."
            )
        _check_apart(f"{self.name}: definitional columns", self.columns)

    @property
    def num_classes(self) -> int:
        """Columns of the definitional sets."""
        return len(self.definitional[0]) if self.definitional else len(self.classes)

    @property
    def columns(self) -> Sets:
        """The definitional words class by class, each once."""
        return tuple(tuple(dict.fromkeys(column)) for column in zip(*self.definitional, strict=True))

    @property
    def protected(self) -> tuple[str, ...]:
        """Words that are never neutralised: specific, definitional and equalised ones."""
        rows = (*self.definitional, *self.equalize, self.specific)
        return tuple(dict.fromkeys(word for row in rows for word in row))

    @property
    def checksum(self) -> str:
        """sha256 of everything in it, whatever file it came from."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def pick(self, *names: str, equal: bool = False) -> Sets:
        """The lists of these names, which must share no word, and have one length if `equal`.

        Raises:  OptionError.
        """
        for name in names:
            if name not in self.lists:
                raise OptionError(
                    f"{self.name}: no list {name!r}; known: "
                    f"{', '.join(self.lists) or 'none'}.{did_you_mean(name, self.lists)}"
                )
        found = tuple(self.lists[name] for name in names)
        _check_apart(f"{self.name}: lists {', '.join(names)}", found)
        if equal and len({len(words) for words in found}) > 1:
            sizes = ", ".join(f"{name} {len(words)}" for name, words in zip(names, found, strict=True))
            raise OptionError(
                f"{self.name}: the lists must have one length here ({sizes}). Drop words so that they do."
            )
        return found

    def known(
        self, vocab: Any, *, case: Case = "exact", limit: float = 0.2, need: Iterable[str] | None = None
    ) -> tuple["WordSets", Lost]:
        """The word sets as far as `vocab` (a Vocab, Vectors or container of words) has their words, and the
        words lost by set.

        A definitional or equalize set that lost one word is left out; the others of it stay protected, as
        specific words. case: look for a word as written, in lower case, or any: as written, else in lower
        case. Sets that become one are merged. limit: share of a set (of the rows of definitional and
               equalize) that may be lost, for the sets named in `need`; None: the definitional ones and all
               lists. Words to equalise or to keep that are not there can do no harm: they are told.
        Raises:  VocabularyError naming the words if more is lost; OptionError if words of two classes become
                 one.
        """
        if not 0 <= limit <= 1:
            raise OptionError(f"known: limit {limit} came, allowed is 0 to 1.")
        every = {*_SETS, "specific", *self.lists}
        need = every - {"specific", "equalize"} if need is None else set(need)
        for name in need - every:
            raise OptionError(
                f"{self.name}: no set {name!r}; known: {', '.join(sorted(every))}.{did_you_mean(name, every)}"
            )
        form = forms(getattr(vocab, "vocab", vocab), self._all(), case)
        lost: dict[str, tuple[str, ...]] = {}
        share: dict[str, tuple[int, int]] = {}
        stay: list[str] = []

        def rows_of(part: str, rows: Sets) -> Sets:
            whole = [row for row in rows if all(word in form for word in row)]
            broken = [word for row in rows if row not in whole for word in row]
            stay.extend(form[word] for word in broken if word in form)
            lost[part] = tuple(dict.fromkeys(word for word in broken if word not in form))
            share[part] = len(rows) - len(whole), len(rows)
            spelt = [tuple(form[word] for word in row) for row in whole]
            return tuple({frozenset(row) if part == "equalize" else row: row for row in spelt}.values())

        def words_of(part: str, words: tuple[str, ...]) -> tuple[str, ...]:
            lost[part] = tuple(word for word in words if word not in form)
            share[part] = len(lost[part]), len(words)
            return tuple(dict.fromkeys(form[word] for word in words if word in form))

        definitional, equalize = (
            rows_of("definitional", self.definitional),
            rows_of("equalize", self.equalize),
        )
        specific = words_of("specific", self.specific)
        lists = {name: left for name, words in self.lists.items() if (left := words_of(name, words))}
        for part, (gone, of) in share.items():
            if part in need and gone > limit * of:
                raise VocabularyError(
                    f"{self.name}: {part}: {gone:,} of {of:,} {'sets' if part in _SETS else 'words'} are "
                    f"lost, at most {limit:.0%} may be: {listed(lost[part])} not in the vocabulary. Use "
                    "vectors that have them, "
                    f"case='lower' or 'any' (here {case!r}), or a higher limit."
                )
        specific = tuple(dict.fromkeys([*specific, *stay]))
        if not (definitional or equalize or specific or lists):
            raise VocabularyError(f"{self.name}: none of its words is in the vocabulary.")
        kept = replace(self, definitional=definitional, equalize=equalize, specific=specific, lists=lists)
        return kept, {part: words for part, words in lost.items() if words}

    def _all(self) -> set[str]:
        return {*self.protected, *(word for words in self.lists.values() for word in words)}

    def to_json(self) -> dict[str, Any]:
        """Everything in it as plain JSON values."""
        plain: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        for part in _SETS:
            plain[part] = [list(row) for row in plain[part]]
        plain["lists"] = {name: list(words) for name, words in self.lists.items()}
        return plain | {"specific": list(self.specific), "classes": list(self.classes)}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a JSON file with the checksum."""
        files.write_json(Path(path), {"kind": KIND, "sha256": self.checksum} | self.to_json())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "WordSets":
        """Read word sets from JSON: seqkit's own, or published lists as {name: words} or as a list of WEAT
        tests.

        The lists of test i of a file of tests are called "i:flowers", "i:insects", ...: first and second
        target, first and second attribute. A checksum that stands in the file must be right.
        Raises:  FormatError naming the file.
        """
        from seqkit.debias.words.files import load

        return load(Path(path))

    @classmethod
    def load_debiaswe(cls, folder: str | os.PathLike[str]) -> "WordSets":
        """Gender as published with Bolukbasi et al. 2016: definitional_pairs, equalize_pairs,
        gender_specific_full, professions.

        Raises:  FormatError naming the file that is missing or not as published.
        """
        from seqkit.debias.words.files import load_debiaswe

        return load_debiaswe(Path(folder))

    @staticmethod
    def names() -> list[str]:
        """The word sets that ship."""
        return sorted(path.stem for path in shipped("words").glob("*.json"))

    @staticmethod
    def shipped(name: str) -> "WordSets":
        """The word sets of this name written for seqkit: gender, religion, ethnicity or age; English, lower
        case.
        """
        if name not in (known := WordSets.names()):
            raise OptionError(
                f"unknown word sets {name!r}; shipped: {', '.join(known)}.{did_you_mean(name, known)}"
            )
        return WordSets.load(shipped("words") / f"{name}.json")

    @classmethod
    def gender(cls) -> "WordSets":
        """Women and men."""
        return cls.shipped("gender")

    @classmethod
    def religion(cls) -> "WordSets":
        """Judaism, Christianity and Islam."""
        return cls.shipped("religion")

    @classmethod
    def ethnicity(cls) -> "WordSets":
        """African, European and Asian origin."""
        return cls.shipped("ethnicity")

    @classmethod
    def age(cls) -> "WordSets":
        """Young and old."""
        return cls.shipped("age")


def _words(where: str, words: Any) -> tuple[str, ...]:
    if isinstance(words, str) or not isinstance(words, Iterable):
        raise OptionError(f"{where}: {words!r} came, expected several words.")
    found = tuple(words)
    for word in found:
        if not isinstance(word, str) or not word.strip():
            raise OptionError(f"{where}: {word!r} came, expected a word.")
    if len(set(found)) < len(found):
        twice = next(word for i, word in enumerate(found) if word in found[:i])
        raise OptionError(f"{where}: {twice!r} stands in it twice. Leave one out.")
    return found


def _check_apart(where: str, groups: Sequence[tuple[str, ...]]) -> None:
    """No word may be in two groups: "he" for "her" among the female words once changed published results."""
    seen: dict[str, tuple[str, ...]] = {}
    for group in groups:
        for word in group:
            if word in seen:
                raise OptionError(
                    f"{where}: {word!r} is in both {listed(seen[word])} and {listed(group)}. Take it "
                    "out of one."
                )
        seen |= dict.fromkeys(group, group)
