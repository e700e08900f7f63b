"""Tagger: a label for every word of a sentence (parts of speech, named entities); train, predict, score, save
and load.

Not handled: several labels a word, raw text that must be cut into sentences first.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch

from seqkit.core import options
from seqkit.core.device import device as find_device
from seqkit.core.errors import FormatError, OptionError, ShapeError
from seqkit.core.score import Score
from seqkit.core.types import Array, Arrays
from seqkit.models.base import FitOptions, Model
from seqkit.models.encoder import EncoderOptions
from seqkit.models.tagger.features import Batch, Lexicon, Rows
from seqkit.models.tagger.labels import Labels, Tags
from seqkit.models.tagger.network import TaggerNetwork, TaggerOptions
from seqkit.models.tagger.scores import check as check_labels
from seqkit.models.tagger.scores import error, scores
from seqkit.nn.cell import cells
from seqkit.text.batches.buckets import Buckets, by_length
from seqkit.text.tokenizer import tokenizer
from seqkit.train.gradient_options import GradientOptions
from seqkit.train.log import Log
from seqkit.train.progress import Progress
from seqkit.train.world import World

STEPS = 4096  # words that are predicted at once, with padding
CHUNK = 4096  # sentences whose features are held at once

Sentences = Sequence[Sequence[str] | str]


class Tagger(Model):
    """Labels words by their sentence; settings are those of EncoderOptions, TaggerOptions, FitOptions and
    GradientOptions.

    X: sentences, each a list of words, or a text that is cut as the word tokenizer does. y: their lists of
    labels; None is a missing one. Labels that are spans come back in the scheme they came in, and are scored
    as spans.

    >>> Tagger(head="softmax").get_params()["head"]
    'softmax'
    """

    kind = "tagger"
    groups: ClassVar[dict[str, Any]] = {
        "encoder": EncoderOptions,
        "tagger": TaggerOptions,
        "fit": FitOptions,
        "gradient": GradientOptions,
    }
    defaults: ClassVar[dict[str, Any]] = {"optimizer": "adamw", "clip": 1.0, "embed_dim": 50}
    encoder_options: EncoderOptions
    tagger_options: TaggerOptions

    def __init__(self, *, device: str = "auto", threads: int | None = None, **settings: Any) -> None:
        super().__init__(device=device, threads=threads, **settings)
        self.coverage: float | None = None  # share of the training text's words that have a vector
        self._lexicon: Lexicon | None = None
        self._labels: Labels | None = None

    @property
    def labels(self) -> Labels:
        """The classes and their scheme.  Raises:  OptionError before `fit`."""
        found: Labels = self._trained(self._labels)
        return found

    @property
    def classes_(self) -> list[str]:
        """Labels in the order of `predict_proba`'s columns: those that are learnt (see the setting
        scheme).
        """
        return self.labels.names

    @property
    def network(self) -> TaggerNetwork:
        """The torch module.  Raises:  OptionError before `fit`."""
        found: TaggerNetwork = self._trained(self._network)
        return found

    def fit(
        self,
        X: Sentences,
        y: Sequence[Tags],
        *,
        valid: tuple[Sentences, Sequence[Tags]] | None = None,
        vectors: Any = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        logs: Sequence[Log] = (),
        world: World | None = None,
    ) -> Self:
        """Train on X and y; with `valid` keep the weights of the epoch with the least error there (1 - F1, or
        1 - accuracy).

        vectors: Vectors that are read beside the trained embedding and stay as they are; `coverage` says how
        many words have one. checkpoint, resume, world: as for LanguageModel.fit.
        Raises:  ShapeError if X and y differ in length; FormatError without words or labels, or for labels of
                 no scheme; TrainingError if the loss is not finite; OptionError if a resumed run differs.
        """
        words = _pairs(X, y)
        check = [] if valid is None else _pairs(*valid)
        self._labels = Labels.learn(y, self.tagger_options.scheme)
        if valid is not None:
            if not check:
                raise FormatError("tagger: the validation has no sentence, expected at least one.")
            check_labels(self._labels, valid[1])  # before the work, not after an epoch
        self._lexicon = lexicon = Lexicon.learn(words, self.tagger_options.min_count, vectors)
        rows = Rows(lexicon, words, self._labels.encode(y))
        self.coverage = None if vectors is None else 1 - rows.without / max(int(rows.lengths.sum()), 1)
        network = self._make()
        shared = world or World()
        digest = hashlib.sha256(
            "\n".join([" ".join([*words[i], *map(str, y[i])]) for i in range(len(words))]).encode()
        )
        settings: dict[str, Any] = {"sentences": digest.hexdigest(), "lexicon": lexicon.fingerprint()}
        for group in ("encoder", "tagger", "fit"):
            settings |= options.to_json(getattr(self, f"{group}_options"))
        del settings["epochs"]
        batches = Buckets(
            rows.lengths,
            self.fit_options.batch,
            rows.batch,
            settings,
            seed=self.encoder_options.seed,
            part=(shared.rank, shared.size),
        )

        self._learn(
            network,
            batches,
            checkpoint=checkpoint,
            resume=resume,
            report=report,
            logs=logs,
            world=shared,
            validate=None
            if valid is None
            else lambda: error(self.labels, self._predict(network, check), valid[1]),
        )
        return self

    def predict(self, X: Sentences) -> list[list[str]]:
        """The labels of each sentence's words, whatever stands beside it."""
        return self._predict(self.network, _words(X))

    def predict_proba(self, X: Sentences) -> list[Array]:
        """p(label of a word | sentence) as (T, C) for each sentence, in the order of `classes_`: a CRF's
        marginals.
        """
        words = _words(X)
        found: list[Array] = [np.zeros((len(sentence), len(self.classes_)), np.float32) for sentence in words]
        for numbers, batch in self._groups(words):
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
        lexicon: Lexicon = self._trained(self._lexicon)
        known = [[lexicon.knows(word) for word in sentence] for sentence in words]
        return scores(self.labels, self._predict(self.network, words), y, known)

    def _predict(self, network: TaggerNetwork, words: list[list[str]]) -> list[list[str]]:
        found: list[list[str]] = [[] for _ in words]
        for numbers, batch in self._groups(words):
            decoded = network.decode(batch).cpu().numpy()
            for i, row, length in zip(numbers.tolist(), decoded, batch.lengths.tolist(), strict=True):
                found[i] = self.labels.decode(row[:length])
        return found

    def _groups(self, words: list[list[str]]) -> Iterator[tuple[Array, Batch]]:
        """(numbers of the sentences, batch), without the empty ones; meanwhile torch has `threads`
        threads.
        """
        threads_before = torch.get_num_threads()
        torch.set_num_threads(self.threads or threads_before)
        try:
            for first in range(0, len(words), CHUNK):
                rows = Rows(self._trained(self._lexicon), words[first : first + CHUNK])
                for numbers in by_length(rows.lengths, STEPS):
                    if len(some := numbers[rows.lengths[numbers] > 0]):
                        yield some + first, rows.batch(some)
        finally:
            torch.set_num_threads(threads_before)

    def _contents(self) -> tuple[Arrays, dict[str, Any]]:
        lexicon: Lexicon = self._trained(self._lexicon)
        labels = {"names": self.labels.names, "scheme": self.labels.scheme, "given": self.labels.given}
        return {f"lexicon.{name}": a for name, a in lexicon.to_arrays().items()}, {
            "labels": labels,
            "coverage": self.coverage,
        }

    def _restore(self, arrays: Arrays, meta: dict[str, Any]) -> TaggerNetwork:
        self._labels, self.coverage = Labels(**meta["labels"]), meta["coverage"]
        own = {
            name.removeprefix("lexicon."): array
            for name, array in arrays.items()
            if name.startswith("lexicon.")
        }
        self._lexicon = Lexicon.from_arrays(own)
        return self._make()

    def _make(self) -> TaggerNetwork:
        s, t = self.encoder_options, self.tagger_options
        lexicon: Lexicon = self._trained(self._lexicon)
        wide = s.embed_dim + lexicon.dim + t.char_size
        rows = cells.load(s.cell).gates * s.hidden_size * (s.output_size // s.hidden_size)
        layers = wide + s.hidden_size + (s.num_layers - 1) * (s.output_size + s.hidden_size)
        self._check_memory(len(lexicon.words) * s.embed_dim + rows * layers)
        network = TaggerNetwork(
            len(lexicon.words),
            len(lexicon.characters),
            len(self.classes_),
            s,
            t,
            vector_size=lexicon.dim,
            allowed=self.labels.allowed(),
        )
        return network.to(find_device(self.device))


def _words(X: Sentences) -> list[list[str]]:
    if isinstance(X, str):
        raise OptionError(
            f"tagger: the text {X[:40]!r} came, expected a list of sentences. Put it in a list."
        )
    cut = tokenizer("word")
    return [cut.tokens(sentence) if isinstance(sentence, str) else list(sentence) for sentence in X]


def _pairs(X: Sentences, y: Sequence[Tags]) -> list[list[str]]:
    """The words of X, of which y must have as many sentences and labels."""
    words = _words(X)
    if len(words) != len(y):
        raise ShapeError(
            f"tagger: {len(words):,} sentences and {len(y):,} lists of labels came, expected as many."
        )
    for i, (sentence, tags) in enumerate(zip(words, y, strict=True)):
        if len(sentence) != len(tags):
            raise ShapeError(
                f"tagger: sentence {i:,} has {len(sentence)} words and {len(tags)} labels, expected as many."
            )
    return words
