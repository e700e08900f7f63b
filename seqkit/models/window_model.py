"""WindowModel: word vectors by a neural language model of a fixed window, the first way in which they were learnt.

    x = e(context word 1), e(context word 2), ... side by side      h = tanh(W x + b)      p = softmax(U h + c)

    context     predicts a word from                                  source
    last        the `window` words before it                          Bengio et al. 2003
    both        `window` words on each side                           Collobert & Weston 2008 (there by ranking)
    last-one    the word before it
    nearby      one word, drawn from `window` on each side            skip-gram with a hidden layer

A context ends with its sentence; beyond it stands a learnt row, the same for all places.
Not handled: several processes; contexts across sentences; vectors of words that are seen less than `min_count`.
"""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from seqkit.core import files, options
from seqkit.core.device import device as find_device
from seqkit.core.errors import FormatError, ModelFileError, OptionError, did_you_mean
from seqkit.core.score import Loss, Score
from seqkit.core.types import Ids
from seqkit.embeddings.vectors import Vectors
from seqkit.models.window_network import WindowNetwork, WindowOptions, Windows
from seqkit.text.corpus import Corpus
from seqkit.text.vocab import Vocab
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.gradient import GradientLearner
from seqkit.train.gradient_options import GradientOptions
from seqkit.train.loop import fit
from seqkit.train.progress import History, Progress
from seqkit.train.schedule import schedule

KIND = "window-model"
CAUSAL = ("last", "last-one")  # contexts of which the product of predictions is the probability of a text


