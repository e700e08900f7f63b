"""Vectors of words from their n-grams of characters, as in fastText: a word never seen has a vector too.

    v(w) = mean of the rows of w itself, if it is known, and of its n-grams          Bojanowski et al. 2017

n-gram g has the row words + hash(g) mod buckets (seqkit.embeddings.vectors.ngrams). Equal to fastText's to
the last bit. Not handled: pruned and quantised models (.ftz); for training see objectives.subwords.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from seqkit.core.errors import FormatError, OptionError, VocabularyError, did_you_mean
from seqkit.core.files import check_numbers
from seqkit.core.types import Array, Floats
from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.formats._fasttext import read
from seqkit.embeddings.vectors.ngrams import NgramTable, buckets_of, mean_rows
from seqkit.embeddings.vectors.vectors import Missing, Neighbours, Vectors, from_contents
from seqkit.text.vocab import Vocab


@dataclass(frozen=True)
class SubwordContents(Contents):
    """What a file of SubwordVectors holds: the vectors of the known words, and the rows they are means of."""

    ngrams: NgramTable

    def __post_init__(self) -> None:
        super().__post_init__()
        self.ngrams.check(len(self.vocab))


class SubwordVectors(Vectors):
    """Vectors whose `matrix` is composed of a table of rows. Words never seen have vectors too.

    Neighbours and answers are always known words; `restrict`, `vectors` and erasers give plain Vectors,
    without n-grams.

    Shapes:  table (words + buckets, D) float32, may be memory-mapped. min_n, max_n: characters in an n-gram;
             max_n 0: none. matrix (words, D): composed at first use, unless it is given.
    """

    def __init__(
        self,
        vocab: Vocab,
        table: Annotated[Floats, "N D"],
        *,
        min_n: int,
        max_n: int,
        buckets: int,
        matrix: Annotated[Floats, "V D"] | None = None,
    ) -> None:
        self.ngrams = NgramTable(table, min_n, max_n, buckets)
        self.ngrams.check(len(vocab))
        self.vocab, self.table, self.min_n, self.max_n, self.buckets = vocab, table, min_n, max_n, buckets
        self._given = matrix

    @cached_property
    def matrix(self) -> Annotated[Floats, "V D"]:
        """The vector of each known word."""
        return self.ngrams.compose(self.vocab.tokens) if self._given is None else super().matrix

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self.table.shape[1])

    def __len__(self) -> int:
        return len(self.vocab)

    def __repr__(self) -> str:
        return f"SubwordVectors({len(self):,} words, {self.buckets:,} buckets, {self.dim} numbers each)"

    def __getitem__(self, words: str | Sequence[str]) -> Floats:
        """The vector of a word (D,), or of several (N, D), known or not."""
        return (
            self.of(words)
            if isinstance(words, str)
            else np.array([self.of(word) for word in words]).reshape(-1, self.dim)
        )

    def parts(self, word: str) -> Annotated[Array, "N"]:
        """The table's rows whose mean is the vector of a word: its own, if it is known, and its n-grams'."""
        own = self.vocab.index.get(word)
        hashed = [len(self) + bucket for bucket in buckets_of(word, self.min_n, self.max_n, self.buckets)]
        return np.array([*([] if own is None else [own]), *hashed], np.int64)

    def of(self, word: str) -> Annotated[Floats, "D"]:
        """The vector of any word that has an n-gram, known or not.

        Raises:  VocabularyError for an unknown word without n-grams; FormatError if a row of it is not
                 finite.
        """
        rows = self.parts(word)
        if not len(rows):
            raise VocabularyError(
                f"{word!r} is not in the vocabulary ({len(self):,} tokens) and has no n-gram of "
                f"{self.min_n} to {self.max_n} "
                f"characters.{did_you_mean(word, self.vocab.tokens)}"
            )
        few = check_numbers("table", self.table, rows)
        found: Floats = mean_rows(few, np.arange(len(rows)), np.array([0, len(rows)]))[0]
        if not np.isfinite(found).all():
            raise FormatError(
                f"subword: the vector of {word!r} holds nan or inf. The file it came from is damaged."
            )
        return found

    def vectors(self, limit: int | None = None) -> Vectors:
        """Vectors of the known words (the first `limit`), as fastText prints them."""
        size = len(self) if limit is None else min(limit, len(self))
        matrix = self.matrix if size == len(self) else self.ngrams.compose(self.vocab.tokens[:size])
        return Vectors(Vocab(self.vocab.tokens[:size], self.vocab.counts[:size]), matrix).on(self.device)

    @cached_property
    def _known(self) -> Vectors:
        return self.vectors()

    def similarity(self, a: str, b: str) -> float:
        """Cosine of two words, known or not; 0 if either vector is zero."""
        x, y = self[[a, b]].astype(np.float64)
        lengths = float(np.linalg.norm(x) * np.linalg.norm(y))
        return float(x @ y) / lengths if lengths else 0.0

    def nearest(
        self, queries: Annotated[Array, "N D"] | Sequence[str], k: int = 10, *, restrict: int | None = None
    ) -> list[Neighbours]:
        """The k nearest known words of each query by cosine; a query word itself is left out."""
        if isinstance(queries, np.ndarray):
            return super().nearest(queries, k, restrict=restrict)
        found = super().nearest(self[queries], k + 1, restrict=restrict)
        return [
            [pair for pair in pairs if pair[0] != word][:k]
            for word, pairs in zip(queries, found, strict=True)
        ]

    def analogy(self, a: str, b: str, c: str, **settings: Any) -> Neighbours:
        """Known words d with "a is to b as c is to d", best first. settings: as in Vectors.analogy."""
        return self._with([a, b, c]).analogy(a, b, c, **settings)

    def doesnt_match(self, words: Sequence[str], *, missing: Missing = "error") -> str:
        """The odd one out of words, known or not."""
        return self._with(words).doesnt_match(words, missing=missing)

    def _with(self, words: Sequence[str]) -> Vectors:
        """The known words, and the unseen ones of `words` that have n-grams behind them."""
        unseen = [word for word in dict.fromkeys(words) if word not in self.vocab and len(self.parts(word))]
        if not unseen:
            return self._known
        vocab = Vocab([*self.vocab.tokens, *unseen], np.zeros(len(self) + len(unseen), np.int64))
        return Vectors(vocab, np.concatenate([self.matrix, self[unseen]])).on(self.device)

    def _unit(self, item: Any, missing: Missing) -> tuple[Array, int | None]:
        unseen = isinstance(item, str) and item not in self.vocab and len(self.parts(item))
        return super()._unit(self.of(item) if unseen else item, missing)

    def _contents(self) -> SubwordContents:
        return SubwordContents(self.vocab, self.matrix, self.ngrams)

    @staticmethod
    def load(  # type: ignore[override]  # other formats hold no n-grams
        path: str | os.PathLike[str], *, errors: Literal["strict", "replace"] = "strict"
    ) -> "SubwordVectors":
        """Open a folder or .bin that `save` wrote, or fastText's own .bin; rows are read when they are used.

        Raises:  FormatError, naming the byte, for a file that is missing, damaged, lying, pruned or
                 quantised, and for vectors without n-grams.
        """
        if errors not in ("strict", "replace"):
            raise OptionError(
                f"errors: got {errors!r}, expected strict or replace (U+FFFD for invalid UTF-8)."
            )
        if not Path(path).is_dir():
            if not Path(path).is_file():
                raise FormatError(f"{path}: no such file.")
            vocab, ngrams = read(Path(path), errors=errors)
            return _make(vocab, ngrams)
        found = Vectors.load(path)
        if not isinstance(found, SubwordVectors):
            raise FormatError(f"{path}: holds {found} without n-grams. Open it as Vectors.")
        return found


def _make(vocab: Vocab, ngrams: NgramTable, matrix: Floats | None = None) -> SubwordVectors:
    settings = {"min_n": ngrams.min_n, "max_n": ngrams.max_n, "buckets": ngrams.buckets}
    return SubwordVectors(vocab, ngrams.table, matrix=matrix, **settings)


@from_contents.register
def _(contents: SubwordContents) -> SubwordVectors:
    return _make(contents.vocab, contents.ngrams, contents.matrix)
