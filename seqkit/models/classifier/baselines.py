"""Baselines of a classifier: majority, logistic regression on TF-IDF, averaged vectors, a recurrent network.

Not handled: tuning; each has the settings it is given, or its usual ones.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from seqkit.core.score import Score
from seqkit.core.types import Array, Ids
from seqkit.evaluate.bootstrap import interval, mean_of
from seqkit.evaluate.metric import measured
from seqkit.evaluate.metrics.accuracy import Accuracy
from seqkit.models.base import Options
from seqkit.models.classifier.labels import Targets
from seqkit.models.classifier.model import TextClassifier
from seqkit.text.corpus.worker import Recipe
from seqkit.text.normalize import Normalizer
from seqkit.text.tokenizer import choose

TFIDF = "logistic regression on TF-IDF"
Part = tuple[Sequence[str], Any]  # texts, labels


@dataclass(frozen=True)
class Rung:
    """One model on one part: accuracy, which labels were right (M,), and the seconds of training."""

    name: str
    accuracy: Score
    right: Annotated[Array, "M"]
    seconds: float


@dataclass(frozen=True)
class Ladder:
    """The models from the simplest up, and whether the recurrent one was worth it."""

    rungs: list[Rung]

    @property
    def gain(self) -> Score:
        """Accuracy of the recurrent network less that of the averaged vectors, with its paired interval."""
        by_name = {rung.name: rung for rung in self.rungs}
        one, other = by_name["recurrent"], by_name["averaged"]
        difference = one.right.astype(float) - other.right
        low_high = interval(mean_of(difference), len(difference))
        return Score(
            "gain",
            float(difference.mean()),
            len(difference),
            one.accuracy.missing,
            one.accuracy.signature,
            low_high,
        )

    @property
    def verdict(self) -> str:
        """One sentence on the recurrent network against the average."""
        gain = self.gain
        low, high = gain.interval or (gain.value, gain.value)
        interval = f"95 % interval {100 * low:+.1f} to {100 * high:+.1f}"
        points = f"{100 * gain.value:+.1f} points, {interval}, n={gain.count:,}"
        if gain.value <= 0:
            said = f"does not beat the averaged vectors ({points}): word order did not help."
        elif low <= 0:
            said = f"is ahead of the averaged vectors, but by no more than chance may give ({points})."
        else:
            said = f"beats the averaged vectors ({points})."
        return f"The recurrent network {said}"

    def to_json(self) -> dict[str, Any]:
        """All models and the verdict as plain JSON values."""
        rungs = [
            {"model": r.name, "seconds": round(r.seconds, 3), **r.accuracy.to_json()} for r in self.rungs
        ]
        return {"rungs": rungs, "gain": self.gain.to_json(), "verdict": self.verdict}


def ladder(
    train: Part,
    test: Part,
    models: Sequence[TextClassifier],
    fit: Callable[[TextClassifier], object],
    *,
    part: str = "dev",
) -> Ladder:
    """Train all models on `train` and measure them on `test`.

    models: the averaged and the recurrent one, which `fit` trains. part: the name of `test`. Where the
    epoch was chosen on it, the numbers of these two are a little too good.
    """
    texts, y = train
    targets = Targets.learn(y)
    labels, truth = targets.ids(y, len(texts)), targets.ids(test[1], len(test[0]))
    rungs = []
    for name, train_it in (("majority", _majority), (TFIDF, _tfidf)):
        started = time.monotonic()
        found = train_it(texts, labels, list(test[0]), models[0].options, targets)
        rungs.append(_rung(name, found, truth, time.monotonic() - started, part))
    for model in models:
        fit(model)
        rungs.append(judge(model, test, sum(epoch.seconds for epoch in model.history), part))
    return Ladder(rungs)


def judge(model: TextClassifier, test: Part, seconds: float, part: str) -> Rung:
    """The score of a trained classifier."""
    found, truth = model.ids(*test)
    reader = model.own.reader
    return _rung("recurrent" if reader == "recurrent" else "averaged", found, truth, seconds, part)


def _rung(name: str, found: Ids, truth: Ids, seconds: float, part: str) -> Rung:
    there = truth >= 0
    right = (found == truth)[there]
    about = {"model": name, "part": part}
    return Rung(
        name,
        measured("accuracy", Accuracy(), Accuracy().stats(right), int((~there).sum()), about),
        right,
        seconds,
    )


def _majority(texts: Sequence[str], labels: Ids, test: list[str], o: Options, targets: Targets) -> Ids:
    best = [np.bincount(column[column >= 0]).argmax() for column in labels.T]
    return np.tile(np.array(best, np.int32), (len(test), 1))


def _tfidf(texts: Sequence[str], labels: Ids, test: list[str], o: Options, targets: Targets) -> Ids:
    """A logistic regression for each task, on the tokens that the classifier reads."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    own = o["text"]
    recipe = Recipe(choose(own.unit, texts, vocab_size=own.max_size), Normalizer(lower=own.lower))
    features = TfidfVectorizer(
        analyzer=lambda text: recipe.tokenizer.tokens(recipe.normalizer(text)),
        sublinear_tf=True,
        min_df=own.min_count,
    )
    x, z = features.fit_transform(texts), features.transform(test)
    found = []
    for k, column in enumerate(labels.T):
        there = column >= 0
        weights = targets.weights(o["classifier"].class_weight, labels)[
            targets.heads[k] : targets.heads[k + 1]
        ]
        model = LogisticRegression(max_iter=1000, class_weight=dict(enumerate(weights.tolist())))
        found.append(model.fit(x[there], column[there]).predict(z))
    return np.stack(found, 1).astype(np.int32)
