"""Whether removed bias can be found again: what the tests of Gonen & Goldberg share.

The 2n most biased words are chosen by the original vectors; the question is whether the vectors at hand still
tell the two sides apart. The null repeats all of it, the choice of the words too, for directions of random
words (directions). Words: the first `limit` of the vocabulary, lower case, letters only, shorter than
20, none of `specific`.

Source: Gonen & Goldberg 2019, "Lipstick on a pig".
"""

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any

import numpy as np

from seqkit.core import options as settings_of
from seqkit.core.errors import FormatError, OptionError, VocabularyError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import (
    DEFAULT,
    LEVEL,
    Basis,
    BiasScore,
    MostWords,
    Options,
    Original,
    SetShape,
    Specific,
)
from seqkit.debias.measuring.directions import LEAST, MOST, around, random_directions
from seqkit.debias.measuring.geometry import TINY, orthonormal, unit
from seqkit.debias.measuring.resampling import interval, shuffled
from seqkit.embeddings.vectors.vectors import Vectors

LIMIT = 50_000


def candidates(vectors: Vectors, specific: Iterable[str] = (), limit: int = LIMIT) -> list[str]:
    """The words that may be chosen."""
    barred = set(specific)
    nonzero: Array = np.any(vectors.matrix[:limit], axis=1)
    rows = zip(vectors.vocab.tokens[:limit], nonzero, strict=True)
    return [w for w, live in rows if live and w.isalpha() and w.islower() and len(w) < 20 and w not in barred]


def projections(where: str, original: Vectors, words: Sequence[str], basis: Array) -> Annotated[Array, "N"]:
    """Cosine of each word with the first row of the basis."""
    g = orthonormal(where, basis, original.dim)[0]
    return unit(where, original[list(words)], words) @ g


def most_biased(
    where: str, original: Vectors, basis: Array, n: int, *, specific: Iterable[str] = (), limit: int = LIMIT
) -> tuple[list[str], Annotated[Array, "N"]]:
    """n words of the most positive and n of the most negative projection, and labels 1 and 0.

    Raises:  VocabularyError if fewer than 2n words may be chosen.
    """
    words = candidates(original, specific, limit)
    if n < 2 or 2 * n > len(words):
        raise VocabularyError(
            f"{where}: {len(words):,} words may be chosen, n = {n} needs {2 * n:,} and at least 4. Lower n."
        )
    order = np.argsort(-projections(where, original, words, basis), kind="stable")
    chosen = [words[i] for i in [*order[:n], *order[-n:]]]
    return chosen, np.repeat([1, 0], n)


