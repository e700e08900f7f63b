"""chrF of whole texts, by sacrebleu, with its signature.

Not handled: several references for one text.
"""

from seqkit.evaluate.metrics._sacrebleu import TextMetric

__all__ = ["ChrF"]


class ChrF(TextMetric):
    """F₂ of character n-grams, n = 1 … 6, over all texts together, 0 to 100; word_order=2 is chrF++.

    Source:  Popović 2015.
    """

    name, kind = "chrF", "CHRF"