class WindowModel:
    """A fixed-window neural language model; settings are those of WindowOptions and GradientOptions, by name.

    >>> WindowModel(context="both", window=2).get_params()["context"]
    'both'
    """

    unit = "tokens"

    def __init__(self, *, device: str = "auto", threads: int | None = None, **settings: Any) -> None:
        groups: tuple[Any, Any] = (WindowOptions, GradientOptions)
        names = [[field.name for field in dataclasses.fields(group)] for group in groups]
        for name in settings:
            if name not in names[0] + names[1]:
                raise OptionError(f"WindowModel: unknown setting {name!r}.{did_you_mean(name, names[0] + names[1])}")
        made = [
            options.from_json(group, {name: settings[name] for name in known if name in settings})
            for group, known in zip(groups, names, strict=True)
        ]
        self.options: WindowOptions = made[0]
        self.gradient_options: GradientOptions = made[1]
        self.device, self.threads = device, threads
        self.history: History = []
        self._vocab: Vocab | None = None
        self._network: WindowNetwork | None = None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All settings by name, as scikit-learn has it."""
        own = options.to_json(self.options) | options.to_json(self.gradient_options)
        return {"device": self.device, "threads": self.threads} | own

    def set_params(self, **params: Any) -> Self:
        """Change settings by name; a model that was trained is then untrained."""
        self.__init__(**(self.get_params() | params))  # type: ignore[misc]  # the settings are the whole state
        return self

    @property
    def vocab(self) -> Vocab:
        """The words it knows.  Raises:  OptionError before `fit`."""
        return self._trained()[0]

    @property
    def network(self) -> WindowNetwork:
        """The torch module.  Raises:  OptionError before `fit`."""
        return self._trained()[1]

    def fit(
        self, corpus: Corpus, *, initial: Vectors | None = None, validate: Callable[[Vectors], float] | None = None,
        checkpoint: str | os.PathLike[str] | None = None, resume: bool = False,
        report: Callable[[Progress], None] | None = None,
    ) -> Vectors:  # fmt: skip
        """Train on `corpus` and return the vectors of its words; `history` then holds the loss of every epoch.

        initial, validate, checkpoint, resume, report: as in SkipGram.fit; a resumed run ends in the same bytes on a CPU.
        Raises:  FormatError if no word is frequent enough; OptionError for rare words in a corpus without unk, or a resumed
                 run with other settings; TrainingError if the loss is not finite.
        """
        self._vocab = _frequent(corpus.vocab, self.options.min_count)
        device = find_device(self.device)
        network = WindowNetwork(len(self._vocab), self.options)
        if initial is not None:
            _start_from(network, initial, self._vocab)
        self._network = network.to(device)
        o = self.options
        signature = {"corpus": corpus.fingerprint, **options.to_json(o)}
        windows = Windows(_ids(corpus, self._vocab), corpus.starts, len(self._vocab), o, signature)
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads or before)
        try:
            self.history = fit(
                GradientLearner(self._network, self.gradient_options), windows, epochs=o.epochs,
                schedule=schedule(o.schedule, o.lr, epochs=o.epochs),
                validate=(lambda: validate(self.vectors())) if validate else None,
                checkpoint=None if checkpoint is None else Checkpoint(Path(checkpoint)), resume=resume, report=report,
            )  # fmt: skip
        finally:
            torch.set_num_threads(before)
        self._network.eval()
        return self.vectors()

    def vectors(self) -> Vectors:
        """The embedding's rows of all words but special ones (the end of a sentence stays)."""
        vocab, network = self._trained()
        rows = np.setdiff1d(np.arange(len(vocab)), [i for name, i in vocab.specials.items() if name != "eos"])
        matrix = network.embedding.detach().cpu().numpy()[rows]
        return Vectors(Vocab(vocab.words(rows), vocab.counts[rows]), matrix)

    @torch.no_grad()
    def score(self, corpus: Corpus) -> Score:
        """Perplexity on a corpus where the context is causal; else the cross-entropy in nats a prediction.

        Each word is predicted from its context, unknown ones as unk (signature: how many). Predictions from words to come
        do not multiply to the probability of a text, so for both and nearby there is no perplexity.
        """
        vocab, network = self._trained()
        ids = _ids(corpus, vocab)
        windows = Windows(ids, corpus.starts, len(vocab), self.options, {})
        loss = Loss(0.0, 0)
        for low in range(0, len(ids), 4096):
            batch = windows.batch(np.arange(low, min(low + 4096, len(ids))), 0)
            context, target = (torch.from_numpy(x).to(network.embedding.device) for x in (batch.context, batch.target))
            loss += Loss(float(network.head.losses(network(context), target).double().sum()), int((batch.target >= 0).sum()))
        if not loss.count:
            raise FormatError(f"score: none of the {len(ids):,} words has a context to predict it from. Give longer sentences.")
        causal = self.options.context in CAUSAL
        unknown = 0 if vocab.unk is None else int((ids == vocab.unk).sum())
        told = {"context": self.options.context, "window": self.options.window, "vocabulary": len(vocab), "unknown": unknown}
        name, value = ("perplexity", loss.perplexity) if causal else ("cross-entropy", loss.mean)
        return Score(name, value, loss.count, len(ids) - loss.count, told)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write weights, vocabulary and settings to a folder, atomically."""
        vocab, network = self._trained()
        arrays = {f"weights.{name}": p.detach().cpu().numpy() for name, p in network.named_parameters()}
        settings = {name: value for name, value in self.get_params().items() if name not in ("device", "threads")}
        files.save(Path(folder), KIND, arrays | vocab.to_arrays(), {"settings": settings, "specials": vocab.specials})

    @staticmethod
    def load(folder: str | os.PathLike[str], *, device: str = "auto", threads: int | None = None) -> "WindowModel":
        """Read what `save` wrote.

        Raises:  ModelFileError if the folder holds none, or a damaged one.
        """
        arrays, meta = files.load(Path(folder), KIND, verify=True)
        try:
            model = WindowModel(device=device, threads=threads, **meta["settings"])
            model._vocab = Vocab.from_arrays(arrays, meta["specials"])
            network = WindowNetwork(len(model._vocab), model.options)
            network.load_state_dict(
                {name: torch.from_numpy(np.array(arrays[f"weights.{name}"])) for name in network.state_dict()}
            )
        except (KeyError, TypeError, RuntimeError, OptionError, FormatError) as error:
            raise ModelFileError(f"{folder}: the model is not whole ({error}). Restore it from a copy or train anew.") from error
        model._network = network.to(find_device(device)).eval()
        return model

    def _trained(self) -> tuple[Vocab, WindowNetwork]:
        if self._vocab is None or self._network is None:
            raise OptionError("WindowModel: it is not trained yet. Call fit, or load a saved one.")
        return self._vocab, self._network

    def __repr__(self) -> str:
        return f"WindowModel({', '.join(f'{name}={value!r}' for name, value in self.get_params().items())})"


def _frequent(vocab: Vocab, min_count: int) -> Vocab:
    """The words seen often enough and the special ones; the others fall to unk."""
    kept = vocab.frequent(min_count, "training", eos=False) > 0
    kept[list(vocab.specials.values())] = True
    if not kept.all() and vocab.unk is None:
        raise OptionError(
            f"WindowModel: {int((~kept).sum()):,} words are rarer than min_count {min_count} and the corpus has no unk."
        )
    counts = vocab.counts.copy()
    if vocab.unk is not None:
        counts[vocab.unk] += counts[~kept].sum()
    place = np.cumsum(kept) - 1
    return Vocab(vocab.words(np.flatnonzero(kept)), counts[kept], {name: int(place[i]) for name, i in vocab.specials.items()})


def _ids(corpus: Corpus, vocab: Vocab) -> Ids:
    """The text of a corpus in the ids of `vocab`."""
    return vocab.ids(corpus.vocab.tokens)[corpus.ids]


def _start_from(network: WindowNetwork, initial: Vectors, vocab: Vocab) -> None:
    if initial.dim != network.embedding.shape[1]:
        raise OptionError(
            f"initial: vectors of {initial.dim} numbers came, dim is {network.embedding.shape[1]}. Make them equal."
        )
    with torch.no_grad():
        for i, token in enumerate(vocab.tokens):
            if (row := initial.vocab.index.get(token)) is not None:
                network.embedding[i] = torch.from_numpy(np.array(initial.matrix[row]))
