"""Hard debiasing: neutralise all words that are not specific, equalise sets that differ only in the concept.

Not handled: bias that is not linear; neighbours keep much of it (Gonen & Goldberg 2019), so measure that too.
"""

from dataclasses import dataclass
from typing import Literal

from seqkit.core.options import option
from seqkit.debias.direction import find_direction
from seqkit.debias.removal.base import BiasMethod
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.steps import Equalize, Project
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["HardDebias"]


@dataclass(frozen=True)
class HardDebias(BiasMethod):
    """w ← w⊥ / |w⊥| for neutral words; ν ± √(1 - |ν|²) g for the words of a pair.

    With B the subspace, x_B = BᵀBx, x⊥ = x - x_B. Order: unit, neutralise, unit, equalise, unit; the places
    of equalised words come from their vectors before all that. All results are unit, every neutral word is
    orthogonal to B and equally far from all words of an equalised set; doing it twice changes nothing more,
    but for sets of three and more words, whose mean moves.
    """

    promises = frozenset({"orthogonal", "equidistant", "unit", "idempotent", "blind", "keeps"})
    direction: Literal["pca", "mean", "unit-mean", "sums", "pair"] = option(
        "pca", help="how the direction is found"
    )
    dims: int = option(1, low=1, help="directions to take out")
    equalize: bool = option(True, help="also put the words of equalize sets at equal distances")

    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Find the subspace and look the words up.

        Equalize sets that lost a word are left out and named in the report; their words are only made unit.
        Raises:  OptionError if the subspace is too small for the equalize sets; VocabularyError; what
                 find_direction raises.
        """
        kept, lost = self.known(vectors, words)
        found = find_direction(vectors, kept.definitional, method=self.direction, dims=self.dims)
        return Eraser(
            "hard",
            (Project(found.basis, unit=True), Equalize(found.basis, kept.equalize if self.equalize else ())),
            kept.protected,
            self.reported(words, lost, direction=found.to_json()),
        )
