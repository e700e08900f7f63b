"""Copies: texts that appear twice, word for word or nearly, within a part or in two parts of the data.

Two texts are near when the Jaccard similarity |A ∩ B| / |A ∪ B| of their sets of three neighbouring words is
at least `threshold`. Case, punctuation, Unicode form and spacing do not count. The search is exact, not
sampled: no pair is missed. Not handled: translations and paraphrases; texts of one part that are near but not
equal.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import OptionError
from seqkit.core.types import Array

WORDS = 3  # neighbouring words in a shingle: one changed word in the middle of 30 leaves 0.81
_OTHER = re.compile(r"[\W_]+")
_PAIRS = 2_000_000  # candidate pairs looked at at a time


@dataclass(frozen=True)
class Copy:
    """A row of `part` and the most similar row of the earlier part `of`; exact: equal word for word."""

    part: str
    row: int
    of: str
    of_row: int
    similarity: float
    exact: bool


@dataclass(frozen=True)
class Duplicates:
    """What `duplicates` found.

    copies: between parts, each row once for each earlier part. within: part -> rows that repeat an earlier
    row of it. contradictions: part -> rows whose text stands in the same part with another label.
    """

    threshold: float
    sizes: dict[str, int]
    copies: list[Copy]
    within: dict[str, int]
    contradictions: dict[str, int] = field(default_factory=dict)

    def rows(self, part: str, of: str) -> Annotated[Array, "N"]:
        """The rows of `part` that stand in `of`."""
        return np.array([copy.row for copy in self.copies if (copy.part, copy.of) == (part, of)], np.int64)

    def table(self) -> list[dict[str, Any]]:
        """A row for each pair of parts: how many rows are copies, word for word and nearly, of how many."""
        names = list(self.sizes)
        found = Counter((copy.part, copy.of, copy.exact) for copy in self.copies)
        return [
            {
                "part": part,
                "of": of,
                "exact": found[part, of, True],
                "near": found[part, of, False],
                "rows": self.sizes[part],
            }
            for i, part in enumerate(names)
            for of in names[:i]
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "threshold": self.threshold,
            "words": WORDS,
            "sizes": self.sizes,
            "between": self.table(),
            "within": self.within,
            "contradictions": self.contradictions,
            "copies": [vars(copy) for copy in self.copies],
        }


def plain(text: str) -> str:
    """The form in which texts are compared: lower-case letters and digits (Unicode NFKC), single spaces.

    >>> plain("Good,  GOOD film!")
    'good good film'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    if folded.isascii():
        return _OTHER.sub(" ", folded).strip()
    return " ".join("".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded).split())


def duplicates(
    parts: Mapping[str, Sequence[str]],
    *,
    threshold: float = 0.8,
    labels: Mapping[str, Sequence[Hashable]] | None = None,
) -> Duplicates:
    """Copies of rows of earlier parts in later ones, so train comes first.

    The time grows with the number of pairs that share one of their rarest shingles: nearly linear for texts
    people wrote (100,000 in seconds), up to quadratic for texts made from few templates. A text without a
    letter or digit is left out.
    Raises:  OptionError for a threshold out of (0, 1].
    Source:  Chaudhuri, Ganti & Kaushik 2006 (prefix filter); Broder 1997 (shingles).
    """
    if not 0 < threshold <= 1:
        raise OptionError(f"duplicates: got threshold {threshold}, expected above 0 and at most 1.")
    texts = {name: [plain(text) for text in rows] for name, rows in parts.items()}
    numbers: dict[str, int] = {}  # of each distinct text
    ids = {
        name: np.array([numbers.setdefault(t, len(numbers)) if t else -1 for t in rows])
        for name, rows in texts.items()
    }
    near = _Near(list(numbers), threshold)
    copies = []
    for i, name in enumerate(parts):
        for earlier in list(parts)[:i]:
            of, first = np.unique(ids[earlier], return_index=True)
            own = np.unique(ids[name][ids[name] >= 0])
            best = near.best(own, of[of >= 0])
            row_of = dict(zip(of.tolist(), first.tolist(), strict=True))
            copies += [
                Copy(name, row, earlier, row_of[best[text][0]], best[text][1], text == best[text][0])
                for row, text in enumerate(ids[name].tolist())
                if text in best
            ]
    within = {name: int((rows >= 0).sum() - len(np.unique(rows[rows >= 0]))) for name, rows in ids.items()}
    contradictions = {name: _contradictions(ids[name], rows) for name, rows in (labels or {}).items()}
    return Duplicates(
        threshold, {name: len(rows) for name, rows in parts.items()}, copies, within, contradictions
    )


