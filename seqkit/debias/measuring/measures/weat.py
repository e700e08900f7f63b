"""Word embedding association test of two target and two attribute lists. Formulas: association.py.

Not handled: words of several tokens. Report d with p and the null band: random words alone reach |d| near 1
in sets of eight.
"""

from dataclasses import replace
from typing import Any

from seqkit.core.errors import OptionError
from seqkit.debias.measuring import association
from seqkit.debias.measuring.base import (
    DEFAULT,
    BiasScore,
    FirstClass,
    FirstTargets,
    Options,
    SecondClass,
    SecondTargets,
    Sided,
    Unequal,
)
from seqkit.debias.measuring.word_lists import WordLists, by_word
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["weat"]


def weat(
    vectors: Vectors,
    X: FirstTargets,
    Y: SecondTargets,
    A: FirstClass,
    B: SecondClass,
    *,
    unequal: Unequal = "error",
    sided: Sided = "two",
    options: Options = DEFAULT,
    **test: Any,
) -> BiasScore:
    """WEAT: value = d; extra = S, p, splits, exact.  d > 0: X is nearer to A, and Y to B.

    sided, test (ddof, exact, samples): as association.AssociationTest has them.
    unequal: X and Y of different sizes are refused, or compared by their means; words are never dropped to
    make them equal.
    Source:  Caliskan, Bryson & Narayanan 2017, Science 356.
    """
    how = association.AssociationTest(sided, **test)
    lists = WordLists("weat", vectors, {"X": X, "Y": Y, "A": A, "B": B}, options)
    nx, ny = len(lists.rows["X"]), len(lists.rows["Y"])
    if nx != ny and unequal == "error":
        lost = [*lists.lost["X"], *lists.lost["Y"]]
        raise OptionError(
            f"weat: lists X and Y hold {nx} and {ny} known words (unknown: {', '.join(lost) or 'none'}), "
            "expected as many. "
            "Balance them, or compare means with unequal='mean'."
        )
    rows = association.Lists(*(lists.unit(name) for name in "XYAB"))
    found, s = association.run("weat", rows, lists.pool(nx + ny), how, options)
    signature = lists.signature(ddof=how.ddof, sided=how.sided, unequal=unequal, normalized=True)
    numbers = by_word([*lists.words["X"], *lists.words["Y"]], s)
    return replace(found, missing=lists.missing, signature=signature, by_word=numbers, lost=lists.lost)
