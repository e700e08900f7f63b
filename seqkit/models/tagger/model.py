"""Tagger: a label for every word of a sentence, such as parts of speech or named entities.

Not handled: several labels a word, raw text that must be cut into sentences first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, TypedDict, Unpack

import numpy as np

from seqkit.core import schema
from seqkit.core.errors import FormatError, OptionError, ShapeError
from seqkit.core.score import Score
from seqkit.core.types import Array, Arrays, part, prefixed
from seqkit.models.base import Model, Options, Run
from seqkit.models.tagger.features import Batch, Lexicon, Rows
from seqkit.models.tagger.labels import Labels, Tags
from seqkit.models.tagger.network import TaggerNetwork
from seqkit.models.tagger.options import SETTINGS
from seqkit.models.tagger.scores import check as check_labels
from seqkit.models.tagger.scores import error, scores
from seqkit.nn.resources import at_once, torch_threads
from seqkit.text.batches.buckets import Buckets, by_length
from seqkit.text.tokenizer import tokenizer
from seqkit.train.world import World

CHUNK = 4096  # sentences whose features are held at once

Sentences = Sequence[Sequence[str] | str]


class _Labels(TypedDict):
    names: list[str]
    scheme: Literal["iob1", "bio", "bioes"] | None
    given: Literal["iob1", "bio", "bioes"] | None


class _Meta(TypedDict):
    labels: _Labels
    coverage: schema.Share | None


@dataclass(frozen=True)
class Fitted:
    """Vocabularies, vectors, labels, and the share of the training text's words that have a vector."""

    lexicon: Lexicon
    labels: Labels
    coverage: float | None

    def network(self, o: Options) -> TaggerNetwork:
        """The untrained network."""
        return TaggerNetwork(
            len(self.lexicon.words),
            len(self.lexicon.characters),
            len(self.labels.names),
            o["recurrent"],
            o["tagger"],
            vector_size=self.lexicon.dim,
            allowed=self.labels.allowed(),
        )

    def to_arrays(self) -> Arrays:
        """The lexicon."""
        return prefixed("lexicon.", self.lexicon.to_arrays())

    def to_json(self) -> dict[str, Any]:
        """The labels and the coverage."""
        own = {"names": self.labels.names, "scheme": self.labels.scheme, "given": self.labels.given}
        return {"labels": own, "coverage": self.coverage}

    @classmethod
    def from_arrays(cls, arrays: Arrays, meta: Mapping[str, Any], o: Options) -> Self:
        """What to_arrays and to_json gave."""
        schema.check("tagger", meta, _Meta)
        own = meta["labels"]
        if len(names := own["names"]) != len(set(names)) or not names:
            raise FormatError(f"labels: got {len(names)} with equal ones, expected different ones.")
        if own["scheme"] is not None and own["given"] is None:
            raise FormatError(f"labels: got scheme {own['scheme']} and none in which they were given.")
        lexicon = Lexicon.from_arrays(part(arrays, "lexicon."))
        return cls(lexicon, Labels(**schema.known(own, _Labels)), meta["coverage"])


