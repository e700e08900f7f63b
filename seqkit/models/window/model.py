"""WindowModel: word vectors by a neural language model of a fixed window, the first way in which they were
learnt.

    x = e(context word 1), e(context word 2), ... side by side    h = tanh(W x + b)    p = softmax(U h + c)

    context     predicts a word from                            source
    last        the `window` words before it                    Bengio et al. 2003
    both        `window` words on each side                     Collobert & Weston 2008 (there by ranking)
    last-one    the word before it
    nearby      one word, drawn from `window` on each side      skip-gram with a hidden layer

A context ends with its sentence; beyond it stands a learnt row, the same for all places.
Not handled: contexts across sentences; vectors of words that are seen less than `min_count`.
"""

import os
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch

from seqkit.core import options
from seqkit.core.device import device as find_device
from seqkit.core.errors import FormatError, OptionError
from seqkit.core.score import Loss, Score
from seqkit.core.types import Arrays, Ids
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.base import FitOptions, Model, start_embedding
from seqkit.models.window.network import WindowNetwork, WindowOptions, Windows
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab
from seqkit.train.gradient_options import GradientOptions
from seqkit.train.progress import Progress
from seqkit.train.world import World

CAUSAL = ("last", "last-one")  # contexts of which the product of predictions is the probability of a text


class WindowModel(Model):
    """A fixed-window neural language model; settings are those of WindowOptions and GradientOptions, by name.

    >>> WindowModel(context="both", window=2).get_params()["context"]
    'both'
    """

    unit = "tokens"
    kind = "window-model"
    groups: ClassVar[dict[str, Any]] = {"window": WindowOptions, "gradient": GradientOptions}
    window_options: WindowOptions

    def __init__(self, *, device: str = "auto", threads: int | None = None, **settings: Any) -> None:
        super().__init__(device=device, threads=threads, **settings)
        self.options = o = self.window_options
        self.fit_options = FitOptions(epochs=o.epochs, batch=o.batch, lr=o.lr, schedule=o.schedule)
        self._vocab: Vocab | None = None

    @property
    def vocab(self) -> Vocab:
        """The words it knows.  Raises:  OptionError before `fit`."""
        found: Vocab = self._trained(self._vocab)
        return found

    @property
    def network(self) -> WindowNetwork:
        """The torch module.  Raises:  OptionError before `fit`."""
        found: WindowNetwork = self._trained(self._network)
        return found

    def fit(
        self,
        corpus: Corpus,
        *,
        initial: Vectors | None = None,
        validate: Callable[[Vectors], float] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        world: World | None = None,
    ) -> Vectors:
        """Train on `corpus` and return the vectors of its words; `history` then holds the loss of every
        epoch.

        initial, validate, checkpoint, resume, report: as in SkipGram.fit; a resumed run ends in the same
        bytes on a CPU. world: the processes of a parallel run, each on its rows of every batch.
        Raises:  FormatError if no word is frequent enough; OptionError for rare words in a corpus without
                 unk, or a resumed run with other settings; TrainingError if the loss is not finite.
        """
        self._vocab = vocab = _frequent(corpus.vocab, self.options.min_count)
        network = WindowNetwork(len(vocab), self.options)
        if initial is not None:
            start_embedding(network.embedding, vocab.tokens, initial)
        self._network = network.to(find_device(self.device))
        signature = {"corpus": corpus.fingerprint, **options.to_json(self.options)}
        windows = Windows(_ids(corpus, vocab), corpus.starts, len(vocab), self.options, signature, world)
        self._learn(
            network,
            windows,
            validate=(lambda: validate(self.vectors())) if validate else None,
            keep_best=False,
            checkpoint=checkpoint,
            resume=resume,
            report=report,
            world=world,
        )
        return self.vectors()

    def vectors(self) -> Vectors:
        """The embedding's rows of all words but special ones (the end of a sentence stays)."""
        vocab, network = self.vocab, self.network
        rows = np.setdiff1d(np.arange(len(vocab)), [i for name, i in vocab.specials.items() if name != "eos"])
        matrix = network.embedding.detach().cpu().numpy()[rows]
        return Vectors(Vocab(vocab.words(rows), vocab.counts[rows]), matrix)

    @torch.no_grad()
    def score(self, corpus: Corpus) -> Score:
        """Perplexity on a corpus where the context is causal; else the cross-entropy in nats a prediction.

        Each word is predicted from its context, unknown ones as unk (signature: how many). Predictions from
        words to come do not multiply to the probability of a text, so for both and nearby there is no
        perplexity.
        """
        vocab, network = self.vocab, self.network
        ids = _ids(corpus, vocab)
        windows = Windows(ids, corpus.starts, len(vocab), self.options, {})
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
                f"score: none of the {len(ids):,} words has a context to predict it from. Give longer "
                "sentences."
            )
        causal = self.options.context in CAUSAL
        unknown = 0 if vocab.unk is None else int((ids == vocab.unk).sum())
        told = {
            "context": self.options.context,
            "window": self.options.window,
            "vocabulary": len(vocab),
            "unknown": unknown,
        }
        name, value = ("perplexity", loss.perplexity) if causal else ("cross-entropy", loss.mean)
        return Score(name, value, loss.count, len(ids) - loss.count, told)

    def _contents(self) -> tuple[Arrays, dict[str, Any]]:
        return self.vocab.to_arrays(), {"specials": self.vocab.specials}

    def _restore(self, arrays: Arrays, meta: dict[str, Any]) -> WindowNetwork:
        self._vocab = Vocab.from_arrays(arrays, meta["specials"])
        return WindowNetwork(len(self._vocab), self.options).to(find_device(self.device))


def _frequent(vocab: Vocab, min_count: int) -> Vocab:
    """The words seen often enough and the special ones; the others fall to unk."""
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
