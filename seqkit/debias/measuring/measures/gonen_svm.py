"""Gonen's second test: can an SVM with an RBF kernel learn the sides of the most biased words?"""

from typing import Any

from seqkit.debias.measuring.recovery import probe

__all__ = ["gonen_svm"]


@probe("gonen-svm", kernel="rbf")
def gonen_svm(seed: int) -> Any:
    """Accuracy on those of 2n words that it never saw; 0.5: nothing is found. extra: of each seed.

    As published: n = 2,500, trained on 1,000 of 5,000 words.
    Source:  Gonen & Goldberg 2019, section 4.
    """
    from sklearn.svm import SVC

    return SVC(kernel="rbf", gamma="scale")
