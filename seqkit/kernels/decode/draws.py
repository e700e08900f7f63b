"""The random numbers of rows, made where the rows are: those of rules.uniform, bit for bit.

Not handled: what is drawn by them (reference.choose).
"""

from typing import Annotated

import numpy as np
from torch import Tensor

from seqkit.core import rng

# torch shifts no uint64, so these are the same bits as int64, whose sums and products wrap alike
_GAMMA, _A, _B = (int(number) for number in np.array([rng.GAMMA, *rng.FACTORS]).view(np.int64))


def uniform(seeds: Annotated[Tensor, "B"], places: Annotated[Tensor, "B T"]) -> Annotated[Tensor, "B T"]:
    """Number `place` of each row's stream: float64 in [0, 1).  seeds: uint64 seen as int64."""
    x = seeds[:, None] + places * _GAMMA
    for shift, factor in ((30, _A), (27, _B)):
        x = (x ^ _shifted(x, shift)) * factor
    return _shifted(x ^ _shifted(x, 31), 12).double() * 2.0**-52


def _shifted(x: Tensor, places: int) -> Tensor:
    """x >> places with zeros from the left, as of unsigned numbers."""
    return (x >> places) & ((1 << (64 - places)) - 1)
