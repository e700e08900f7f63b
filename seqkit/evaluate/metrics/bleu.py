"""BLEU of whole texts, by sacrebleu, with its signature.

Not handled: several references a text.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import OptionError
from seqkit.core.types import Array

__all__ = ["BLEU"]


class BLEU:
    """100 · brevity · (Π_n matches_n / n-grams_n)^¼ for n = 1 … 4 over all texts together (Papineni et al.
    2002; Post 2018).

    Settings are sacrebleu's: tokenize="13a" (none for text that is tokenised), lowercase, smooth_method, ...

    >>> metric = BLEU(tokenize="none")
    >>> round(metric.value(metric.stats(["a b c d e"], ["a b c d"]).sum(0)), 2)
    66.87
    """

    name = "BLEU"
    of = "texts"

    def __init__(self, **settings: Any) -> None:
        self._engine = engine("BLEU", settings, force=True)

    def stats(self, predictions: Sequence[str], references: Sequence[str]) -> Annotated[Array, "N S"]:
        """Rows of sacrebleu's sums: lengths of both, matches and n-grams of each order."""
        return statistics(self._engine, predictions, references)

    def value(self, total: Annotated[Array, "S"]) -> float:
        """BLEU from summed rows, 0 to 100."""
        return float(self._engine._compute_score_from_stats(total.astype(int).tolist()).score)

    def signature(self) -> str:
        """What sacrebleu prints beside a score."""
        return str(self._engine.get_signature())


def engine(kind: str, settings: dict[str, Any], **fixed: Any) -> Any:
    """sacrebleu's metric of that class; fixed: what the caller sets beside a user's settings.

    Raises:  OptionError without sacrebleu, or for a setting it does not take.
    """
    try:
        import sacrebleu.metrics
    except ImportError as error:
        raise OptionError(
            f"{kind}: needs sacrebleu, which is not installed. Install seqkit[bleu]."
        ) from error
    try:
        return getattr(sacrebleu.metrics, kind)(**fixed, **settings)
    except (TypeError, ValueError, KeyError, AssertionError) as error:
        raise OptionError(f"{kind}: sacrebleu does not take {settings} ({error}).") from error


def statistics(engine: Any, predictions: Sequence[str], references: Sequence[str]) -> Annotated[Array, "N S"]:
    """A row of sums for each text, as sacrebleu's own tests of significance take them."""
    engine.num_refs = 1
    if not len(predictions):
        return np.zeros((0, len(engine._extract_corpus_statistics([""], [[""]])[0])))
    return np.array(engine._extract_corpus_statistics(list(predictions), [list(references)]), np.float64)
