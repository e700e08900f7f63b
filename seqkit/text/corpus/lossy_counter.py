"""Counting words in bounded memory, for vocabularies that do not fit."""

from collections.abc import Iterable


class LossyCounter:
    """Counts the frequent words of a stream with at most about (1 / ε) · log(ε n) entries.

    After n words: a word whose true count is above ε n is there, and counts[w] ≤ true count ≤ counts[w] + ε
    n.
    Source:  Manku & Motwani 2002, "Approximate frequency counts over data streams", lossy counting.

    >>> counter = LossyCounter(0.1)
    >>> counter.update("abababababx")
    >>> counter.most_common(2)
    [('a', 5), ('b', 5)]
    """

    def __init__(self, epsilon: float = 1e-7) -> None:
        if not 0 < epsilon < 1:
            from seqkit.core.errors import OptionError

            raise OptionError(f"LossyCounter: got epsilon {epsilon!r}, expected between 0 and 1.")
        self.epsilon, self.n = epsilon, 0
        self._width = int(1 / epsilon)
        self._counts: dict[str, int] = {}
        self._late: dict[
            str, int
        ] = {}  # how often a word may have been counted and forgotten before it was added (again)

    def update(self, words: Iterable[str]) -> None:
        """Count words."""
        for word in words:
            self.n += 1
            if word in self._counts:
                self._counts[word] += 1
            else:
                self._counts[word], self._late[word] = 1, (self.n - 1) // self._width
            if self.n % self._width == 0:
                self._forget(self.n // self._width)

    def _forget(self, bucket: int) -> None:
        gone = [word for word, count in self._counts.items() if count + self._late[word] <= bucket]
        for word in gone:
            del self._counts[word], self._late[word]

    @property
    def error(self) -> int:
        """No count is too low by more than this: ε n."""
        return int(self.epsilon * self.n)

    @property
    def counts(self) -> dict[str, int]:
        """The counts kept; feed them to Vocab.from_counts, with unread = n - their sum."""
        return dict(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def most_common(self, k: int) -> list[tuple[str, int]]:
        """The k most common words, ties in the order they were added."""
        return sorted(self._counts.items(), key=lambda pair: -pair[1])[:k]
