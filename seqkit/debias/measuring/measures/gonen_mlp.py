"""A harder probe than Gonen's: can a network with one hidden layer learn the sides of the most biased words?

INLP leaves nothing for a linear probe; such a network may still find the sides again.
"""

import warnings
from collections.abc import Sequence
from typing import Any

from seqkit.debias.measuring.base import DEFAULT, Basis, BiasScore, MostWords, Options, Original, Specific
from seqkit.debias.measuring.recovery import probe
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["gonen_mlp"]


def gonen_mlp(
    vectors: Vectors,
    basis: Basis,
    *,
    original: Original = None,
    n: MostWords = 2500,
    train: float = 0.2,
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    specific: Specific = (),
    hidden: int = 100,
    steps: int = 200,
    options: Options = DEFAULT,
) -> BiasScore:
    """Accuracy on those of 2n words that it never saw; 0.5: nothing is found. extra: of each seed.

    hidden: relu units.   steps: iterations of L-BFGS at most.
    """

    def make(seed: int) -> Any:
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier((hidden,), solver="lbfgs", alpha=1e-3, max_iter=steps, random_state=seed)

    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="lbfgs failed to converge"
        )  # stopping early is part of the setting
        return probe(
            "gonen-mlp",
            make,
            vectors,
            basis,
            original=original,
            n=n,
            train=train,
            seeds=seeds,
            specific=specific,
            options=options,
            hidden=hidden,
            steps=steps,
        )
