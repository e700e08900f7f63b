"""What counts in a file must be: settings beside them, row ends, values.  Not handled: columns (matrix)."""

from typing import Any, TypedDict

from seqkit.core.checks import check_ends, check_finite, check_form
from seqkit.core.schema import Count
from seqkit.core.types import Array


class _About(TypedDict, total=False):
    """What is written beside counts and used; 0.1.0 wrote the same."""

    fingerprint: str
    key: str
    tokens: Count
    sources: list[str]
    given: bool


class Meta(TypedDict):
    """The settings of counting, and what is written beside the counts."""

    options: dict[str, Any]
    counts: _About


def check_row_ends(ends: Array, columns: Array, words: int) -> None:
    """Raise ShapeError unless each word has the end of its entries, in order, up to the last column."""
    check_form("ends", ends, "int64", (words + 1,))
    check_ends("ends", ends, len(columns))


def check_values(values: Array, entries: int) -> None:
    """Raise ShapeError unless there is a finite count above 0 for each entry."""
    check_form("values", values, ("float64", "float32"), (entries,))
    check_finite("values", values, above=0.0)
