"""TextClassifier: texts in, labels out, in the manner of scikit-learn; averaged embeddings or a recurrent
network.

Not handled: several labels of one task for one text, labels with an order; texts are str, labels str, int or
bool.
"""

import dataclasses
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np

from seqkit.core import options
from seqkit.core.device import device as find_device
from seqkit.core.errors import OptionError
from seqkit.core.options import option
from seqkit.core.types import Array, Arrays, Ids
from seqkit.models import base as model
from seqkit.models.base import Model
from seqkit.models.classifier.bag import AveragedNetwork, BagLearner
from seqkit.models.classifier.features import WordRows
from seqkit.models.classifier.fitted import Reading
from seqkit.models.classifier.labels import Targets, check_texts
from seqkit.models.classifier.recurrent import ClassifierOptions, RecurrentNetwork, balanced_error
from seqkit.models.encoder import EncoderOptions
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.batches.buckets import Buckets
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.gradient_options import GradientOptions
from seqkit.train.learner import Learner
from seqkit.train.log import Log
from seqkit.train.loop import fit
from seqkit.train.progress import Progress
from seqkit.train.schedule import schedule
from seqkit.train.world import World

USUAL = {
    False: {"epochs": 5, "batch": 256, "lr": 0.05},
    True: {"epochs": 10, "batch": 32, "lr": 0.002},
}  # by recurrent


