"""UMAP: near words stay near, groups are further apart than with t-SNE. Needs pip install seqkit[maps]."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Self

from seqkit.core import options
from seqkit.core.errors import OptionError, ShapeError
from seqkit.core.options import option
from seqkit.core.types import Array, Floats

__all__ = ["UMAP"]


@dataclass(frozen=True)
class UMAP:
    """minimise the cross-entropy of two fuzzy neighbour graphs, in D numbers and on the map (McInnes et al.
    2018).
    """

    seeded: ClassVar[bool] = True
    neighbors: int = option(15, low=2, help="neighbours that count for a word; less than the words")
    min_dist: float = option(0.1, low=0, high=1, help="how near two words may come on the map")

    def __post_init__(self) -> None:
        options.check(self)

    def fitted(self, count: int) -> Self:
        """The settings for `count` words."""
        if count < 6:
            raise ShapeError(f"umap: got {count} words, expected at least 6. Give more words, or use pca.")
        return replace(self, neighbors=min(self.neighbors, count - 1))

    def __call__(self, rows: Annotated[Floats, "N D"], dim: int, seed: int) -> Annotated[Array, "N C"]:
        """The places of `rows`; one thread, so that a seed gives one map."""
        try:
            import umap
        except ImportError as error:
            raise OptionError(
                "umap: umap-learn is not installed. Install seqkit[maps], or use tsne or pca."
            ) from error
        made = umap.UMAP(
            n_neighbors=self.neighbors, min_dist=self.min_dist, n_components=dim, random_state=seed, n_jobs=1
        )
        return made.fit_transform(rows)
