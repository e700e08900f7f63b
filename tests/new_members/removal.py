"""Remove the subspace of the definitional sets, and nothing else. File: seqkit/debias/removal/methods/subspace.py.

Not handled: bias that is not linear; words that should be equally far from others (hard).
"""

from dataclasses import dataclass

from seqkit.core.options import option
from seqkit.debias.direction import find_direction
from seqkit.debias.removal.base import BiasMethod
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.steps import Project
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["Subspace"]


@dataclass(frozen=True)
class Subspace(BiasMethod):
    """w ← w - B Bᵀ w for words that are not specific, B the directions in which the words of a set differ most."""

    promises = frozenset({"orthogonal", "idempotent"})
    dims: int = option(1, low=1, help="directions to remove")
    unit: bool = option(False, help="make all vectors of length one")

    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Find the subspace and look the words up.

        Raises:  OptionError, VocabularyError, and what find_direction raises.
        """
        kept, lost = self.known(vectors, words)
        found = find_direction(vectors, kept.definitional, dims=self.dims)
        report = self.reported(words, lost, direction=found.to_json())
        return Eraser("subspace", (Project(found.basis, unit=self.unit),), kept.protected, report)