@dataclass(frozen=True)
class TrainingOptions:
    """How long and how fast a classifier is trained; epochs, batch and lr: as suits the reader where none is
    given (USUAL).
    """

    epochs: int | None = option(None, low=1, help="passes over the texts")
    batch: int | None = option(None, low=1, search="8..512:log", help="texts in a step")
    lr: float | None = option(
        None, low=0.0, search="1e-4..1:log", help="learning rate (its highest, where the schedule changes it)"
    )
    schedule: str = option(
        "cosine", help="constant, linear, inverse-time, exponential, staircase, inverse-sqrt, cosine, ..."
    )
    schedule_settings: dict[str, float] = dataclasses.field(default_factory=dict)
    patience: int | None = option(
        None, low=1, unit="epochs", help="end when the validation did not improve for so long"
    )

    def __post_init__(self) -> None:
        options.check(self)

    def of(self, recurrent: bool) -> model.FitOptions:
        """With what is none filled in."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        return options.from_json(model.FitOptions, USUAL[recurrent] | given)


class TextClassifier(Model):
    """Labels of texts; settings are those of ClassifierOptions, EncoderOptions, TrainingOptions and
    GradientOptions, by name.

    >>> texts, labels = ["a good film", "a bad film"] * 4, ["pos", "neg"] * 4
    >>> TextClassifier(unit="whitespace").fit(texts, labels).predict(["good", "bad"]).tolist()
    ['pos', 'neg']
    """

    kind = "text-classifier"
    groups: ClassVar[dict[str, Any]] = {
        "classifier": ClassifierOptions,
        "encoder": EncoderOptions,
        "training": TrainingOptions,
        "gradient": GradientOptions,
    }
    defaults: ClassVar[dict[str, Any]] = {"optimizer": "adamw", "clip": 1.0, "beta2": 0.99}
    classifier_options: ClassifierOptions
    encoder_options: EncoderOptions
    training_options: TrainingOptions

    def __init__(self, *, device: str = "auto", threads: int | None = None, **settings: Any) -> None:
        super().__init__(device=device, threads=threads, **settings)
        self.fit_options = self.training_options.of(self.classifier_options.recurrent)
        if not self.classifier_options.recurrent:
            self._check_gradient()
        self.coverage: float | None = None  # share of the words of training that pretrained vectors had
        self.padding: float | None = None  # share of the steps of an epoch that is padding
        self._reading: Reading | None = None

    @property
    def reading(self) -> Reading:
        """How text is read.  Raises:  OptionError before `fit`."""
        found: Reading = self._trained(self._reading)
        return found

    @property
    def network(self) -> AveragedNetwork | RecurrentNetwork:
        """The torch module.  Raises:  OptionError before `fit`."""
        found: AveragedNetwork | RecurrentNetwork = self._trained(self._network)
        return found

    @property
    def classes_(self) -> Any:
        """The labels: an array, or a list of arrays for several tasks."""
        arrays = [np.array(classes) for classes in self.reading.targets.classes]
        return arrays[0] if self.reading.targets.single else arrays

    def fit(
        self,
        X: Sequence[str],
        y: Any,
        *,
        valid: tuple[Sequence[str], Any] | None = None,
        vectors: Any = None,
        lm: LanguageModel | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        logs: Sequence[Log] = (),
        world: World | None = None,
    ) -> Self:
        """Train on texts X and their labels y: one a text, or a row of one for each task, None where it is
        missing.

        valid: (texts, labels); the epoch with the fewest errors, averaged over classes, is kept. vectors:
        Vectors to start the embedding from; words that only they have are read too, and never trained. lm: a
        language model whose state at each word a recurrent network reads beside the embedding; text is then
        cut as the language model's own was. checkpoint, resume, report, logs, world: as for
        LanguageModel.fit.
        Raises:  FormatError for an empty text, a single class, an unseen label in `valid`; OptionError if a
                 resumed run differs; TrainingError if the loss is not finite; ResourceError without memory.
        """
        texts = check_texts(X, "fit", empty=False)
        targets = Targets.learn(y)
        labels = targets.ids(y, len(texts))
        o, shared = self.classifier_options, world or World()
        rows, ids, matrix, known = self._read(texts, vectors, lm)
        encoder = (
            self.encoder_options if vectors is None else replace(self.encoder_options, embed_dim=vectors.dim)
        )
        reading = Reading(rows, targets, encoder, None if lm is None else (lm.codec, lm.network_options))
        self._check_memory(rows.size * encoder.embed_dim)
        network = reading.network(None if lm is None else lm.network)
        network.start(matrix, known, rows.unk)
        validate = None if valid is None else self._validation(reading, network, valid)
        weights = targets.weights(o.class_weight, labels)
        frozen = o.freeze * -(-len(texts) // self.fit_options.batch)
        said = "\0".join([*rows.codec.vocab.tokens, *texts]).encode("utf-8", "surrogatepass")
        settings = {
            name: value
            for name, value in self.get_params().items()
            if name not in ("device", "threads", "epochs")
        }
        settings["data"] = hashlib.sha256(said + labels.tobytes()).hexdigest()
        how: dict[str, Any] = {"validate": validate, "report": report, "logs": logs, "resume": resume}
        if isinstance(network, AveragedNetwork):
            bags = rows.bags(ids)
            learner = BagLearner(
                network,
                targets.heads,
                weights,
                drops=(encoder.word_dropout, encoder.dropout),
                seed=encoder.seed,
                frozen=(network.known, frozen),
            )
            batches: Buckets[Any] = Buckets(
                np.ones(len(ids)),
                self.fit_options.batch,
                lambda which, _: (bags.take(which), labels[which]),
                settings,
                seed=encoder.seed,
            )
            self._learn_alone(network, learner, batches, checkpoint if shared.rank == 0 else None, how)
        else:
            network.to(find_device(self.device))
            network.prepare(weights, frozen, always=o.freeze >= self.fit_options.epochs)
            batches = Buckets(
                np.array([len(row) for row in ids]),
                self.fit_options.batch,
                lambda which, part: replace(reading.batch(ids, which), labels=labels[which], part=part),
                settings,
                seed=encoder.seed,
                part=(shared.rank, shared.size),
            )
            self.padding = batches.waste()
            self._learn(network, batches, checkpoint=checkpoint, world=shared, **how)
        self._reading = reading
        return self

    def predict_proba(self, X: Sequence[str]) -> Any:
        """p of each class (N, C), in the order of classes_; a list of them for several tasks."""
        found = self.reading.probabilities(self._logits(X))
        return found[0] if self.reading.targets.single else found

    def predict(self, X: Sequence[str]) -> Array:
        """The likeliest label of each text (N,), or of each task (N, K)."""
        return self.reading.targets.labels(self.reading.best(self._logits(X)))

    def score(self, X: Sequence[str], y: Any) -> float:
        """The share of right labels among those there are."""
        found, labels = self.ids(X, y)
        there = labels >= 0
        return float((found == labels)[there].mean()) if there.any() else float("nan")

    def ids(self, X: Sequence[str], y: Any) -> tuple[Annotated[Ids, "N K"], Annotated[Ids, "N K"]]:
        """Predicted and given labels as numbers of classes, -1 for none.

        Raises:  FormatError for a label that training had not.
        """
        labels = self.reading.targets.ids(y, len(X))
        return self.reading.best(self._logits(X)), labels

    def unknown(self, X: Sequence[str]) -> int:
        """How many words of the texts the model does not know."""
        rows = self.reading.rows
        return sum(int((row == rows.unk).sum()) for row in rows.ids(check_texts(X, "unknown")))

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks: a classifier of texts."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True, multi_output=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return self._network is not None

    def _check_gradient(self) -> None:
        """Refuse settings of gradients, of which the kernel of averaged and summed readers has none."""
        usual = {name: self.defaults.get(name, value) for name, value in vars(GradientOptions()).items()}
        odd = [name for name, value in vars(self.gradient_options).items() if value != usual[name]]
        if odd:
            reader = self.classifier_options.reader
            raise OptionError(
                f"{odd[0]}: the {reader} reader is trained by AdaGrad alone. Leave it out, or read by "
                "'recurrent'."
            )

    def _read(
        self, texts: list[str], vectors: Any, lm: LanguageModel | None
    ) -> tuple[WordRows, list[Ids], Any, Any]:
        """The rows of the words, the texts in them, what the vectors have for each row, and for which they
        have something.
        """
        o = self.classifier_options
        if lm is not None and (not o.recurrent or lm.codec.vocab.unk is None):
            why = (
                "its vocabulary has no unknown word"
                if o.recurrent
                else f"reader is {o.reader!r}, allowed is 'recurrent'"
            )
            raise OptionError(f"fit: the language model cannot be read: {why}.")
        rows, ids = WordRows.learn(texts, o, None if lm is None else lm.codec.recipe)
        self.coverage = self.padding = None
        for more in ([] if vectors is None else [vectors.vocab], [] if lm is None else [lm.codec.vocab]):
            if rows.codec.recipe.tokenizer.name in ("word", "whitespace"):
                rows = rows.extended([token for vocab in more for token in vocab.tokens])
        if vectors is None:
            return rows, ids, None, np.zeros(len(rows.codec.vocab), bool)
        matrix, known = rows.start(vectors, o.vectors_scale)
        self.coverage = float(known[: rows.words].sum() / max(rows.words - len(rows.codec.vocab.specials), 1))
        return rows, ids, matrix, known

    def _validation(
        self, reading: Reading, network: Any, valid: tuple[Sequence[str], Any]
    ) -> Callable[[], float]:
        texts = check_texts(valid[0], "valid", empty=False)
        labels = reading.targets.ids(valid[1], len(texts))
        return lambda: balanced_error(reading.best(reading.logits(network, texts)), labels)

    def _learn_alone(
        self,
        network: AveragedNetwork,
        learner: Learner[Any],
        batches: Buckets[Any],
        folder: str | os.PathLike[str] | None,
        how: dict[str, Any],
    ) -> None:
        """Train by the kernel: one process, the same in all of them."""
        o = self.fit_options
        self.history = []
        self.history = fit(
            learner,
            batches,
            epochs=o.epochs,
            schedule=schedule(o.schedule, o.lr, epochs=o.epochs, **o.schedule_settings),
            patience=o.patience,
            keep_best=how["validate"] is not None,
            checkpoint=None if folder is None else Checkpoint(Path(folder)),
            **how,
        )
        self._network = network.to(find_device(self.device)).eval()

    def _logits(self, X: Sequence[str]) -> Array:
        return self.reading.logits(self.network, check_texts(X, "predict"))

    def _contents(self) -> tuple[Arrays, dict[str, Any]]:
        arrays, meta = self.reading.save()
        return arrays, meta | {"coverage": self.coverage, "padding": self.padding}

    def _restore(self, arrays: Arrays, meta: dict[str, Any]) -> Any:
        self.coverage, self.padding = meta["coverage"], meta["padding"]
        self._reading = Reading.load(arrays, meta, self.classifier_options)
        return self._reading.network().to(find_device(self.device))
