"""Baselines of a classifier: majority, logistic regression on TF-IDF, averaged vectors, a recurrent network.

Not handled: tuning; each has the settings it is given, or its usual ones.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np

from seqkit.core.score import Score
from seqkit.core.types import Array, Ids
from seqkit.evaluate.metric import measured
from seqkit.evaluate.metrics.accuracy import Accuracy
from seqkit.models.base import Options
from seqkit.models.classifier.labels import Targets
from seqkit.models.classifier.model import TextClassifier
from seqkit.text.corpus.worker import Recipe
from seqkit.text.normalize import Normalizer
from seqkit.text.tokenizer import choose

TFIDF = "logistic regression on TF-IDF"
READERS = ("averaged", "recurrent")
Part = tuple[Sequence[str], Any]  # texts, labels


@dataclass(frozen=True)
class Rung:
    """One model on one part: accuracy, which labels were right (M,), and the seconds of training.

    epochs: among how many it was chosen on these very labels.
    """

    name: str
    accuracy: Score
    right: Annotated[Array, "M"]
    seconds: float
    epochs: int = 1


def gain(one: Rung, other: Rung) -> Score:
    """How much more accurate `one` is than `other`, with an interval that holds for few labels too.

    With b labels that only `one` has right, c that only `other` has, of n:

        (b - c)/(n + 2) ± z √(b + c + 1 - (b - c)²/(n + 2)) / (n + 2)

    z is of 95 %; where both were chosen among epochs on these labels, of all pairs of epochs together
    (Bonferroni).   Source:  Agresti and Min 2005, Statistics in Medicine 24:729.
    """
    from scipy.stats import norm

    n, difference = len(one.right), one.right.astype(int) - other.right
    few, turned = int(difference.sum()), int(np.abs(difference).sum())
    z = norm.isf(0.025 / (one.epochs * other.epochs))
    middle = few / (n + 2)
    half = float(z * np.sqrt(turned + 1 - few * middle) / (n + 2))
    about = {"one": one.name, "other": other.name, "pairs of epochs": one.epochs * other.epochs}
    ends = max(middle - half, -1.0), min(middle + half, 1.0)
    value = few / n if n else float("nan")
    return Score("gain", value, n, one.accuracy.missing, one.accuracy.signature | about, ends)


@dataclass(frozen=True)
class Ladder:
    """Models from the simplest up, and the name of the one that is kept."""

    rungs: list[Rung]
    kept: str

    @property
    def gains(self) -> dict[str, Score]:
        """The gain of the kept model over each of the others."""
        kept = next(rung for rung in self.rungs if rung.name == self.kept)
        return {rung.name: gain(kept, rung) for rung in self.rungs if rung is not kept}

    @property
    def verdict(self) -> str:
        """A sentence on the kept model against each of the others."""
        return "\n".join(_said(self.kept, name, found) for name, found in self.gains.items())

    def to_json(self) -> dict[str, Any]:
        """All models and the verdict as plain JSON values."""
        rungs = [
            {"model": r.name, "seconds": round(r.seconds, 3), **r.accuracy.to_json()} for r in self.rungs
        ]
        gains = {name: found.to_json() for name, found in self.gains.items()}
        return {"rungs": rungs, "gains": gains, "verdict": self.verdict}


def _said(kept: str, other: str, found: Score) -> str:
    low, high = found.interval or (found.value, found.value)
    chosen = found.signature["pairs of epochs"]
    wide = f", wide enough for {chosen:,} pairs of epochs that it chose from" if chosen > 1 else ""
    points = f"{100 * found.value:+.1f} points, 95 % interval {100 * low:+.1f} to {100 * high:+.1f}{wide}"
    if low > 0:
        said = f"{kept} beats {other}"
    elif high < 0:
        said = f"{kept} is kept, but {other} beats it"
    else:
        said = f"{kept} and {other} cannot be told apart"
    way = f" Train with --reader {other} to keep that one." if high < 0 and other in READERS else ""
    return f"{said} ({points}, n={found.count:,}).{way}"


def simple(train: Part, test: Part, o: Options, part: str = "dev") -> list[Rung]:
    """The majority and logistic regression on TF-IDF, trained on `train`, on `test`; o: of the classifier."""
    texts, y = train
    targets = Targets.learn(y)
    labels, truth = targets.ids(y, len(texts)), targets.ids(test[1], len(test[0]))
    rungs = []
    for name, train_it in (("majority", _majority), (TFIDF, _tfidf)):
        started = time.monotonic()
        found = train_it(texts, labels, list(test[0]), o, targets)
        rungs.append(_rung(name, targets, found, truth, time.monotonic() - started, part))
    return rungs


def judge(model: TextClassifier, test: Part, part: str = "dev", *, chosen: bool = False) -> Rung:
    """The score of a trained classifier.  chosen: its epoch was chosen on `test`."""
    found, truth = model.ids(*test)
    seconds = sum(epoch.seconds for epoch in model.history)
    made = _rung(reader(model), model.fitted.targets, found, truth, seconds, part)
    return replace(made, epochs=len(model.history)) if chosen else made


def reader(model: TextClassifier) -> str:
    """What a classifier is called among others."""
    return "recurrent" if model.own.recurrent else "averaged"


def _rung(name: str, targets: Targets, found: Ids, truth: Ids, seconds: float, part: str) -> Rung:
    right, about = targets.right(found, truth), {"model": name, "part": part}
    missing = (len(truth) if targets.names else truth.size) - len(right)
    return Rung(
        name, measured("accuracy", Accuracy(), Accuracy().stats(right), missing, about), right, seconds
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
        if len(known := np.unique(column[there])) < 2:  # a label of sets that every text has
            found.append(np.full(len(test), known[0]))
            continue
        model = LogisticRegression(max_iter=1000, class_weight=dict(enumerate(weights.tolist())))
        found.append(model.fit(x[there], column[there]).predict(z))
    return np.stack(found, 1).astype(np.int32)
