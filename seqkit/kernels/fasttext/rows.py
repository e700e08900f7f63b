"""Words as means of rows, with their noise, as a tuple that plain Python and compiled code both read."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqkit.kernels.primitives.windows.settings import Noise, Windows


class SubwordRows(NamedTuple):
    """The vector of word w is the mean of the input rows rows[ends[w]:ends[w + 1]]."""

    rows: NDArray[np.int32]  # (P,)
    ends: NDArray[np.int64]  # (V + 1,)
    noise: Noise


Plan = tuple[Windows, SubwordRows]  # how windows are made, and what they predict by
