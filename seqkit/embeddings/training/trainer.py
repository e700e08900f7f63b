"""Word vectors in one call: SkipGram, CBOW and GloVe, three faces of one trainer.

Not handled: the training itself (objectives), a trainer by names (choose), a run in a folder (models.run).
"""

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from seqkit.core import options
from seqkit.core.device import threads as count_threads
from seqkit.core.errors import OptionError, did_you_mean
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.cooccurrence.options import MEMORY, CountOptions
from seqkit.embeddings.training import estimate, place
from seqkit.embeddings.training.estimate import Estimate
from seqkit.embeddings.training.objective import Objective
from seqkit.embeddings.training.objectives import objectives
from seqkit.embeddings.training.options import TrainerOptions
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.log import Log
from seqkit.train.loop import fit
from seqkit.train.progress import Higher, History, Progress
from seqkit.train.schedule import schedule

OWN = tuple(field.name for field in dataclasses.fields(TrainerOptions))  # not the objective's
RUN = ("device", "threads")  # where it runs; what is learnt does not depend on it
Value = Callable[[Vectors], float]
COUNTED = tuple(field.name for field in dataclasses.fields(CountOptions))


class Trainer:
    """Trains word vectors; settings of TrainerOptions and of the objective, changed with `set_params`.

    loss: the name of an objective (the files of embeddings/training/objectives). lr, schedule: those of the
    objective unless given. device: auto, cpu or cuda[:n] (place.py). A subclass fixes what `fixed` says.
    """

    fixed: ClassVar[Mapping[str, str]] = {}
    written: ClassVar = "vectors"  # the kind of folder that a run writes
    higher_is_better: ClassVar = True  # of validation values

    def __init__(
        self,
        dim: int = 100,
        loss: str = "negative-sampling",
        *,
        epochs: int = 5,
        lr: float | None = None,
        device: str = "auto",
        threads: int | None = None,
        **settings: Any,
    ) -> None:
        self._set(dim=dim, loss=loss, epochs=epochs, lr=lr, device=device, threads=threads, **settings)

    def _set(self, *, device: str, threads: int | None, **settings: Any) -> None:
        chosen = TrainerOptions(**{name: settings.pop(name) for name in OWN if name in settings})
        loss = chosen.loss
        self.objective_class: type[Objective] = objectives.load(loss)
        if owner := self._face_that_must_train(loss):
            raise OptionError(
                f"{type(self).__name__}: loss {loss!r} learns from counts, not from windows. Use {owner}."
            )
        if "context" in settings and "context" in self.fixed:
            raise OptionError(
                f"{type(self).__name__}: got the setting context, but the class fixes it. Use "
                f"{' or '.join(kind.__name__ for kind in CONTEXTS.values())}."
            )
        if self.learns_from == "text" and "context" in self.fixed:
            settings = {"context": self.fixed["context"], **settings}
        count_threads(threads)
        self.options = options.from_json(self.objective_class.Options, settings)
        lr = self.objective_class.first_lr(self.options) if chosen.lr is None else chosen.lr
        epochs, name = chosen.epochs or 5, chosen.schedule or self.objective_class.schedule
        self.schedule = schedule(name, lr, epochs=epochs, **chosen.schedule_settings)
        self.fit_options = dataclasses.replace(chosen, epochs=epochs, lr=lr, schedule=name)
        self.loss, self.epochs, self.lr, self.device, self.threads = loss, epochs, lr, device, threads
        place.check(self)
        self._given = list(settings)
        self.history: History = []
        self._vectors: Vectors | None = None

    def _face_that_must_train(self, loss: str) -> str | None:
        """The name of the class that fixes `loss`, or has no context to ignore, if that is another one."""
        owners = [face for face in Trainer.__subclasses__() if face.fixed.get("loss") == loss]
        if self.learns_from == "counts" and self.fixed.get("context") == "cbow":
            owners = owners or [SkipGram]
        return owners[0].__name__ if owners and not isinstance(self, owners[0]) else None

    @property
    def learns_from(self) -> Literal["text", "counts"]:
        """What `fit` learns from in the end; a text is counted first if that is counts."""
        return self.objective_class.learns_from

    @property
    def unit(self) -> str:
        """What an epoch consists of: tokens or pairs."""
        return self.objective_class.unit

    @property
    def settings(self) -> options.Settings:
        """All settings, by the groups that hold them."""
        groups: dict[str, type[Any]] = {"fit": TrainerOptions, self.loss: self.objective_class.Options}
        return options.Settings(groups, fixed=self.fixed)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All settings by name, as scikit-learn has it."""
        run = {name: getattr(self, name) for name in RUN}
        every = {**vars(self.fit_options), **run, **options.to_json(self.options)}
        return {name: value for name, value in every.items() if name not in self.fixed}

    def set_params(self, **params: Any) -> Self:
        """Change settings by name; with another loss, settings that only the old one has are dropped.

        Vectors that were trained are then forgotten.
        """
        known, loss = self.get_params(), params.get("loss", self.loss)
        names = {field.name for field in dataclasses.fields(objectives.load(loss).Options)}
        for name in params:
            if name not in known and name not in names:
                raise OptionError(
                    f"{type(self).__name__}: unknown setting {name!r}.{did_you_mean(name, known)}"
                )
        kept = {name: v for name, v in known.items() if name in names or name in (*OWN, *RUN)}
        given = [*self._given, *params]
        self._set(**({"loss": loss} | kept | params))
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
        """The counts that `fit` trains on, for a loss that learns from counts; see Cooccurrence.count."""
        run: dict[str, Any] = {"device": self.device, "threads": self.threads, "report": report}
        return Cooccurrence.count(corpus, out=out, memory=memory, **run, **self._counting())

    def fit(
        self,
        source: Corpus | Cooccurrence,
        *,
        initial: Vectors | None = None,
        extend: bool = False,
        frozen: Iterable[str] = (),
        valid: Value | None = None,
        validate: Value | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        logs: Sequence[Log] = (),
        minutes: float | None = None,
    ) -> Vectors:
        """Train on a text, or on counts; return the vectors; `history` then holds the loss of every epoch.

        source: a corpus, or counts made before, for a loss that learns from counts. Settings of counting are
        those of the counts; one set here that differs is an error.
        initial: vectors to start from, for the words it has. extend: keep all words of `initial`, in their
        order, and put the new words of the text behind them (embeddings.training.extension). frozen: words
        whose vectors stay as they start. valid: called with the vectors after each epoch (AnalogyAccuracy is
        such a function); its value is kept in the history, higher is better. validate: its older name.
        checkpoint: folder for the state of the run, written every minute, after each epoch and when stopped;
        resume: continue from it, to the same bytes when deterministic. minutes: end in that time, with the
        schedule fitted to it. A checkpoint may be resumed on another device, not to the same bytes.
        Raises:  FormatError if no word is frequent enough; TrainingError if nothing could be predicted or the
                 loss is not finite; OptionError if a resumed run has other settings or another source;
                 VocabularyError if the text has no word of the vectors to extend; ResourceError if counting
                 does not fit into memory.
        """
        if self.learns_from == "counts" and isinstance(source, Corpus):
            source = self.count(source)
        start = {"initial": initial, "extend": extend or None, "frozen": sorted(set(frozen)) or None}
        start = {name: value for name, value in start.items() if value is not None}
        objective: Objective = self.objective(source, **start)
        batches = objective.batches(source, epochs=self.epochs)
        o, value, params = self.fit_options, valid or validate, self.get_params()
        batches.signature |= {name: params[name] for name in ("loss", "lr") if name in params}
        if o.schedule != self.objective_class.schedule or o.schedule_settings:
            batches.signature |= {"schedule": o.schedule, "schedule_settings": o.schedule_settings}
        self.history = fit(
            objective,
            batches,
            epochs=self.epochs,
            schedule=self.schedule,
            validate=Higher(lambda: value(objective.vectors())) if value else None,
            checkpoint=Checkpoint(Path(checkpoint)) if checkpoint is not None else None,
            resume=resume,
            report=report,
            logs=logs,
            minutes=minutes,
        )
        self._vectors = objective.vectors()
        return self._vectors

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the vectors that `fit` made last.  Raises:  OptionError before `fit`."""
        if self._vectors is None:
            raise OptionError(f"{type(self).__name__}: got no vectors to save, expected a fit before.")
        self._vectors.save(folder)

    def hardware(self) -> dict[str, Any]:
        """Where it is trained, for run.json."""
        return place.hardware(place.of(self), self.threads)

    def check_start(self, given: Iterable[str]) -> None:
        """Raise OptionError if the loss cannot start from what is given of initial, extend and frozen."""
        if self.learns_from == "counts" and (names := ", ".join(given)):
            raise OptionError(
                f"{self.loss}: got {names}, expected none, as a sum of vectors cannot be split into them. "
                "Leave it out."
            )

    def objective(self, source: Any, **start: Any) -> Any:
        """The learner, for a training loop of your own. start: initial, extend, frozen, as in `fit`."""
        if self.learns_from == "counts":
            self.check_start(start)
            source = self.count(source) if isinstance(source, Corpus) else source
            self._take_settings_of(source)
        start |= {} if (where := place.of(self)) == "cpu" else {"device": where}
        return self.objective_class(source, self.options, threads=self.threads, **start)

    def estimate(
        self,
        source: Any,
        *,
        initial: Vectors | None = None,
        extend: bool = False,
        trial: int = 200_000,
        **others: Any,
    ) -> Estimate:
        """What the run will need, by training on the first `trial` tokens.  others: of `fit`, unused."""
        run: dict[str, Any] = {"lr": self.lr, "epochs": self.epochs, "trial": trial}
        if self.learns_from == "counts":
            counting = self._counting()
            run |= {"device": self.device, "threads": self.threads}
            return estimate.of_counts(self.objective, source, counting, **run)
        start = {} if initial is None else {"initial": initial, "extend": extend}
        return estimate.of_text(lambda corpus: self.objective(corpus, **start), source, **run)

    def _counting(self) -> dict[str, Any]:
        if self.learns_from == "text":
            raise OptionError(f"{type(self).__name__}: loss {self.loss!r} learns from text, not from counts.")
        return {name: getattr(self.options, name) for name in COUNTED}

    def _take_settings_of(self, counts: Cooccurrence) -> None:
        """Set the settings of counting to those of the counts; one that was given must be equal."""
        theirs = options.to_json(counts.options)
        for name in COUNTED:
            if name in self._given and theirs[name] != getattr(self.options, name):
                raise OptionError(
                    f"{type(self).__name__}: the counts were made with {name} {theirs[name]!r}, "
                    f"{getattr(self.options, name)!r} was asked for. Leave it out, or count again."
                )
        self.options = dataclasses.replace(self.options, **theirs)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({settings})"


class SkipGram(Trainer):
    """Skip-gram: predict a word's neighbours from the word (Mikolov et al. 2013, arXiv:1301.3781).

    >>> SkipGram(dim=50, negatives=10).get_params()["negatives"]
    10
    """

    fixed: ClassVar = {"context": "skipgram"}


class CBOW(Trainer):
    """Continuous bag of words: predict a word from the mean of its neighbours (arXiv:1301.3781)."""

    fixed: ClassVar = {"context": "cbow"}


class GloVe(Trainer):
    """Global vectors: fit the logarithms of co-occurrence counts (Pennington, Socher & Manning 2014).

    On a CPU always the same bytes for the same seed, whatever the threads. The rate is constant: AdaGrad
    lowers the steps.

    >>> GloVe(dim=50, window=15).get_params()["x_max"]
    10.0
    """

    fixed: ClassVar = {"loss": "glove"}

    def __init__(self, dim: int = 100, *, epochs: int = 15, lr: float = 0.05, **settings: Any) -> None:
        super().__init__(dim, "glove", epochs=epochs, lr=lr, **settings)


CONTEXTS: dict[str, type[Trainer]] = {"skipgram": SkipGram, "cbow": CBOW}
