"""Gonen's second test: can an SVM with an RBF kernel learn the sides of the most biased words?"""

from collections.abc import Sequence
from typing import Any

from seqkit.debias.measuring.base import DEFAULT, Basis, BiasScore, MostWords, Options, Original, Specific
from seqkit.debias.measuring.recovery import probe
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["gonen_svm"]


def gonen_svm(
    vectors: Vectors,
    basis: Basis,
    *,
    original: Original = None,
    n: MostWords = 2500,
    train: float = 0.2,
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    specific: Specific = (),
    options: Options = DEFAULT,
) -> BiasScore:
    """Accuracy on those of 2n words that it never saw; 0.5: nothing is found. extra: of each seed.

    As published: n = 2,500, trained on 1,000 of 5,000 words.
    Source:  Gonen & Goldberg 2019, section 4.
    """

    def make(_: int) -> Any:
        from sklearn.svm import SVC

        return SVC(kernel="rbf", gamma="scale")

    return probe(
        "gonen-svm",
        make,
        vectors,
        basis,
        original=original,
        n=n,
        train=train,
        seeds=seeds,
        specific=specific,
        options=options,
        kernel="rbf",
    )