def _contradictions(ids: Array, labels: Sequence[Hashable]) -> int:
    seen: dict[int, set[Hashable]] = {}
    for text, label in zip(ids.tolist(), labels, strict=True):
        seen.setdefault(text, set()).add(label)
    return sum(len(seen[text]) > 1 for text in ids.tolist() if text >= 0)


def _shingles(texts: Sequence[str]) -> tuple[Annotated[Array, "N"], Annotated[Array, "N"]]:
    """(text, shingle) by number; a shorter text is one shingle, filled up with nothing."""
    known: dict[str, int] = {}
    rows = [[known.setdefault(word, len(known) + 1) for word in text.split()] for text in texts]
    lengths = np.array([len(row) for row in rows], np.int64)
    words = np.array([word for row in rows for word in (*row, *[0] * (WORDS - 1))], np.int64)
    counts = np.maximum(lengths - WORDS + 1, 1)
    owner = np.repeat(np.arange(len(rows)), counts)
    firsts = np.cumsum(lengths + WORDS - 1) - (lengths + WORDS - 1)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts) + firsts[owner]
    shingles = words[place]
    for step in range(1, WORDS):  # numbers of pairs, then of threes: exact, no hash
        shingles = np.unique(shingles * (len(known) + 1) + words[place + step], return_inverse=True)[1]
    return owner, shingles


class _Near:
    """The shingles of distinct texts as a sparse matrix of 0 and 1, rarest shingle first."""

    def __init__(self, texts: Sequence[str], threshold: float) -> None:
        from scipy.sparse import csr_array

        self.threshold = threshold
        owner, shingles = _shingles(texts)
        number, counts = np.unique(shingles, return_inverse=True, return_counts=True)[1:]
        rank = np.empty(len(counts), np.int64)
        rank[np.argsort(counts, kind="stable")] = np.arange(len(counts))
        owner, columns = np.divmod(np.unique(owner * max(len(counts), 1) + rank[number]), max(len(counts), 1))
        self.sizes = np.bincount(owner, minlength=len(texts))
        starts = np.concatenate([[0], np.cumsum(self.sizes)])
        # sets as similar as that share one of the first n - ceil(threshold n) + 1 shingles of any fixed order
        kept = self.sizes - np.ceil(threshold * self.sizes - 1e-9).astype(np.int64) + 1
        first = np.arange(len(columns)) - starts[owner] < kept[owner]
        ends = np.concatenate([[0], np.cumsum(np.bincount(owner[first], minlength=len(texts)))])
        shape = (len(texts), max(len(counts), 1))
        self.all = csr_array((np.ones(len(columns), np.int32), columns, starts), shape=shape)
        self.prefix = csr_array((np.ones(int(first.sum()), np.int32), columns[first], ends), shape=shape)

    def best(self, own: Array, of: Array) -> dict[int, tuple[int, float]]:
        """text of `own` -> (most similar text of `of`, similarity), where near enough; the same text at 1."""
        found = {text: (text, 1.0) for text in np.intersect1d(own, of).tolist()}
        rest = np.setdiff1d(own, of)
        index = self.prefix[of].T.tocsr()
        weight = self.prefix[rest] @ np.diff(index.indptr)  # candidates of each row, at most
        for rows in np.split(rest, np.flatnonzero(np.diff(np.cumsum(weight) // _PAIRS)) + 1):
            if not len(rows):
                continue
            pairs = (self.prefix[rows] @ index).tocoo()
            a, b = rows[pairs.row], of[pairs.col]
            shared = np.asarray(self.all[a].multiply(self.all[b]).sum(1)).ravel()
            similarity = shared / (self.sizes[a] + self.sizes[b] - shared)
            near = np.flatnonzero(similarity >= self.threshold - 1e-12)
            for i in near[
                np.lexsort((-b[near], similarity[near]))
            ].tolist():  # the last one stays: the largest, then the first
                found[int(a[i])] = (int(b[i]), float(similarity[i]))
        return found
