"""Adding up counts of several texts, row by row, to exactly what counting them together gives.

Not handled: their vocabularies and what is written beside them (matrix).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.core.errors import FormatError, ModelFileError, OptionError
from seqkit.core.types import Array
from seqkit.embeddings.cooccurrence.counting import Matrix, keep


def check_alike(shards: Sequence[Any]) -> Any:  # Any: Cooccurrence
    """The first of the shards.

    Raises:  OptionError unless all were counted with the same settings and the same words, in float64.
    """
    if not shards:
        raise OptionError("merge: no counts were given.")
    first = shards[0]
    for number, shard in enumerate(shards[1:], 2):
        if shard.options != first.options:
            raise OptionError(
                f"merge: number {number} was counted with {shard.options}, the first with {first.options}."
            )
        if shard.vocab.tokens != first.vocab.tokens:
            raise OptionError(
                f"merge: number {number} has other words than the first, so their windows differ. Count "
                "every shard with the same vocab=."
            )
    if any(shard.values.dtype != np.float64 for shard in shards):
        raise OptionError(
            "merge: got float32 counts, expected float64, which add up exactly. Count with default dtype."
        )
    return first


def total(shards: Sequence[Any], first: Any, folder: Path | None, *, threads: int) -> Matrix:
    """The sum of shards that are alike.  Raises:  ModelFileError for counts that counting does not give."""
    from seqkit.kernels.cooccurrence.cpu import add

    unit = first.options.unit
    parts = [(shard.ends, shard.columns, _units(shard.values, unit)) for shard in shards]
    try:
        rows = add(parts, threads=threads, room=1 << 21)
        return keep(rows, len(first.vocab), unit, folder, "result")
    except FormatError as error:
        raise ModelFileError(f"merge: {error} Count that shard again.") from error


def _units(values: Array, unit: int) -> Callable[[slice], Array]:
    """A function that gives the counts of a slice as whole units; what is no whole unit becomes -1."""

    def get(span: slice) -> Array:
        found = values[span] * unit
        whole = np.rint(found)
        whole[(np.abs(found - whole) > 0.01) | (whole > 2**53)] = -1
        units: Array = whole.astype(np.int64)
        return units

    return get
