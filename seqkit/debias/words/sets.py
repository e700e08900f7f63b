"""Word sets: the words that define a bias, the words that keep it, and lists to measure it with.

Not handled: looking vectors up (direction, eraser, measures do), phrases in several spellings.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from seqkit.core.errors import FormatError, OptionError, VocabularyError, did_you_mean
from seqkit.debias.words import files
from seqkit.debias.words.lookup import Case, Sets, check_apart, several, spellings
from seqkit.debias.words.reduction import Reduction
from seqkit.text.readers.catalogue import shipped

Lost = Mapping[str, tuple[str, ...]]
_SETS = ("definitional", "equalize")


@dataclass(frozen=True)
class WordSets:
    """The words of a concept, in checked and immutable sets, with their source and a checksum.

    definitional: sets of n words that differ only in the concept, one column for each class, such as
    (woman, man); they give the direction.
    equalize: sets of two or more words that should differ only in the concept, such as (queen, king).
    specific: other words that rightly carry the concept; they are not neutralised.
    lists: named lists to measure with, such as professions.
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
                several(f"{self.name}: {part} set {i + 1}", row) for i, row in enumerate(getattr(self, part))
            )
            object.__setattr__(self, part, rows)
            for i, row in enumerate(rows):
                if len(row) < 2:
                    raise OptionError(f"{self.name}: {part} set {i + 1} is {row}, expected at least 2 words.")
        lists = {name: several(f"{self.name}: list {name!r}", words) for name, words in self.lists.items()}
        for name, words in lists.items():
            if not words or name in (*_SETS, "specific"):
                raise OptionError(
                    f"{self.name}: list {name!r} is empty or named like a set. Leave it out or rename it."
                )
        object.__setattr__(self, "lists", MappingProxyType(lists))
        object.__setattr__(self, "specific", several(f"{self.name}: specific", self.specific))
        object.__setattr__(self, "classes", several(f"{self.name}: classes", self.classes))
        self._check_columns()
        check_apart(f"{self.name}: equalize sets", self.equalize)
        if not (self.definitional or self.equalize or self.specific or lists):
            raise OptionError(f"WordSets {self.name!r}: got no words, expected at least one set or list.")

    def _check_columns(self) -> None:
        sizes = {len(row) for row in self.definitional}
        if len(sizes) > 1:
            odd = next(row for row in self.definitional if len(row) != len(self.definitional[0]))
            raise OptionError(
                f"{self.name}: definitional set {odd} has {len(odd)} words, expected "
                f"{len(self.definitional[0])} as in the first: one for each class."
            )
        if len(set(self.definitional)) < len(self.definitional):
            twice = next(row for i, row in enumerate(self.definitional) if row in self.definitional[:i])
            raise OptionError(f"{self.name}: definitional set {twice} is there twice. Leave one out.")
        if self.classes and self.definitional and len(self.classes) != self.num_classes:
            raise OptionError(
                f"{self.name}: got {len(self.classes)} classes, expected {self.num_classes}, one for each "
                "column of definitional words."
            )
        check_apart(f"{self.name}: definitional columns", self.columns)

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
        """sha256 of all that it holds, independent of the file."""
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
        check_apart(f"{self.name}: lists {', '.join(names)}", found)
        if equal and len({len(words) for words in found}) > 1:
            sizes = ", ".join(f"{name} {len(words)}" for name, words in zip(names, found, strict=True))
            raise OptionError(
                f"{self.name}: the lists must have one length here ({sizes}). Drop words so that they do."
            )
        return found

    def choose(self, *names: str) -> "WordSets":
        """The word sets of some of the classes, in this order; the words of the others become specific ones.

        Of equalize sets with a word for each class, those of the chosen ones are kept. Classes without names
        are called 1, 2, ...
        Raises:  OptionError for an unknown class, one named twice, or fewer than two.
        """
        known = self.classes or tuple(str(i + 1) for i in range(self.num_classes))
        for name in names:
            if name not in known:
                raise OptionError(
                    f"{self.name}: no class {name!r}; known: {', '.join(known) or 'none'}."
                    f"{did_you_mean(name, known)}"
                )
        if len(several(f"{self.name}: classes", names)) < 2:
            raise OptionError(f"{self.name}: got the class {', '.join(names)} alone, expected two or more.")
        at = [known.index(name) for name in names]

        def chosen(rows: Sets) -> Sets:
            return tuple(tuple(row[i] for i in at) if len(row) == len(known) else row for row in rows)

        definitional, equalize = chosen(self.definitional), chosen(self.equalize)
        kept = {word for row in (*definitional, *equalize) for word in row}
        others = tuple(word for word in self.protected if word not in kept)
        return replace(
            self, definitional=definitional, equalize=equalize, specific=others, classes=tuple(names)
        )

    def known(
        self, vocab: Any, *, case: Case = "exact", limit: float = 0.2, need: Iterable[str] | None = None
    ) -> tuple["WordSets", Lost]:
        """The sets reduced to the words that `vocab` has, and the lost words by set.

        vocab: a Vocab, Vectors or any container of words.
        A definitional or equalize set that lost one word is left out; its other words stay protected, as
        specific words.
        case: look for a word as written ("exact"), in lower case, or "any": in every spelling that differs in
        case or accents only (She, SHE; fiancee, fiancée). Definitional, equalize and specific words are then
        there in all of these, sets once for each way in which all of their words are spelt; the words of
        lists in one. Sets that become equal are merged.
        limit: share of a set (of the rows of definitional and equalize) that may be lost, for the sets named
        in `need`; None: definitional and all lists. Lost words of the other sets are only reported.
        Raises:  VocabularyError naming the words if more are lost; OptionError if words of two classes
                 become equal.
        """
        if not 0 <= limit <= 1:
            raise OptionError(f"known: got limit {limit}, expected 0 to 1.")
        needed = self._needed(need)
        reduced = Reduction(spellings(getattr(vocab, "vocab", vocab), self._all(), case))
        definitional = reduced.rows("definitional", self.definitional)
        equalize = reduced.rows("equalize", self.equalize, ordered=False)
        specific = reduced.words("specific", self.specific, every=True)
        lists = {name: left for name, words in self.lists.items() if (left := reduced.words(name, words))}
        reduced.check(self.name, needed, limit, case)
        specific = tuple(dict.fromkeys([*specific, *reduced.rest]))
        if not (definitional or equalize or specific or lists):
            raise VocabularyError(f"{self.name}: none of its words is in the vocabulary.")
        kept = replace(self, definitional=definitional, equalize=equalize, specific=specific, lists=lists)
        return kept, {part: words for part, words in reduced.lost.items() if words}

    def _needed(self, need: Iterable[str] | None) -> set[str]:
        """The names of `need`, or definitional and all lists.  Raises:  OptionError for an unknown name."""
        every = {*_SETS, "specific", *self.lists}
        needed = every - {"specific", "equalize"} if need is None else set(need)
        for name in needed - every:
            raise OptionError(
                f"{self.name}: no set {name!r}; known: {', '.join(sorted(every))}.{did_you_mean(name, every)}"
            )
        return needed

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
        files.write(Path(path), {"sha256": self.checksum} | self.to_json())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "WordSets":
        """Read word sets from JSON: seqkit's own, lists as {name: words}, a list of words, of pairs or of
        WEAT tests, or the folder of debiaswe's files.

        The lists of test i of a file of tests are called "i:flowers", "i:insects", ...: first and second
        target, first and second attribute, less the words that the file says were taken out. If the file
        states a checksum, it must be right.
        Raises:  FormatError naming the file.
        """
        return cls._of(path, files.read(Path(path)))

    @classmethod
    def load_debiaswe(cls, folder: str | os.PathLike[str]) -> "WordSets":
        """Gender as published with Bolukbasi et al. 2016: pairs, specific words, professions.

        Raises:  FormatError naming the file that is missing or not as published.
        """
        return cls._of(folder, files.read_debiaswe(Path(folder)))

    @classmethod
    def _of(cls, path: str | os.PathLike[str], parts: dict[str, Any]) -> "WordSets":
        stated, names = parts.pop("sha256", None), {f.name for f in fields(cls)}
        for key in parts:
            if key not in names:
                near = did_you_mean(key, names)
                raise FormatError(f"{path}: unknown key {key!r}; known: {', '.join(sorted(names))}.{near}")
        try:
            words = cls(**parts)
        except OptionError as error:
            raise FormatError(f"{path}: not word sets ({error}).") from error
        if stated not in (None, words.checksum):
            raise FormatError(
                f"{path}: its words have sha256 {words.checksum}, the file says {stated}. Restore the file, "
                "or remove the line if the words were changed on purpose."
            )
        return words

    @staticmethod
    def names() -> list[str]:
        """The word sets that ship."""
        return sorted(path.stem for path in shipped("words").glob("*.json"))

    @staticmethod
    def shipped(name: str) -> "WordSets":
        """The word sets of this name that ship with seqkit, in English and lower case."""
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
