"""The settings of the losses that ship, readable without arrays and kernels: help is quick.

A new loss may keep its settings in its own file, as `Options`. Not handled: what they do (objectives/*.py).
"""

from dataclasses import dataclass
from typing import Literal

from seqkit.core import options
from seqkit.core.errors import OptionError
from seqkit.core.options import option
from seqkit.embeddings.cooccurrence.options import CountOptions


@dataclass(frozen=True)
class WindowObjectiveOptions:
    """Settings of every objective on windows."""

    context: Literal["skipgram", "cbow"] = option(
        "skipgram", help="skipgram: each context word alone; cbow: their mean"
    )
    dim: int = option(100, low=1, help="numbers in a vector")
    window: int = option(5, low=1, high=1000, help="words to each side, at most")
    shrink: bool = option(True, help="draw each window's half-width from 1..window, so near words count more")
    subsample: float = option(1e-3, low=0, help="frequency above which a word is thinned out; 0: none")
    min_count: int = option(5, low=1, help="words seen less often are left out")
    cbow_gradient: Literal["word2vec", "mean"] = option(
        "word2vec",
        help="what each row of a mean (cbow's context) takes: its whole gradient, or its share (the true "
        "gradient)",
    )
    seed: int = option(1, low=0, high=2**63 - 1, help="seed of every draw")
    deterministic: bool = option(False, help="same bytes for any number of threads")

    def __post_init__(self) -> None:
        options.check(self)


@dataclass(frozen=True)
class NegativeSamplingOptions(WindowObjectiveOptions):
    """Settings of negative sampling."""

    negatives: int = option(5, low=1, high=1000, help="noise words for each window")
    noise_exponent: float = option(
        0.75, low=-10, high=10, help="noise is drawn in proportion to count to this power"
    )


@dataclass(frozen=True)
class HierarchicalSoftmaxOptions(WindowObjectiveOptions):
    """Settings of hierarchical softmax."""


@dataclass(frozen=True)
class FullSoftmaxOptions(WindowObjectiveOptions):
    """Settings of full softmax."""

    batch: int = option(64, low=1, high=4096, help="tokens a mini-batch", unit="tokens")


@dataclass(frozen=True)
class SubwordsOptions(NegativeSamplingOptions):
    """Settings of negative sampling of words that are means of n-grams' rows."""

    min_n: int = option(
        3, low=1, help="characters in the shortest n-gram, < and > of the word's ends among them"
    )
    max_n: int = option(6, low=1, help="characters in the longest n-gram")
    buckets: int = option(200_000, low=1, high=1 << 30, help="rows that n-grams are hashed into")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_n > self.max_n:
            raise OptionError(
                f"SubwordsOptions.max_n: got {self.max_n}, expected at least min_n, {self.min_n}."
            )


@dataclass(frozen=True)
class GloVeOptions(CountOptions):
    """Settings of GloVe."""

    dim: int = option(100, low=1, help="numbers in a vector")
    x_max: float = option(
        10.0, low=1e-30, help="count from which on pairs weigh 1; 100 for billions of words"
    )
    alpha: float = option(0.75, low=0, high=10, help="power of the weight below x_max")
    adagrad: Literal["c", "plain"] = option(
        "c", help="c: sums of (lr · gradient)², biases without lr; plain: the usual"
    )
    output: Literal["sum", "mean", "words", "contexts"] = option(
        "sum", help="vectors that come out: θ + e (as C), their mean, θ, or e"
    )
    unknown: bool = option(False, help="add a row <unk>, the mean of the 100 rarest words")
    seed: int = option(1, low=0, high=2**63 - 1, help="seed of every draw")


LOSS_OPTIONS: dict[str, type] = {
    "negative-sampling": NegativeSamplingOptions,
    "hierarchical-softmax": HierarchicalSoftmaxOptions,
    "full-softmax": FullSoftmaxOptions,
    "subwords": SubwordsOptions,
    "glove": GloVeOptions,
}