def chosen_at_random(
    where: str,
    vectors: Vectors,
    original: Vectors,
    basis: Array,
    n: int,
    shape: tuple[int, int],
    *,
    specific: Iterable[str] = (),
    options: Options = DEFAULT,
) -> Iterator[Annotated[Array, "N D"]]:
    """Unit rows of the words that each of some random directions in `original` chooses, as most_biased does.

    Like definitional words, those that a direction is made of are left out.
    """
    draws = min(MOST, options.draws)
    if draws < LEAST:
        return
    words = candidates(original, specific)
    x = unit(where, original[words], words)
    g = orthonormal(where, basis, original.dim)
    bases, taken = random_directions(x[: options.pool], g, shape, draws, options.seed)
    for g, out in zip(bases[:, 0], taken, strict=True):
        free = np.delete(np.arange(len(words)), out)
        order = free[np.argsort(-(x[free] @ g), kind="stable")]
        few = min(n, len(order) // 2)
        yield rows_of(where, vectors, [words[i] for i in [*order[:few], *order[-few:]]])


def rows_of(where: str, vectors: Vectors, words: Sequence[str]) -> Annotated[Array, "N D"]:
    """Unit rows of words chosen elsewhere.

    Raises:  FormatError if they are all the same.
    """
    rows = unit(where, vectors[list(words)], words)
    if np.ptp(rows, axis=0).max() < TINY:
        raise FormatError(
            f"{where}: the {len(words)} words all have the same vector, so there is nothing to tell apart."
        )
    return rows


def probe(name: str, **told: Any) -> Callable[[Callable[..., Any]], Callable[..., BiasScore]]:
    """The measure of a classifier that is made by `make(seed, **settings)`: how well it finds the sides.

    told: what the score's signature says of the classifier, beside its settings.
    """

    def measure_of(make: Callable[..., Any]) -> Callable[..., BiasScore]:
        usual = {p.name: p.default for p in [*inspect.signature(make).parameters.values()][1:]}

        def measure(
            vectors: Vectors,
            basis: Basis,
            *,
            original: Original = None,
            n: MostWords = 2500,
            shape: SetShape = (10, 2),
            train: float = 0.2,
            seeds: Sequence[int] = (1, 2, 3, 4, 5),
            specific: Specific = (),
            options: Options = DEFAULT,
            **settings: Any,
        ) -> BiasScore:
            taken, settings = round(train * n), usual | settings
            if not seeds or not 1 <= taken < n:
                raise OptionError(
                    f"{name}: got {len(seeds)} seeds and a training share of {train} of {n}, expected at "
                    "least 1 seed and a part of n."
                )
            words, labels = most_biased(name, original or vectors, basis, n, specific=specific)
            x = rows_of(name, vectors, words)
            right, asked, by_seed = _tested(lambda seed: make(seed, **settings), x, labels, taken, seeds)

            others = chosen_at_random(
                name, vectors, original or vectors, basis, n, shape, specific=specific, options=options
            )
            null = _null(lambda seed: make(seed, **settings), others, train, seeds)

            def accuracy(i: Array) -> Array:
                return right[i].sum(-1) / np.maximum(asked[i].sum(-1), 1)

            chosen = {"n": n, "train": train, "seeds": list(seeds), "random_sets": list(shape)}
            chosen |= {**told, **settings}
            return BiasScore(
                name,
                float(np.mean(list(by_seed.values()))),
                2 * (n - taken),
                0,
                chosen | settings_of.to_json(options),
                interval(accuracy, 2 * n, options),
                0.5,
                around(_guessing(2 * (n - taken)), null),
                extra={"by_seed": by_seed},
            )

        measure.__name__, measure.__doc__, measure.__module__ = make.__name__, make.__doc__, make.__module__
        return measure

    return measure_of


def _null(
    make: Callable[[int], Any], others: Iterable[Array], train: float, seeds: Sequence[int]
) -> list[float]:
    """The accuracy on the words that each random direction chose, with one seed after the other."""
    found = []
    for i, rows in enumerate(others):
        labels, taken = np.repeat([1, 0], len(rows) // 2), max(1, round(train * len(rows) / 2))
        found.append(_tested(make, rows, labels, taken, [seeds[i % len(seeds)]])[2].popitem()[1])
    return found


def _tested(
    make: Callable[[int], Any], x: Array, labels: Array, taken: int, seeds: Sequence[int]
) -> tuple[Annotated[Array, "N"], Annotated[Array, "N"], dict[str, float]]:
    """How often each word was told right, how often it was asked, and the accuracy of each seed.

    taken: words of each side to train on.
    """
    n = len(x) // 2
    right, asked = np.zeros(2 * n), np.zeros(2 * n)
    by_seed = {}
    for seed in seeds:
        one, zero = shuffled(n, n, 2, seed)
        inside = np.concatenate([one[:taken], n + zero[:taken]])
        outside = np.setdiff1d(np.arange(2 * n), inside)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="lbfgs failed to converge")  # it may stop early
            hit = make(seed).fit(x[inside], labels[inside]).predict(x[outside]) == labels[outside]
        right[outside] += hit
        asked[outside] += 1
        by_seed[str(seed)] = float(hit.mean())
    return right, asked, by_seed


def _guessing(tested: int) -> tuple[float, float]:
    """The range of accuracies on `tested` words of one who guesses."""
    from scipy.stats import binom

    low, high = binom.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2], tested, 0.5) / tested
    return float(low), float(high)
