"""t-SNE: near words stay near, by openTSNE if it is installed (quick for many words), else by scikit-learn.

Not handled: distances between far groups and the sizes of groups, which mean nothing on such a map.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Self

from threadpoolctl import threadpool_limits

from seqkit.core import options
from seqkit.core.errors import ShapeError
from seqkit.core.options import option
from seqkit.core.types import Array, Floats

__all__ = ["TSNE"]


@dataclass(frozen=True)
class TSNE:
    """minimise KL(P ‖ Q): p_ij Gaussian by distance in D numbers, q_ij Student-t by distance on the map.

    One thread, so that a seed gives the same map everywhere the same library runs. openTSNE: pip install
    seqkit[maps].
    Source:  van der Maaten & Hinton 2008; Poličar et al. 2024 (openTSNE).
    """

    seeded: ClassVar[bool] = True
    perplexity: float = option(
        30.0, low=1, help="neighbours that count for a word; at most a third of the words"
    )

    def __post_init__(self) -> None:
        options.check(self)

    def fitted(self, count: int) -> Self:
        """The settings for `count` words."""
        if count < 4:
            raise ShapeError(f"t-SNE: got {count} words, expected at least 4. Give more words, or use pca.")
        return replace(self, perplexity=min(self.perplexity, (count - 1) / 3))

    def __call__(self, rows: Annotated[Floats, "N D"], dim: int, seed: int) -> Annotated[Array, "N C"]:
        """The places of `rows`, started from their PCA."""
        with threadpool_limits(1):
            places: Array = _engine(dim, self.perplexity, seed)(rows)
        return places


def _engine(dim: int, perplexity: float, seed: int) -> Any:  # Any: a method of one of two libraries
    try:
        if dim == 2:
            import openTSNE

            return openTSNE.TSNE(perplexity=perplexity, initialization="pca", random_state=seed, n_jobs=1).fit
    except ImportError:
        pass
    from sklearn import manifold

    return manifold.TSNE(dim, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1).fit_transform
