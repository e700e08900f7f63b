"""WindowModel: word vectors by a neural language model of a fixed window, as they were first learnt.

    x = e(context word 1), e(context word 2), ... side by side    h = tanh(W x + b)    p = softmax(U h + c)

    context     predicts a word from                            source
    last        the `window` words before it                    Bengio et al. 2003
    both        `window` words on each side                     Collobert & Weston 2008 (there by ranking)
    last-one    the word before it
    nearby      one word, drawn from `window` on each side      skip-gram with a hidden layer

A context ends with its sentence; beyond it stands a learnt row, the same for all places.
Not handled: contexts across sentences; vectors of words that are seen less than `min_count`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypedDict, Unpack

import numpy as np
import torch

from seqkit.core import schema
from seqkit.core.errors import FormatError, OptionError
from seqkit.core.score import Loss, Score
from seqkit.core.types import Arrays, Ids
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.base import Model, Options, Run
from seqkit.models.window.network import WindowNetwork, Windows
from seqkit.models.window.options import SETTINGS, WindowModelOptions
from seqkit.nn.weights import start_embedding
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab

CAUSAL = ("last", "last-one")  # contexts of which the product of predictions is the probability of a text


class _Meta(TypedDict):
    specials: dict[str, int]


@dataclass(frozen=True)
class Fitted:
    """The words it knows."""

    vocab: Vocab

    def network(self, o: Options) -> WindowNetwork:
        """The untrained network."""
        return WindowNetwork(len(self.vocab), o["window"])

    def to_arrays(self) -> Arrays:
        """The words."""
        return self.vocab.to_arrays()

    def to_json(self) -> dict[str, Any]:
        """The special ones."""
        return {"specials": self.vocab.specials}

    @classmethod
    def from_arrays(cls, arrays: Arrays, meta: Mapping[str, Any], o: Options) -> Self:
        """What to_arrays and to_json gave."""
        return cls(Vocab.from_arrays(arrays, schema.check("window model", meta, _Meta)["specials"]))

    def vectors(self, network: WindowNetwork) -> Vectors:
        """The embedding's rows of all words but special ones (the end of a sentence stays)."""
        special = [i for name, i in self.vocab.specials.items() if name != "eos"]
        rows = np.setdiff1d(np.arange(len(self.vocab)), special)
        matrix = network.embedding.detach().cpu().numpy()[rows]
        return Vectors(Vocab(self.vocab.words(rows), self.vocab.counts[rows]), matrix)


class WindowModel(Model[Fitted]):
    """A fixed-window neural language model; settings by name, as models.window.options lists them.

    >>> WindowModel(context="both", window=2).get_params()["context"]
    'both'
    """

    unit = "tokens"
    kind, written, higher_is_better = "window-model", "vectors", True
    settings = SETTINGS
    record = Fitted

    @property
    def own(self) -> WindowModelOptions:
        """The settings that no other task has."""
        return self.options["window"]

    @property
    def vocab(self) -> Vocab:
        """The words it knows.  Raises:  OptionError before `fit`."""
        return self.fitted.vocab

    def fit(
        self,
        corpus: Corpus,
        *,
        initial: Vectors | None = None,
        valid: Callable[[Vectors], float] | None = None,
        validate: Callable[[Vectors], float] | None = None,
        **run: Unpack[Run],
    ) -> Vectors:
        """Train on `corpus` and return the vectors of its words; `history` holds the loss of every epoch.

        initial, valid, validate: as in SkipGram.fit. run: see models.base.Run; each process has its rows of
        every batch.
        Raises:  FormatError if no word is frequent enough; OptionError for rare words in a corpus without
                 unk, or a resumed run with other settings; TrainingError if the loss is not finite.
        """
        fitted = Fitted(_frequent(corpus.vocab, self.own.min_count))
        network, vocab = self._build(fitted), fitted.vocab
        if initial is not None:
            start_embedding(network.embedding, vocab.tokens, initial)
        windows = Windows(
            _ids(corpus, vocab),
            corpus.starts,
            len(vocab),
            self.own,
            self.fit_options.batch,
            self._signature(corpus, initial),
            run.get("world"),
        )

        valued = valid or validate
        value = (lambda: valued(fitted.vectors(network))) if valued else None
        self._learn(fitted, network, windows, validate=value, keep_best=False, **run)
        return self.vectors()

    def vectors(self) -> Vectors:
        """The embedding's rows of all words but special ones (the end of a sentence stays)."""
        return self.fitted.vectors(self.network)

    @torch.no_grad()
    def score(self, corpus: Corpus) -> Score:
        """Perplexity on a corpus where the context is causal; else the cross-entropy in nats a prediction.

        Each word is predicted from its context, unknown ones as unk (signature: how many). Predictions from
        words to come do not multiply to the probability of a text, so for both and nearby there is no
        perplexity.
        """
        vocab, network = self.vocab, self.network
        ids = _ids(corpus, vocab)
        windows = Windows(ids, corpus.starts, len(vocab), self.own, self.fit_options.batch, {})
        loss = Loss(0.0, 0)
        for low in range(0, len(ids), 4096):
            batch = windows.batch(np.arange(low, min(low + 4096, len(ids))), 0)
            context, target = (
                torch.from_numpy(x).to(network.embedding.device) for x in (batch.context, batch.target)
            )
            loss += Loss(
                float(network.head.losses(network(context), target).double().sum()),
                int((batch.target >= 0).sum()),
            )
        if not loss.count:
            raise FormatError(
                f"score: got {len(ids):,} words, none with a context, expected at least one. Give longer "
                "sentences."
            )
        causal = self.own.context in CAUSAL
        unknown = 0 if vocab.unk is None else int((ids == vocab.unk).sum())
        told = {
            "context": self.own.context,
            "window": self.own.window,
            "vocabulary": len(vocab),
            "unknown": unknown,
        }
        name, value = ("perplexity", loss.perplexity) if causal else ("cross-entropy", loss.mean)
        return Score(name, value, loss.count, len(ids) - loss.count, told)


def _frequent(vocab: Vocab, min_count: int) -> Vocab:
    """The words that occur often enough and the special ones; the others become unk."""
    kept = vocab.frequent(min_count, "training", eos=False) > 0
    kept[list(vocab.specials.values())] = True
    if not kept.all() and vocab.unk is None:
        raise OptionError(
            f"WindowModel: {int((~kept).sum()):,} words are rarer than min_count {min_count} and the corpus "
            "has no unk."
        )
    counts = vocab.counts.copy()
    if vocab.unk is not None:
        counts[vocab.unk] += counts[~kept].sum()
    place = np.cumsum(kept) - 1
    return Vocab(
        vocab.words(np.flatnonzero(kept)),
        counts[kept],
        {name: int(place[i]) for name, i in vocab.specials.items()},
    )


def _ids(corpus: Corpus, vocab: Vocab) -> Ids:
    """The text of a corpus in the ids of `vocab`."""
    return vocab.ids(corpus.vocab.tokens)[corpus.ids]