class Tagger(Model[Fitted]):
    """Labels words by their sentence; settings by name, as models.tagger.options lists them.

    X: sentences, each a list of words, or a text that is cut as the word tokenizer does. y: their lists of
    labels; None is a missing one. Labels that are spans come back in the scheme in which they were given, and
    are scored as spans.

    >>> Tagger(head="softmax").get_params()["head"]
    'softmax'
    """

    kind = "tagger"
    settings = SETTINGS
    record = Fitted

    @property
    def labels(self) -> Labels:
        """The classes and their scheme.  Raises:  OptionError before `fit`."""
        return self.fitted.labels

    @property
    def coverage(self) -> float | None:
        """The share of the training text's words that have a vector; None without vectors."""
        return self.fitted.coverage

    @property
    def classes_(self) -> list[str]:
        """Labels in the order of `predict_proba`'s columns, as they are learnt (see the setting scheme)."""
        return self.labels.names

    def fit(
        self,
        X: Sentences,
        y: Sequence[Tags],
        *,
        valid: tuple[Sentences, Sequence[Tags]] | None = None,
        vectors: Any = None,
        **run: Unpack[Run],
    ) -> Self:
        """Train on X and y; with `valid` keep the epoch with the least error there (1 - F1, or 1 - accuracy).

        vectors: Vectors that are read beside the trained embedding and stay as they are; `coverage` says how
        many words have one. run: see models.base.Run.
        Raises:  ShapeError if X and y differ in length; FormatError without words or labels, or for labels of
                 no scheme; TrainingError if the loss is not finite; OptionError if a resumed run differs.
        """
        words, own = _pairs(X, y), self.options["tagger"]
        check = [] if valid is None else _pairs(*valid)
        labels = Labels.learn(y, own.scheme)
        if valid is not None:
            if not check:
                raise FormatError("tagger: got no sentence to validate on, expected at least one.")
            check_labels(labels, valid[1])  # before training, not after an epoch
        lexicon = Lexicon.learn(words, own.min_count, vectors)
        rows = Rows(lexicon, words, labels.encode(y))
        coverage = None if vectors is None else 1 - rows.without / max(int(rows.lengths.sum()), 1)
        fitted = Fitted(lexicon, labels, coverage)
        network, shared = self._build(fitted), run.get("world") or World()
        batches = Buckets(
            rows.lengths,
            self.fit_options.batch,
            rows.batch,
            self._signature(words, y, lexicon),
            seed=self.options["recurrent"].seed,
            part=(shared.rank, shared.size),
        )

        def validate() -> float:
            assert valid is not None, "asked for with validation sentences alone"
            return error(labels, self._predict(network, fitted, check), valid[1])

        self._learn(fitted, network, batches, validate=None if valid is None else validate, **run)
        return self

    def predict(self, X: Sentences) -> list[list[str]]:
        """The labels of each sentence's words; other sentences do not change them."""
        return self._predict(self.network, self.fitted, _words(X))

    def predict_proba(self, X: Sentences) -> list[Array]:
        """p(label of a word | sentence) as (T, C) for each sentence; columns: `classes_`; CRF: marginals."""
        words = _words(X)
        found: list[Array] = [np.zeros((len(sentence), len(self.classes_)), np.float32) for sentence in words]
        for numbers, batch in self._groups(self.network, self.fitted, words):
            marginals = self.network.marginals(batch).float().cpu().numpy()
            for i, row, length in zip(numbers.tolist(), marginals, batch.lengths.tolist(), strict=True):
                found[i] = row[:length]
        return found

    def score(self, X: Sentences, y: Sequence[Tags]) -> float:
        """F1 of spans, or the share of labels that are right; `evaluate` says more."""
        return self.evaluate(X, y)[0].value

    def evaluate(self, X: Sentences, y: Sequence[Tags]) -> list[Score]:
        """All scores, the one that `score` gives first: see models.tagger.scores."""
        words = _pairs(X, y)
        lexicon = self.fitted.lexicon
        known = [[lexicon.knows(word) for word in sentence] for sentence in words]
        return scores(self.labels, self._predict(self.network, self.fitted, words), y, known)

    def _predict(self, network: TaggerNetwork, fitted: Fitted, words: list[list[str]]) -> list[list[str]]:
        found: list[list[str]] = [[] for _ in words]
        for numbers, batch in self._groups(network, fitted, words):
            decoded = network.decode(batch).cpu().numpy()
            for i, row, length in zip(numbers.tolist(), decoded, batch.lengths.tolist(), strict=True):
                found[i] = fitted.labels.decode(row[:length])
        return found

    def _groups(
        self, network: TaggerNetwork, fitted: Fitted, words: list[list[str]]
    ) -> Iterator[tuple[Array, Batch]]:
        """(numbers of the sentences, batch), without the empty ones, on `threads` threads."""
        steps = at_once("tag", network.output.weight.device)
        with torch_threads(self.threads):
            for first in range(0, len(words), CHUNK):
                rows = Rows(fitted.lexicon, words[first : first + CHUNK])
                for numbers in by_length(rows.lengths, steps):
                    if len(some := numbers[rows.lengths[numbers] > 0]):
                        yield some + first, rows.batch(some)


def _words(X: Sentences) -> list[list[str]]:
    if isinstance(X, str):
        raise OptionError(f"tagger: got the text {X[:40]!r}, expected a list of sentences. Put it in a list.")
    cut = tokenizer("word")
    return [cut.tokens(sentence) if isinstance(sentence, str) else list(sentence) for sentence in X]


def _pairs(X: Sentences, y: Sequence[Tags]) -> list[list[str]]:
    """The words of X; y must have a list of labels for each sentence, of the same length."""
    words = _words(X)
    if len(words) != len(y):
        raise ShapeError(
            f"tagger: got {len(words):,} sentences and {len(y):,} lists of labels, expected equal numbers."
        )
    for i, (sentence, tags) in enumerate(zip(words, y, strict=True)):
        if len(sentence) != len(tags):
            raise ShapeError(
                f"tagger: sentence {i:,} has {len(sentence)} words and {len(tags)} labels, expected equal "
                "numbers."
            )
    return words
