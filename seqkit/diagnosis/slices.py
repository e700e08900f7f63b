"""Where a classifier errs: the labels most often confused, and slices of rows with more errors.

Not handled: the confusion matrix (evaluate.classification); finding slices: a slice is a name and the flags
of its rows.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from seqkit.core.types import Array
from seqkit.evaluate.bootstrap import ends, mean_of, resampled


def most_confused(
    counts: Annotated[Array, "C C"], names: Sequence[str], most: int = 10
) -> list[dict[str, Any]]:
    """The largest cells off the diagonal: label, what it was called, rows, share of the label's rows."""
    off = counts - np.diag(np.diag(counts))
    order = np.argsort(-off, axis=None, kind="stable")[:most]
    return [
        {"label": names[i], "called": names[j], "rows": int(off[i, j]), "share": off[i, j] / counts[i].sum()}
        for i, j in zip(*np.unravel_index(order, off.shape), strict=True)
        if off[i, j]
    ]


def bands(values: Annotated[Array, "N"], what: str, count: int = 4) -> dict[str, Annotated[Array, "N"]]:
    """Up to `count` slices of similar size by a number; equal numbers stay together.

    >>> list(bands(np.array([3, 5, 8, 9]), "words", 2))
    ['words 3 to 5', 'words 8 to 9']
    """
    edges = np.unique(np.quantile(values, np.arange(1, count) / count, method="lower"))
    which = np.searchsorted(edges, values, side="left")
    made = {}
    for i in np.unique(which).tolist():
        low, high = values[which == i].min(), values[which == i].max()
        made[f"{what} {low:.3g}" + (f" to {high:.3g}" if high > low else "")] = which == i
    return made


def slices(
    wrong: Annotated[Array, "N"], named: Mapping[str, Annotated[Array, "N"]], *, seed: int = 1
) -> list[dict[str, Any]]:
    """Error of each slice, and its difference to the other rows, largest first, with 95 % intervals.

    worse: the whole interval of the difference lies above 0. Many slices are looked at: one in 40 is called
    worse by chance.
    """
    table = []
    for name, flags in named.items():
        inside, outside = (wrong[rows].astype(np.float64) for rows in (flags, ~flags))
        if not len(inside):
            continue
        row: dict[str, Any] = {"slice": name, "count": len(inside), "error": float(inside.mean())}
        of_inside = resampled(mean_of(inside), len(inside), seed=seed)
        row |= {"interval": ends(of_inside), "difference": None, "difference_interval": None, "worse": False}
        if len(outside):
            of_outside = resampled(mean_of(outside), len(outside), seed=seed + 1)
            both = ends(of_inside - of_outside)
            row |= {"difference": row["error"] - float(outside.mean()), "difference_interval": both}
            row["worse"] = bool(both and both[0] > 0 and len(inside) > 1)
        table.append(row)
    return sorted(table, key=lambda row: -(row["difference"] or 0.0))
