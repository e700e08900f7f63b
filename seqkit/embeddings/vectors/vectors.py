"""Word vectors: look up, compare, find neighbours, open and save. Immutable; the matrix may be memory-mapped.

device: where neighbours are searched (and blocks debiased): auto, which takes a GPU if there is one, cpu or
cuda[:n]. On a GPU the matrix stays after the first search (see neighbours.Space); all else is the CPU's.
Not handled: training (embeddings.training), test files of analogies and of rated pairs (embeddings.testsets).
"""

import copy
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, singledispatch
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np

from seqkit.core.device import gpu
from seqkit.core.errors import OptionError, ShapeError, VocabularyError
from seqkit.core.files import check_numbers
from seqkit.core.types import Array, Floats
from seqkit.embeddings.vectors import analogy, files
from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.neighbours import Space
from seqkit.text.vocab import Vocab

Missing = Literal["error", "skip", "unk"]
Neighbours = list[tuple[str, float]]


class Vectors:
    """One row of `matrix` for each token of `vocab`; cosines by cached norms, never by a second matrix.

    Shapes:  matrix (V, D) float32.
    missing: what an unknown word does: "error" with near spellings, "skip" it, or take the row "<unk>" if
    there is one.
    """

    device = "auto"

    def __init__(self, vocab: Vocab, matrix: Annotated[Floats, "V D"]) -> None:
        self.vocab = Contents(vocab, matrix).vocab  # which checks that they agree
        self._given: Floats | None = matrix if matrix.dtype == np.float32 else matrix.astype(np.float32)

    @cached_property
    def matrix(self) -> Annotated[Floats, "V D"]:
        """The vector of each word; those of a large file are checked when they are first asked for."""
        assert self._given is not None, "who has no matrix composes one"
        return check_numbers("matrix", self._given)

    def take(self, rows: Annotated[Array, "N"]) -> Annotated[Floats, "N D"]:
        """The vectors of some rows; of a large file only these are read."""
        if self._given is None or "matrix" in vars(self):
            return self.matrix[rows]
        return check_numbers("matrix", self._given, rows)

    @cached_property
    def norms(self) -> Annotated[Floats, "V"]:
        """Length of each row."""
        parts = [
            np.einsum("ij,ij->i", b, b, dtype=np.float64)
            for b in np.array_split(self.matrix, len(self) // 65536 + 1)
        ]
        norms: Floats = np.sqrt(np.concatenate(parts)).astype(np.float32)
        if (zero := int(np.count_nonzero(norms == 0))) and len(norms):
            first = self.vocab.tokens[int(np.argmin(norms))]
            warnings.warn(
                f"Vectors: {zero:,} rows are zero (first: {first!r}); their cosines count as 0.", stacklevel=2
            )
        return norms

    @cached_property
    def space(self) -> Space:
        """The rows as they are searched."""
        return Space(self.matrix, self.norms, self.device)

    def on(self, device: str) -> Self:
        """The same words and matrix, searched on another device: auto, cpu or cuda[:n].

        Raises:  BackendError if CUDA is asked for and there is none.
        """
        if device not in ("auto", "cpu"):
            gpu(device)
        made = copy.copy(self)
        for name in ("space", "_known"):  # what was made for the other device
            made.__dict__.pop(name, None)
        made.device = device
        return made

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int((self.matrix if self._given is None else self._given).shape[1])

    @property
    def key_to_index(self) -> dict[str, int]:
        """Row of each word (gensim's name)."""
        return self.vocab.index

    @property
    def index_to_key(self) -> list[str]:
        """Word of each row (gensim's name)."""
        return self.vocab.tokens

    def __len__(self) -> int:
        return len(self.vocab)

    def __iter__(self) -> Iterator[str]:
        return iter(self.vocab)

    def __contains__(self, word: object) -> bool:
        return word in self.vocab

    def __repr__(self) -> str:
        return f"Vectors({len(self):,} words, {self.dim} numbers each)"

    def __getitem__(self, words: str | Sequence[str]) -> Floats:
        """The vector of a word (D,), or of several (N, D)."""
        return self.take(self.rows([words]))[0] if isinstance(words, str) else self.take(self.rows(words))

    def rows(self, words: Iterable[str], *, missing: Missing = "error") -> Annotated[Array, "N"]:
        """Row numbers of words.

        Raises:  VocabularyError, with near spellings, for an unknown word when missing is "error".
        """
        found = [self._row(word, missing) for word in words]
        return np.array([row for row in found if row is not None], np.int64)

    def _row(self, word: str, missing: Missing = "error") -> int | None:
        row = self.vocab.index.get(word)
        if row is None and missing == "unk":
            row = self.vocab.index.get("<unk>")
        if row is None and missing != "skip":
            return self.vocab.id(word)  # raises
        return row

    def similarity(self, a: str, b: str) -> float:
        """Cosine of two words; 0 if either vector is zero."""
        rows = self.rows([a, b])
        lengths = float(np.prod(self.norms[rows], dtype=np.float64))
        x, y = self.matrix[rows].astype(np.float64)
        return float(x @ y) / lengths if lengths else 0.0

    def distance(self, a: str, b: str) -> float:
        """1 - cosine."""
        return 1.0 - self.similarity(a, b)

    def nearest(
        self, queries: Annotated[Array, "N D"] | Sequence[str], k: int = 10, *, restrict: int | None = None
    ) -> list[Neighbours]:
        """The k nearest words of each query by cosine, exactly; a query word itself is left out.

        restrict: look only among the first so many words (the most frequent).
        """
        words = np.zeros(0, np.int64) if isinstance(queries, np.ndarray) else self.rows(queries)
        vectors = queries if isinstance(queries, np.ndarray) else self.matrix[words]
        if vectors.ndim != 2 or vectors.shape[1] != self.dim:
            raise ShapeError(f"nearest: got queries of shape {vectors.shape}, expected (N, {self.dim}).")
        if k < 1:
            raise OptionError(f"nearest: got k = {k}, expected at least 1.")
        ids, scores = self.space.nearest(vectors, k + (len(words) > 0), restrict=restrict)
        found = []
        for n in range(len(vectors)):
            own = words[n] if len(words) else -1
            pairs = [
                (self.vocab.tokens[i], float(s))
                for i, s in zip(ids[n].tolist(), scores[n], strict=True)
                if i != own
            ]
            found.append(pairs[:k])
        return found

    def most_similar(
        self,
        positive: str | Floats | Sequence[str | Floats] = (),
        negative: str | Sequence[str | Floats] = (),
        *,
        topn: int = 10,
        restrict: int | None = None,
        missing: Missing = "error",
    ) -> Neighbours:
        """Words nearest to the mean of unit vectors, `positive` minus `negative`; these words are left out.

        Words or vectors may be given. Source: gensim's method of the same name.
        """
        given: list[int] = []
        total = np.zeros(self.dim)
        for sign, items in ((1, positive), (-1, negative)):
            single = isinstance(items, str) or (isinstance(items, np.ndarray) and items.ndim == 1)
            for item in [items] if single else items:
                vector, row = self._unit(item, missing)
                if row is not None:
                    given.append(row)
                total += sign * vector
        if not total.any():
            raise VocabularyError("most_similar: nothing to look for; give at least one known word.")
        ids, scores = self.space.nearest(total[None], topn + len(given), restrict=restrict)
        pairs = [
            (self.vocab.tokens[i], float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i not in given
        ]
        return pairs[:topn]

    def _unit(self, item: Any, missing: Missing) -> tuple[Array, int | None]:
        if isinstance(item, str):
            row = self._row(item, missing)
            if row is None:
                return np.zeros(self.dim), None
            return self.matrix[row] / (self.norms[row] or 1.0), row
        if np.shape(item) != (self.dim,):
            raise ShapeError(f"most_similar: got a vector of shape {np.shape(item)}, expected ({self.dim},).")
        return np.asarray(item) / (np.linalg.norm(item) or 1.0), None

    def analogy(
        self, a: str, b: str, c: str, *, method: str = "3cosadd", topn: int = 1, restrict: int | None = None
    ) -> Neighbours:
        """Words d with "a is to b as c is to d", best first; a, b and c are left out.

        method: 3cosadd, 3cosmul or euclidean; see seqkit.embeddings.vectors.analogy for the formulas.
        """
        question = self.rows([a, b, c])[None]
        ids, scores = analogy.solve(self.space, question, method=method, topn=topn, restrict=restrict)
        return [
            (self.vocab.tokens[i], float(score)) for i, score in zip(ids[0], scores[0], strict=True) if i >= 0
        ]

    def doesnt_match(self, words: Sequence[str], *, missing: Missing = "error") -> str:
        """The odd one out: the word whose unit vector has the least cosine with their mean."""
        rows = self.rows(words, missing=missing)
        if len(rows) < 2:
            raise VocabularyError(f"doesnt_match: got {len(rows)} known words, expected at least 2.")
        unit = self.matrix[rows] / np.where(self.norms[rows] > 0, self.norms[rows], 1)[:, None]
        return str(self.vocab.tokens[rows[int(np.argmin(unit @ unit.mean(0)))]])

    def rank(self, a: str, b: str) -> int:
        """The place of b among the neighbours of a, the nearest at 1."""
        return len(self.closer_than(a, b)) + 1

    def closer_than(self, a: str, b: str) -> list[str]:
        """All words nearer to a than b is."""
        row, other = self.rows([a, b])
        scores = self.matrix @ self.matrix[row] / np.where(self.norms > 0, self.norms, 1)
        nearer = np.flatnonzero(scores > scores[other])
        return [self.vocab.tokens[i] for i in nearer if i not in (row, other)]

    def restrict(self, words: int | Iterable[str], *, missing: Missing = "error") -> "Vectors":
        """The first so many words, or the words given, as new Vectors."""
        if isinstance(words, int):
            few = Vocab(self.vocab.tokens[:words], self.vocab.counts[:words])
            return Vectors(few, self.matrix[:words]).on(self.device)
        rows = np.array(list(dict.fromkeys(self.rows(words, missing=missing).tolist())), np.int64)
        few = Vocab(self.vocab.words(rows), self.vocab.counts[rows])
        return Vectors(few, self.matrix[rows]).on(self.device)

    def save(self, path: str | os.PathLike[str], format: str = "native", **options: Any) -> None:
        """Write to a file or, if native, a folder; names and options: embeddings.vectors.formats."""
        files.save(self._contents(), Path(path), format, **options)

    @staticmethod
    def load(
        path: str | os.PathLike[str], format: str | None = None, *, device: str = "auto", **options: Any
    ) -> "Vectors":
        """Open vectors of any known format; it is detected by content and name unless given.

        device: where neighbours are searched, as `on` has it.
        options: lenient, drop_nonfinite, errors, limit, as seqkit.embeddings.vectors.files.Reading has them.
        """
        if device not in ("auto", "cpu"):
            gpu(device)  # before anything is read
        return from_contents(files.load(Path(path), format, **options)).on(device)

    def _contents(self) -> Contents:
        return Contents(self.vocab, self.matrix)


@singledispatch
def from_contents(contents: Contents) -> Vectors:
    """The vectors that a file holds; a class with contents of its own registers itself here."""
    return Vectors(contents.vocab, contents.matrix)
