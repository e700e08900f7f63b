"""Features of words for a tagger: number, characters, and a pretrained vector; once for each distinct word.

Numbers are of lower-cased words with each digit as 0; only characters keep the case. Words rarer than
min_count are unknown: they train the row of unseen words. Not handled: sentences' order and
batches' size (text.batches.buckets).
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from seqkit.core.checks import need
from seqkit.core.errors import FormatError
from seqkit.core.types import Array, Arrays, Floats, Ids
from seqkit.text.batches.streams import padded
from seqkit.text.vocab import Vocab

HALF = 24  # characters that are read at each end of a word of more than twice as many
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PARTS = re.compile(r"[^\W\d_]+|[0-9]")


@dataclass(frozen=True)
class Batch:
    """Sentences as numbers of distinct words, with the features of each of those.

    places: (B, T) into the N words, 0 beyond a sentence's length. targets: (B, T) int32, -1 where nothing is
    predicted. rows: (first row, rows in all) of a part of a batch that is shared out.
    """

    places: Annotated[Ids, "B T"]
    lengths: Annotated[Array, "B"]
    words: Annotated[Ids, "N"]
    characters: Annotated[Ids, "N S"]
    word_lengths: Annotated[Array, "N"]
    vectors: Annotated[Floats, "N D"] | None
    targets: Annotated[Ids, "B T"]
    count: int
    rows: tuple[int, int] | None = None


class Lexicon:
    """The vocabularies of words and characters of a training text, and vectors that are not trained.

    vectors: a vocabulary with its matrix (V, D). A word's vector is that of the word, else of the word in
    lower case, else the mean of those of its parts: runs of letters without accents, and digits spelled out;
    else 0.
    """

    def __init__(self, words: Vocab, characters: Vocab, vectors: tuple[Vocab, Floats] | None = None) -> None:
        self.words, self.characters, self.vectors = words, characters, vectors
        self.dim = 0 if vectors is None else int(vectors[1].shape[1])
        self.scale = 1.0
        if vectors is not None and vectors[1].size:
            square = sum(
                float(np.einsum("ij,ij->", m, m, dtype=np.float64)) for m in np.array_split(vectors[1], 64)
            )
            self.scale = float(np.sqrt(vectors[1].size / square)) if square else 1.0  # numbers of about 1

    @staticmethod
    def learn(
        sentences: Iterable[Sequence[str]], min_count: int, vectors: Any = None
    ) -> "Lexicon":  # Any: Vectors
        """From the sentences of a training text.  Raises:  FormatError without a word."""
        counts = Counter(word for sentence in sentences for word in sentence)
        if not counts:
            raise FormatError("tagger: got no word, expected at least one. Is the text empty?")
        usual, letters = Counter[str](), Counter[str]()
        for word, count in counts.items():
            usual[plain(word)] += count
            for letter in word:
                letters[letter] += count
        given = None if vectors is None else (vectors.vocab, vectors.matrix)
        return Lexicon(Vocab.from_counts(usual, min_count=min_count), Vocab.from_counts(letters), given)

    def vector(self, word: str) -> Floats | None:
        """The vector of a word, None if there is none."""
        assert self.vectors is not None
        vocab, matrix = self.vectors
        for spelling in (word, word.lower()):
            if (row := vocab.find(spelling)) >= 0:
                return matrix[row]
        flat = "".join(c for c in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(c))
        parts = [DIGITS[int(part)] if part.isdecimal() else part for part in _PARTS.findall(flat)]
        rows = [vocab.index[part] for part in parts if part in vocab.index]
        return np.asarray(matrix[rows].mean(0), np.float32) if rows else None

    def knows(self, word: str) -> bool:
        """Whether the word has a number of its own."""
        return plain(word) in self.words.index

    def fingerprint(self) -> str:
        """A hash of what a resumed run must find unchanged."""
        digest = hashlib.sha256("\0".join([*self.words.tokens, "\n", *self.characters.tokens]).encode())
        if self.vectors is not None:
            digest.update(
                "\0".join(self.vectors[0].tokens).encode() + np.ascontiguousarray(self.vectors[1]).tobytes()
            )
        return digest.hexdigest()

    def to_arrays(self) -> Arrays:
        """All of it as arrays."""
        parts = {"words": self.words, "characters": self.characters} | (
            {"vectors": self.vectors[0]} if self.vectors else {}
        )
        arrays = {
            f"{part}.{name}": array
            for part, vocab in parts.items()
            for name, array in vocab.to_arrays().items()
        }
        return arrays | ({"matrix": self.vectors[1]} if self.vectors else {})

    @staticmethod
    def from_arrays(arrays: Arrays) -> "Lexicon":
        """What `to_arrays` gave."""

        def vocab(part: str, specials: dict[str, int]) -> Vocab:
            own = {
                name.removeprefix(part + "."): a for name, a in arrays.items() if name.startswith(part + ".")
            }
            return Vocab.from_arrays(own, specials)

        vectors = None
        if "matrix" in arrays:
            own = vocab("vectors", {})
            vectors = own, need(arrays, "matrix", "float32", (len(own), None))
        return Lexicon(vocab("words", {"unk": 0}), vocab("characters", {"unk": 0}), vectors)


class Rows:
    """Sentences as numbers of a lexicon, ready to be put into batches.

    unknown: words that are not in the vocabulary; without: those that have no vector, if there are vectors.
    """

    def __init__(
        self, lexicon: Lexicon, sentences: Sequence[Sequence[str]], targets: Sequence[Ids] | None = None
    ) -> None:
        index: dict[str, int] = {}
        self.places = [
            np.fromiter((index.setdefault(word, len(index)) for word in sentence), np.int32, len(sentence))
            for sentence in sentences
        ]
        self.lengths = np.array([len(row) for row in self.places], np.int64)
        self.targets = (
            [np.full(n, -1, np.int32) for n in self.lengths.tolist()] if targets is None else list(targets)
        )
        distinct = list(index)
        self.words = lexicon.words.ids(plain(word) for word in distinct)
        self.characters = [lexicon.characters.ids(ends(word)) for word in distinct]
        self.vectors: Floats | None = None
        times = (
            np.bincount(np.concatenate(self.places), minlength=len(distinct))
            if distinct
            else np.zeros(0, np.int64)
        )
        self.unknown, self.without = int(times[self.words == lexicon.words.unk].sum()), 0
        if lexicon.vectors is not None:
            self.vectors = np.zeros((len(distinct), lexicon.dim), np.float32)
            for i, word in enumerate(distinct):
                if (found := lexicon.vector(word)) is None:
                    self.without += int(times[i])
                else:
                    self.vectors[i] = found * lexicon.scale

    def __len__(self) -> int:
        return len(self.places)

    def batch(self, rows: Array, part: tuple[int, int] | None = None) -> Batch:
        """The sentences of these numbers."""
        places, lengths = padded([self.places[i] for i in rows])
        targets, _ = padded([self.targets[i] for i in rows], fill=-1)
        live = np.arange(places.shape[1]) < lengths[:, None]
        distinct, at = np.unique(places[live], return_inverse=True)
        places[live] = at
        characters, word_lengths = padded([self.characters[i] for i in distinct.tolist()])
        vectors = None if self.vectors is None else self.vectors[distinct]
        count = int((targets >= 0).sum())
        return Batch(
            places, lengths, self.words[distinct], characters, word_lengths, vectors, targets, count, part
        )


def plain(word: str) -> str:
    """A word in the spelling of the vocabulary.

    >>> plain("B-52s")
    'b-00s'
    """
    return "".join("0" if letter.isdecimal() else letter for letter in word.lower())


def ends(word: str) -> str:
    """The characters of a word that are read: all, or the first and last HALF of a long one."""
    return word if len(word) <= 2 * HALF else word[:HALF] + word[-HALF:]
