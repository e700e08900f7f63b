"""Remove the direction between the mean words of two classes. File: seqkit/debias/removal/methods/means.py.

Not handled: bias that is not linear; words in pairs (hard).
"""

from dataclasses import dataclass

from seqkit.core.options import option
from seqkit.debias.direction import find_direction
from seqkit.debias.removal.base import BiasMethod
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.steps import Project
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["Means"]


@dataclass(frozen=True)
class Means(BiasMethod):
    """w ← w - (w · g) g for words that are not specific, g the mean difference of the definitional pairs."""

    promises = frozenset({"orthogonal", "idempotent"})
    unit: bool = option(False, help="make all vectors of length one")

    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Find the direction and look the words up.

        Raises:  OptionError, VocabularyError, and what find_direction raises.
        """
        kept, lost = self.known(vectors, words)
        found = find_direction(vectors, kept.definitional, method="mean")
        report = self.reported(words, lost, direction=found.to_json())
        return Eraser("means", (Project(found.basis, unit=self.unit),), kept.protected, report)
