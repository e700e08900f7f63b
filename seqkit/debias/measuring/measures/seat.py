"""Sentence encoder association test: WEAT on rows that are vectors of sentences.

Formulas: measuring/association.py. Not handled: templates (measuring/sentence_tests.py), encoders.
"""

from dataclasses import replace
from typing import Annotated, Any

from seqkit.core.errors import OptionError, ShapeError
from seqkit.core.options import to_json
from seqkit.core.types import Array
from seqkit.debias.measuring import association
from seqkit.debias.measuring.base import DEFAULT, BiasScore, Options, Sided, Unequal
from seqkit.debias.measuring.geometry import unit

__all__ = ["seat"]


def seat(
    X: Annotated[Array, "X D"],
    Y: Annotated[Array, "Y D"],
    A: Annotated[Array, "A D"],
    B: Annotated[Array, "B D"],
    *,
    pooling: str,
    pool: Annotated[Array, "P D"] | None = None,
    unequal: Unequal = "error",
    sided: Sided = "two",
    options: Options = DEFAULT,
    **test: Any,
) -> BiasScore:
    """SEAT: value = d; extra = S, p, splits, exact.

    pooling: how a sentence became one vector ("last state", "mean"), kept with the number.
    pool:    vectors of other sentences, for the null band; none without them.
    sided, test (ddof, exact, samples): as association.AssociationTest has them.
    unequal: X and Y of different sizes are refused, or compared by their means.
    Source:  May, Wang, Bordia, Bowman & Rudinger 2019.
    """
    if not pooling:
        raise OptionError(
            "seat: pooling is empty, expected how sentences became vectors, such as 'mean' or 'last state'."
        )
    how = association.AssociationTest(sided, **test)
    rows = {"X": X, "Y": Y, "A": A, "B": B}
    if min(map(len, rows.values())) < 1 or (len(X) != len(Y) and unequal == "error"):
        sizes = ", ".join(f"{len(part)} {name}" for name, part in rows.items())
        raise ShapeError(
            f"seat: got {sizes}, expected at least one of each and as many X as Y, or unequal='mean'."
        )
    enough = pool is not None and options.draws and len(pool) >= 2 * (len(X) + len(Y))
    units = association.Lists(*(unit(f"seat, list {name}", part) for name, part in rows.items()))
    others = unit("seat, pool", pool) if pool is not None and enough else None
    found, _ = association.run("seat", units, others, how, options)
    counts = {name: len(part) for name, part in rows.items()}
    settings = {"ddof": how.ddof, "sided": how.sided, "unequal": unequal, "pooling": pooling}
    return replace(found, signature={"words": counts, **settings, **to_json(options)})
