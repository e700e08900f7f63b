"""TextClassifier: texts in, labels out, as in scikit-learn; averaged embeddings or a recurrent network.

Not handled: labels with an order; texts are str, labels str, int or bool, or sets of str.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, NamedTuple, Self, Unpack

import numpy as np

from seqkit.core.device import device as find_device
from seqkit.core.errors import OptionError
from seqkit.core.types import Array, Ids
from seqkit.models.base import Model, Run
from seqkit.models.classifier.bag import AveragedNetwork, BagLearner
from seqkit.models.classifier.features import WordRows
from seqkit.models.classifier.fitted import Fitted
from seqkit.models.classifier.labels import Targets, check_texts
from seqkit.models.classifier.options import AVERAGED, RECURRENT, SETTINGS, ClassifierOptions
from seqkit.models.classifier.recurrent import balanced_error, micro_error
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.batches.buckets import Buckets
from seqkit.train.world import World


class _Task(NamedTuple):
    """What is learnt: ids of texts, labels (N, K), weights of classes, steps for which words are frozen."""

    ids: list[Ids]
    labels: Ids
    weights: Array
    frozen: float
    signature: dict[str, Any]
    validate: Callable[[], float] | None


class TextClassifier(Model[Fitted]):
    """Labels of texts; settings by name, as models.classifier.options lists them.

    >>> texts, labels = ["a good film", "a bad film"] * 4, ["pos", "neg"] * 4
    >>> TextClassifier(unit="whitespace").fit(texts, labels).predict(["good", "bad"]).tolist()
    ['pos', 'neg']
    """

    kind = "text-classifier"
    settings = SETTINGS
    record = Fitted

    def _usual(self) -> Mapping[str, Any]:
        return RECURRENT if self.own.recurrent else AVERAGED

    @property
    def own(self) -> ClassifierOptions:
        """The settings that no other task has."""
        return self.options["classifier"]

    @property
    def coverage(self) -> float | None:
        """The share of the words of training that pretrained vectors had; None without vectors."""
        return self.fitted.coverage

    @property
    def padding(self) -> float | None:
        """The share of the steps of an epoch that is padding; None where nothing is padded."""
        return self.fitted.padding

    @property
    def classes_(self) -> Any:
        """The labels: an array, or a list of arrays for several tasks."""
        targets = self.fitted.targets
        arrays = [np.array(classes) for classes in targets.classes]
        if targets.names is not None:
            return np.array(targets.names)
        return arrays[0] if targets.single else arrays

    def fit(
        self,
        X: Sequence[str],
        y: Any,
        *,
        valid: tuple[Sequence[str], Any] | None = None,
        vectors: Any = None,
        lm: LanguageModel | None = None,
        **run: Unpack[Run],
    ) -> Self:
        """Train on texts X and labels y: one for each text, or a row with one for each task; None: missing.

        Where a text may have any number of labels, y has a set of str for each text.

        valid: (texts, labels); the epoch with the fewest errors, averaged over classes, or with the highest
        micro F1 of sets, is kept. vectors:
        Vectors to start the embedding from; words that only they have are read too, and never trained. lm: a
        language model whose state at each word a recurrent network reads beside the embedding; text is then
        cut as the language model's own was. run: see models.base.Run.
        Raises:  FormatError for an empty text, a single class, an unseen label in `valid`; OptionError if a
                 resumed run differs; TrainingError if the loss is not finite; ResourceError without memory.
        """
        texts = check_texts(X, "fit", empty=False)
        targets = Targets.learn(y)
        labels = targets.ids(y, len(texts))
        o, recurrent = self.own, self.options["recurrent"]
        rows, ids, matrix, known, coverage = self._read(texts, vectors, lm)
        encoder = recurrent if vectors is None else replace(recurrent, embed_dim=vectors.dim)
        read = None if lm is None else (lm.codec, lm.options["recurrent"], lm.own)
        fitted = Fitted(rows, targets, encoder, read, coverage)
        network = self._build(fitted, "cpu")
        if lm is not None:
            network.lm.load_state_dict(lm.network.state_dict())
        network.start(matrix, known, rows.unk)
        weights = targets.weights(o.class_weight, labels)
        frozen = o.freeze * -(-len(texts) // self.fit_options.batch)
        signature = self._signature(texts, labels, vectors, [] if lm is None else lm.codec.vocab.tokens)
        cut = rows.codec.recipe.tokenizer
        if signature["unit"] == cut.name:  # with the version of its rule: tokens of another one are others
            signature["unit"] = " ".join(map(str, cut.settings().values()))
        train = self._averaged if isinstance(network, AveragedNetwork) else self._recurrent
        validate = self._validation(fitted, network, valid)
        train(fitted, network, _Task(ids, labels, weights, frozen, signature, validate), **run)
        return self

    def _averaged(self, fitted: Fitted, network: Any, task: _Task, **run: Unpack[Run]) -> None:
        """Train by the kernel: one process, the same in all of them."""
        encoder, bags = fitted.encoder, fitted.rows.bags(task.ids)
        learner = BagLearner(
            network,
            fitted.targets.heads,
            task.weights,
            drops=(encoder.word_dropout, encoder.dropout),
            seed=encoder.seed,
            frozen=(network.known, task.frozen),
        )
        batches: Buckets[Any] = Buckets(
            np.ones(len(task.ids)),
            self.fit_options.batch,
            lambda which, _: (bags.take(which), task.labels[which]),
            task.signature,
            seed=encoder.seed,
        )
        if (world := run.get("world")) and world.rank > 0:
            run["checkpoint"] = None
        self._learn(fitted, network, batches, validate=task.validate, learner=learner, **run)

    def _recurrent(self, fitted: Fitted, network: Any, task: _Task, **run: Unpack[Run]) -> None:
        """Train by gradients."""
        shared = run.get("world") or World()
        network.to(find_device(self.device))
        network.prepare(task.weights, task.frozen, always=self.own.freeze >= self.fit_options.epochs)
        batches: Buckets[Any] = Buckets(
            np.array([len(row) for row in task.ids]),
            self.fit_options.batch,
            lambda which, part: replace(fitted.batch(task.ids, which), labels=task.labels[which], part=part),
            task.signature,
            seed=fitted.encoder.seed,
            part=(shared.rank, shared.size),
        )
        self._learn(replace(fitted, padding=batches.waste()), network, batches, validate=task.validate, **run)

    def predict_proba(self, X: Sequence[str]) -> Any:
        """The probability of each class (N, C), in the order of classes_; a list for several tasks.

        Where texts have sets of labels, the probability of each label by itself.
        """
        logits = self._logits(X)
        if self.fitted.targets.names is not None:
            return self.fitted.chances(logits)
        found = self.fitted.probabilities(logits)
        return found[0] if self.fitted.targets.single else found

    def predict(self, X: Sequence[str], *, threshold: float = 0.5) -> Array:
        """The likeliest label of each text (N,), or of each task (N, K).

        Where texts have sets of labels (N,): those whose probability is `threshold` or more.
        """
        return self.fitted.targets.labels(self.fitted.best(self._logits(X), threshold))

    def score(self, X: Sequence[str], y: Any) -> float:
        """The share of right labels among those there are; of texts whose whole set is right."""
        found, labels = self.ids(X, y)
        right = self.fitted.targets.right(found, labels)
        return float(right.mean()) if len(right) else float("nan")

    def ids(
        self, X: Sequence[str], y: Any, *, threshold: float = 0.5
    ) -> tuple[Annotated[Ids, "N K"], Annotated[Ids, "N K"]]:
        """Predicted and given labels as numbers of classes, -1 for none.

        Raises:  FormatError for a label that training does not have.
        """
        labels = self.fitted.targets.ids(y, len(X))
        return self.fitted.best(self._logits(X), threshold), labels

    def unknown(self, X: Sequence[str]) -> int:
        """How many words of the texts the model does not know."""
        rows = self.fitted.rows
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

    def _read(
        self, texts: list[str], vectors: Any, lm: LanguageModel | None
    ) -> tuple[WordRows, list[Ids], Any, Any, float | None]:
        """Rows of words, the texts in them, vectors of rows, which have one, and the share that have."""
        o = self.own
        if lm is not None and (not o.recurrent or lm.codec.vocab.unk is None):
            read = f"got reader {o.reader!r}, expected 'recurrent'"
            why = "its vocabulary has no unknown word, expected one" if o.recurrent else read
            raise OptionError(f"fit: got a language model that cannot be read: {why}.")
        rows, ids = WordRows.learn(texts, o, self.options["text"], None if lm is None else lm.codec.recipe)
        for more in ([] if vectors is None else [vectors.vocab], [] if lm is None else [lm.codec.vocab]):
            if rows.codec.recipe.tokenizer.name in ("word", "whitespace"):
                rows = rows.extended([token for vocab in more for token in vocab.tokens])
        if vectors is None:
            return rows, ids, None, np.zeros(len(rows.codec.vocab), bool), None
        matrix, known = rows.start(vectors, o.vectors_scale)
        specials = list(rows.codec.vocab.specials.values())
        words = max(rows.words - len(specials), 1)
        covered = known[: rows.words].sum() - known[specials].sum()
        return rows, ids, matrix, known, float(covered / words)

    def _validation(
        self, fitted: Fitted, network: Any, valid: tuple[Sequence[str], Any] | None
    ) -> Callable[[], float] | None:
        if valid is None:
            return None
        texts = check_texts(valid[0], "valid", empty=False)
        labels = fitted.targets.ids(valid[1], len(texts))
        ids = fitted.rows.ids(texts)
        error = balanced_error if fitted.targets.names is None else micro_error
        return lambda: error(fitted.best(fitted.logits(network, ids)), labels)

    def _logits(self, X: Sequence[str]) -> Array:
        return self.fitted.logits(self.network, self.fitted.rows.ids(check_texts(X, "predict")))
