"""BLEU of whole texts, by sacrebleu, with its signature.

Not handled: several references for one text.
"""

from typing import Any, ClassVar

from seqkit.evaluate.metrics._sacrebleu import TextMetric

__all__ = ["BLEU"]


class BLEU(TextMetric):
    """100 · brevity · (Π_n matches_n / n-grams_n)^¼ for n = 1 … 4 over all texts together, 0 to 100.

    Settings are sacrebleu's: tokenize="13a" (none for text that is tokenised), lowercase, smooth_method, ...
    Source:  Papineni et al. 2002; Post 2018.

    >>> metric = BLEU(tokenize="none")
    >>> round(metric.value(metric.stats(["a b c d e"], ["a b c d"]).sum(0)), 2)
    66.87
    """

    name = kind = "BLEU"
    fixed: ClassVar[dict[str, Any]] = {"force": True}  # no warning where the text looks tokenised
