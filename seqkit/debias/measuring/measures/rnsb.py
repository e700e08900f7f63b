"""Relative negative sentiment bias: does a classifier of good and bad words rate some groups worse?

    p_w = P(negative | w) / Σ P(negative | ·)        RNSB = KL(p ‖ uniform) = Σ_w p_w log(p_w n)

A logistic classifier is trained on unit rows of the lexicon; the value is a mean over random splits into
training and test words, and the accuracy on the test words says how far to believe it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from seqkit.core.errors import OptionError
from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, BiasScore, ClassWords, Options, Pleasant, Unpleasant
from seqkit.debias.measuring.resampling import interval, null_band, shuffled
from seqkit.debias.measuring.word_lists import WordLists, by_word
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["rnsb"]


def rnsb(
    vectors: Vectors,
    targets: ClassWords,
    good: Pleasant,
    bad: Unpleasant,
    *,
    splits: int = 10,
    test: float = 0.1,
    strength: float = 1.0,
    options: Options = DEFAULT,
) -> BiasScore:
    """RNSB in nats; by_word = p_w; extra: accuracy, and the KL of each split.  good, bad: the lexicon.

    test: share of each list held out.   strength: C of the classifier, 1 / its L2 penalty.
    Source:  Sweeney & Najafian 2019.
    """
    if splits < 1 or not 0 < test < 1 or not strength > 0:
        raise OptionError(
            f"rnsb: got splits {splits}, test {test}, strength {strength}; expected at least 1, between 0 "
            "and 1, above 0."
        )
    lists = WordLists("rnsb", vectors, {"targets": targets, "good": good, "bad": bad}, options)
    for name in ("targets", "good", "bad"):
        lists.at_least(name, 2)
    w, a, b = (lists.unit(name) for name in ("targets", "good", "bad"))
    pool = lists.pool(len(w))
    models = list(_trained(a, b, splits, test, strength, options.seed))
    found = np.array([model.predict_proba(w)[:, 1] for model, _ in models])  # (splits, N)
    values = _divergence(found)
    band = None
    if pool is not None:
        beside = np.array([model.predict_proba(pool)[:, 1] for model, _ in models])
        every = np.concatenate([found, beside], axis=1)
        band = null_band(lambda i: _divergence(every[:, i]).mean(0), every.shape[1], len(w), options)
    return BiasScore(
        "rnsb",
        float(values.mean()),
        len(w),
        lists.missing,
        lists.signature(splits=splits, test=test, strength=strength, normalized=True),
        interval(lambda i: _divergence(found[:, i]).mean(0), len(w), options),
        0.0,
        band,
        by_word(lists.words["targets"], (found / found.sum(1, keepdims=True)).mean(0)),
        lists.lost,
        {"accuracy": float(np.mean([right for _, right in models])), "by_split": values.tolist()},
    )


def _trained(
    good: Array, bad: Array, splits: int, test: float, strength: float, seed: int
) -> Iterator[tuple[Any, float]]:
    """A classifier of each split, and its accuracy on the words held out."""
    orders = (shuffled(len(x), len(x), splits, seed, i) for i, x in enumerate((good, bad)))
    for order_a, order_b in zip(*orders, strict=True):
        a, b = good[order_a], bad[order_b]
        held_a, held_b = max(1, round(test * len(a))), max(1, round(test * len(b)))
        model = _classifier(a[held_a:], b[held_b:], strength)
        right = [*(model.predict(a[:held_a]) == 0), *(model.predict(b[:held_b]) == 1)]
        yield model, float(np.mean(right))


def _classifier(good: Array, bad: Array, strength: float) -> Any:  # sklearn has no types
    from sklearn.linear_model import LogisticRegression

    labels = np.repeat([0, 1], [len(good), len(bad)])
    return LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(
        np.concatenate([good, bad]), labels
    )


def _divergence(chances: Array) -> Array:
    """KL to uniform along the last axis."""
    p = chances / chances.sum(-1, keepdims=True)
    return (p * np.log(p * p.shape[-1])).sum(-1)
