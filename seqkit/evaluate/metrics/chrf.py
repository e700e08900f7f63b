"""chrF of whole texts, by sacrebleu, with its signature.

Not handled: several references a text.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from seqkit.core.types import Array
from seqkit.evaluate.metrics.bleu import engine, statistics

__all__ = ["ChrF"]


class ChrF:
    """F₂ of character n-grams, n = 1 … 6, over all texts together, 0 to 100 (Popović 2015); word_order=2 is
    chrF++.
    """

    name = "chrF"
    of = "texts"

    def __init__(self, **settings: Any) -> None:
        self._engine = engine("CHRF", settings)

    def stats(self, predictions: Sequence[str], references: Sequence[str]) -> Annotated[Array, "N S"]:
        """Rows of sacrebleu's sums: n-grams of both sides and matches, each order."""
        return statistics(self._engine, predictions, references)

    def value(self, total: Annotated[Array, "S"]) -> float:
        """chrF from summed rows."""
        return float(self._engine._compute_score_from_stats(total.astype(int).tolist()).score)

    def signature(self) -> str:
        """What sacrebleu prints beside a score."""
        return str(self._engine.get_signature())
