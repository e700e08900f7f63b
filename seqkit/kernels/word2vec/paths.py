"""The targets of hierarchical softmax, as a tuple that plain Python and compiled code both read."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqkit.kernels.primitives.windows.settings import Noise, Windows


class Paths(NamedTuple):
    """The Huffman path of word w: inner nodes points[ends[w]:ends[w + 1]] and their labels (1 or 0)."""

    points: NDArray[np.int32]  # (P,)
    labels: NDArray[np.float32]  # (P,)
    ends: NDArray[np.int64]  # (V + 1,)


Plan = tuple[Windows, Noise | Paths]  # how windows are made, and what they predict
