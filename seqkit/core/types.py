"""The few array types that cross folders, and the letters that name their axes.

Axes, always in this order: B batch, T time, S source time, V vocabulary, D vector size, H hidden, G gates, L
layers, C classes, K negatives or top-k, N rows of anything else. A public function says `Annotated[Array, "N
D"]`; the test run checks the rank and that one letter has one size within a call; users pay nothing.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Array = NDArray[Any]
Floats = NDArray[np.float32]
Arrays = dict[str, Array]
Json = Mapping[str, Any]  # Any: what JSON holds


def part(arrays: Mapping[str, Array], prefix: str) -> Arrays:
    """The arrays whose names begin with `prefix`, without it.

    >>> list(part({"vocab.tokens": np.zeros(1), "weights": np.zeros(2)}, "vocab."))
    ['tokens']
    """
    return {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}


def prefixed(prefix: str, arrays: Mapping[str, Array]) -> Arrays:
    """The arrays with `prefix` before their names, as `part` undoes."""
    return {prefix + name: array for name, array in arrays.items()}
