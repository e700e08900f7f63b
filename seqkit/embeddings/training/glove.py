"""GloVe: word vectors from co-occurrence counts in one call.

Not handled: starting from other vectors and freezing words (a sum of θ and e has no one way to be split).
"""

import os
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from seqkit.core import options
from seqkit.core.errors import OptionError, did_you_mean
from seqkit.embeddings.cooccurrence.counting import MEMORY, CountOptions
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.training.objectives.glove import GloVeObjective, Rounds
from seqkit.embeddings.training.word2vec import Estimate
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.loop import fit
from seqkit.train.progress import History, Progress
from seqkit.train.schedule import constant

COUNTED = tuple(field.name for field in fields(CountOptions))


class GloVe:
    """Trains word vectors on co-occurrence counts (Pennington, Socher & Manning 2014); settings as in
    GloVeObjective.Options.

    Always the same bytes for the same seed, whatever the threads. The rate is constant: AdaGrad lowers the
    steps.

    >>> GloVe(dim=50, window=15).get_params()["x_max"]
    10.0
    """

    unit = "pairs"

    def __init__(
        self,
        dim: int = 100,
        *,
        epochs: int = 15,
        lr: float = 0.05,
        threads: int | None = None,
        **settings: Any,
    ) -> None:
        if epochs < 1:
            raise OptionError(f"epochs: {epochs} came, allowed is at least 1.")
        self.epochs, self.lr, self.threads = epochs, lr, threads
        self.options = options.from_json(GloVeObjective.Options, {"dim": dim, **settings})
        self._given = [name for name in settings if name in COUNTED]
        self.history: History = []

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All settings by name, as scikit-learn has it."""
        return {"epochs": self.epochs, "lr": self.lr, "threads": self.threads} | options.to_json(self.options)

    def set_params(self, **params: Any) -> Self:
        """Change settings by name."""
        known = self.get_params()
        for name in params:
            if name not in known:
                raise OptionError(f"GloVe: unknown setting {name!r}.{did_you_mean(name, known)}")
        given = [name for name in [*self._given, *params] if name in COUNTED]
        self.__init__(**(known | params))  # type: ignore[misc]  # the settings are the whole state
        self._given = given
        return self

    def count(
        self,
        corpus: Corpus,
        *,
        out: str | os.PathLike[str] | None = None,
        memory: int = MEMORY,
        report: Callable[[float], None] | None = None,
    ) -> Cooccurrence:
        """The counts that `fit` trains on; see Cooccurrence.count."""
        return Cooccurrence.count(
            corpus, out=out, memory=memory, threads=self.threads, report=report, **self._counting()
        )

    def fit(
        self,
        source: Corpus | Cooccurrence,
        *,
        validate: Callable[[Vectors], float] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
    ) -> Vectors:
        """Train on a corpus, or on counts made before; `history` then holds the mean cost a pair of every
        epoch.

        Window and the other settings of counting are those of the counts; one given here that differs is an
        error. validate: called with the vectors after each epoch. checkpoint: folder for the state, vectors
        and AdaGrad's sums, of the run; resume: go on from it, to the same bytes.
        Raises:  FormatError if no word is frequent enough; TrainingError if the cost is not finite;
                 OptionError if a resumed run has other settings or other counts; ResourceError if counting
                 does not fit into memory.
        """
        objective = self.objective(source)
        self.history = fit(
            objective,
            Rounds(objective, {"lr": self.lr}),
            epochs=self.epochs,
            schedule=constant(self.lr),
            validate=(lambda: validate(objective.vectors())) if validate else None,
            checkpoint=Checkpoint(Path(checkpoint)) if checkpoint is not None else None,
            resume=resume,
            report=report,
        )
        return objective.vectors()

    def objective(self, source: Corpus | Cooccurrence) -> GloVeObjective:
        """The learner, for those who write their own loop or want θ and e apart:
        `objective.vectors("words")`.
        """
        counts = self.count(source) if isinstance(source, Corpus) else source
        told = options.to_json(counts.options)
        for name in self._given:
            if told[name] != getattr(self.options, name):
                raise OptionError(
                    f"GloVe: the counts were made with {name} {told[name]!r}, "
                    f"{getattr(self.options, name)!r} was asked for. "
                    "Leave it out, or count anew."
                )
        self.options = replace(self.options, **told)
        return GloVeObjective(counts, self.options, threads=self.threads)

    def estimate(self, source: Corpus | Cooccurrence, *, trial: int = 200_000) -> Estimate:
        """Forecast the pairs, train on those of the first `trial` tokens twice (compile, then time), and
        reckon the rest.
        """
        if isinstance(source, Corpus):
            told = Cooccurrence.forecast(source, threads=self.threads, **self._counting())
            words, pairs, peak = told.words, told.pairs * (1 + self.options.symmetric), told.memory
            starts = np.append(
                source.starts[source.starts < min(trial, source.num_tokens)], min(trial, source.num_tokens)
            )
            sample: Corpus | Cooccurrence = Corpus(source.ids[: starts[-1]], starts, source.vocab)
        else:
            sample, words, pairs, peak = source, len(source.vocab), source.num_pairs, 0
        objective = self.objective(sample)
        batches, speed = Rounds(objective, {}), 0.0
        for _ in range(2):
            started, done = time.monotonic(), 0
            for batch, _ in batches.epoch(0):
                done += objective.step(batch, self.lr).count
                if done > 1_000_000:
                    break
            speed = done / max(time.monotonic() - started, 1e-9)
        memory = max(peak, objective.memory + 8 * (pairs - batches.size))
        return Estimate(words, pairs * self.epochs, memory, pairs * self.epochs / speed, speed, self.unit)

    def _counting(self) -> dict[str, Any]:
        return {name: getattr(self.options, name) for name in COUNTED}

    def __repr__(self) -> str:
        return f"GloVe({', '.join(f'{name}={value!r}' for name, value in self.get_params().items())})"
