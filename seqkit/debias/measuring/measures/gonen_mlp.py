"""A harder probe than Gonen's: can a network with one hidden layer learn the sides of the most biased words?

INLP leaves nothing for a linear probe; such a network may still find the sides again.
"""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, Measured, Options
from seqkit.debias.measuring.recovery import probe
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["gonen_mlp"]


def gonen_mlp(
    vectors: Vectors,
    basis: Array,
    *,
    original: Vectors | None = None,
    n: int = 2500,
    train: float = 0.2,
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    specific: Iterable[str] = (),
    hidden: int = 100,
    steps: int = 200,
    options: Options = DEFAULT,
) -> Measured:
    """Accuracy on words it was not trained on, out of 2n; 0.5: nothing to be found. extra: each seed's.

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
