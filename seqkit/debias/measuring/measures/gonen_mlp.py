"""A harder probe than Gonen's: can a network with one hidden layer learn the sides of the most biased words?

INLP leaves nothing for a linear probe; such a network may still find the sides again.
"""

from typing import Any

from seqkit.debias.measuring.recovery import probe

__all__ = ["gonen_mlp"]


@probe("gonen-mlp")
def gonen_mlp(seed: int, *, hidden: int = 100, steps: int = 200) -> Any:
    """Accuracy on those of 2n words that it never saw; 0.5: nothing is found. extra: of each seed.

    hidden: relu units.   steps: iterations of L-BFGS at most.
    """
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((hidden,), solver="lbfgs", alpha=1e-3, max_iter=steps, random_state=seed)
