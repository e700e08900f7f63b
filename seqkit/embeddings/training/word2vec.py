"""SkipGram and CBOW: word vectors from a corpus in one call."""

import dataclasses
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from seqkit.core import options
from seqkit.core.errors import OptionError, did_you_mean
from seqkit.embeddings.training.objective import Block, Blocks, Objective, objectives
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.loop import fit
from seqkit.train.progress import History, Progress
from seqkit.train.schedule import linear

LR = {"skipgram": 0.025, "cbow": 0.05}  # word2vec.c's defaults


@dataclass(frozen=True)
class Estimate:
    """What a run will need.  Units: memory in bytes (matrices and open corpus), seconds, tokens a second; by
    a short trial.

    unit: what is counted as tokens: words of text, or GloVe's pairs.
    """

    words: int
    tokens: int
    memory: int
    seconds: float
    tokens_per_second: float
    unit: str = "words"


class Word2Vec:
    """Trains word vectors; settings as in the objective's Options, changed with `set_params`.

    loss: negative-sampling, hierarchical-softmax or full-softmax. lr falls linearly from its start (0.025 for
    skip-gram, 0.05 for CBOW, unless given) to a ten-thousandth of it. threads changes speed only when
    `deterministic`.
    """

    context: ClassVar[Literal["skipgram", "cbow"]]
    unit = "tokens"

    def __init__(
        self,
        dim: int = 100,
        loss: str = "negative-sampling",
        *,
        epochs: int = 5,
        lr: float | None = None,
        threads: int | None = None,
        **settings: Any,
    ) -> None:
        self.objective_class: type[Objective] = objectives.load(loss)
        if not issubclass(self.objective_class, Objective):
            raise OptionError(
                f"{type(self).__name__}: loss {loss!r} learns from counts, not from windows. Use GloVe."
            )
        if epochs < 1:
            raise OptionError(f"epochs: {epochs} came, allowed is at least 1.")
        self.loss, self.epochs, self.threads = loss, epochs, threads
        self.lr = LR[self.context] if lr is None else lr
        if "context" in settings:
            raise OptionError(
                f"{type(self).__name__}: context is fixed; use {' or '.join(sorted(CONTEXTS))} by class."
            )
        self.options = options.from_json(
            self.objective_class.Options, {"context": self.context, "dim": dim, **settings}
        )
        self.history: History = []

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All settings by name, as scikit-learn has it."""
        own = {"loss": self.loss, "epochs": self.epochs, "lr": self.lr, "threads": self.threads}
        shared = options.to_json(self.options)
        del shared["context"]
        return own | shared

    def set_params(self, **params: Any) -> Self:
        """Change settings by name."""
        known = self.get_params()
        for name in params:
            if name not in known and name not in {
                f.name for f in dataclasses.fields(objectives.load(params.get("loss", self.loss)).Options)
            }:
                raise OptionError(
                    f"{type(self).__name__}: unknown setting {name!r}.{did_you_mean(name, known)}"
                )
        if params.get("loss", self.loss) != self.loss:  # settings of the old loss alone do not pass over
            names = {field.name for field in dataclasses.fields(objectives.load(params["loss"]).Options)}
            known = {
                name: value
                for name, value in known.items()
                if name in names | {"loss", "epochs", "lr", "threads"}
            }
        self.__init__(**(known | params))  # type: ignore[misc]  # the settings are the whole state
        return self

    def fit(
        self,
        corpus: Corpus,
        *,
        initial: Vectors | None = None,
        extend: bool = False,
        frozen: Iterable[str] = (),
        validate: Callable[[Vectors], float] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
    ) -> Vectors:
        """Train on `corpus` and return the vectors of its words; `history` then holds the loss of every
        epoch.

        initial: vectors to start from, for the words it has. extend: keep all words of `initial`, in their
        order, and put the new words of `corpus` behind them (embeddings.training.extension). frozen: words
        whose vectors stay as they start. validate: called with the vectors after each epoch, its value kept
        in the history. checkpoint: folder for the state of the run, written every minute, after each epoch
        and on SIGINT; resume: go on from it, to the same bytes when `deterministic`.
        Raises:  FormatError if no word is frequent enough; TrainingError if nothing could be predicted or the
                 loss is not finite; OptionError if a resumed run has other settings or another corpus;
                 VocabularyError if the corpus has no word of the vectors to extend.
        """
        frozen = sorted(set(frozen))
        objective = self.objective(corpus, initial=initial, extend=extend, frozen=frozen)
        self.history = fit(
            objective,
            self.blocks(corpus, frozen, initial if extend else None),
            epochs=self.epochs,
            schedule=linear(self.lr),
            validate=(lambda: validate(objective.vectors())) if validate else None,
            checkpoint=Checkpoint(Path(checkpoint)) if checkpoint is not None else None,
            resume=resume,
            report=report,
        )
        return objective.vectors()

    def estimate(
        self, corpus: Corpus, *, initial: Vectors | None = None, extend: bool = False, trial: int = 200_000
    ) -> Estimate:
        """Train on the first `trial` tokens twice (compile, then time) and reckon what the whole run
        needs.
        """
        objective = self.objective(corpus, initial=initial, extend=extend)
        seconds, high = 0.0, min(trial, corpus.num_tokens)
        for end in (min(1000, high), high):
            started = time.monotonic()
            objective.step(Block(corpus.ids, corpus.starts, 0, 0, end), self.lr)
            seconds = time.monotonic() - started
        speed, tokens = high / seconds, corpus.num_tokens * self.epochs
        memory = objective.memory + corpus.ids.nbytes + corpus.starts.nbytes
        return Estimate(len(objective.vectors()), tokens, memory, tokens / speed, speed)

    def objective(
        self,
        corpus: Corpus,
        *,
        initial: Vectors | None = None,
        extend: bool = False,
        frozen: Iterable[str] = (),
    ) -> Objective:
        """The learner for `corpus`, for those who write their own loop."""
        given: dict[str, Any] = {"initial": initial, "extend": extend, "frozen": frozen}
        return self.objective_class(corpus.vocab, self.options, threads=self.threads, **given)

    def blocks(self, corpus: Corpus, frozen: Sequence[str] = (), extended: Vectors | None = None) -> Blocks:
        """The batches of `corpus`, signed with the settings that a resumed run must share."""
        old = (
            None
            if extended is None
            else _hash([*extended.vocab.tokens, *map(str, extended.vocab.counts.tolist())])
        )
        settings = {
            "loss": self.loss,
            "lr": self.lr,
            "frozen": _hash(frozen) if frozen else None,
            "extended": old,
        }
        return Blocks(corpus, self.epochs, options.to_json(self.options) | settings)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({settings})"


class SkipGram(Word2Vec):
    """Skip-gram: predict a word's neighbours from the word (Mikolov et al. 2013, arXiv:1301.3781).

    >>> SkipGram(dim=50, negatives=10).get_params()["negatives"]
    10
    """

    context = "skipgram"


class CBOW(Word2Vec):
    """Continuous bag of words: predict a word from the mean of its neighbours (Mikolov et al. 2013,
    arXiv:1301.3781).
    """

    context = "cbow"


CONTEXTS: dict[str, type[Word2Vec]] = {"skipgram": SkipGram, "cbow": CBOW}


def _hash(words: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()
