"""What the metrics of texts share: sacrebleu does the counting, and signs each score with its settings."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np

from seqkit.core.errors import OptionError
from seqkit.core.types import Array


class TextMetric:
    """A metric of sacrebleu as sums over texts. Settings are sacrebleu's; it needs the extra bleu.

    kind: sacrebleu's class.   fixed: settings that the user cannot choose.
    """

    of = "texts"
    kind: ClassVar[str]
    fixed: ClassVar[dict[str, Any]] = {}

    def __init__(self, **settings: Any) -> None:
        self._engine = _engine(self.kind, settings, self.fixed)

    def stats(self, predictions: Sequence[str], references: Sequence[str]) -> Annotated[Array, "N S"]:
        """One row of sacrebleu's sums for each text."""
        self._engine.num_refs = 1
        if not len(predictions):
            return np.zeros((0, len(self._engine._extract_corpus_statistics([""], [[""]])[0])))
        rows = self._engine._extract_corpus_statistics(list(predictions), [list(references)])
        return np.array(rows, np.float64)

    def value(self, total: Annotated[Array, "S"]) -> float:
        """The metric from summed rows, 0 to 100."""
        return float(self._engine._compute_score_from_stats(total.astype(int).tolist()).score)

    def signature(self) -> str:
        """What sacrebleu prints beside a score."""
        return str(self._engine.get_signature())


def _engine(kind: str, settings: dict[str, Any], fixed: dict[str, Any]) -> Any:
    """sacrebleu's metric.  Raises:  OptionError without sacrebleu, or for a setting that it does not take."""
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
