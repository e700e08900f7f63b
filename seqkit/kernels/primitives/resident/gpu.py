"""What lies on a GPU while word vectors train there: parameters, the text, the plan; each is uploaded once.

Not handled: what is computed (word2vec.gpu, fasttext.gpu, full_softmax.gpu, glove.gpu).
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from seqkit.core.device import upload
from seqkit.core.types import Array, Arrays
from seqkit.kernels.primitives.windows.gpu import Kept, keep
from seqkit.kernels.primitives.windows.settings import Stretch, Windows

T = TypeVar("T")
PIECE = 1 << 24  # numbers of an array uploaded at once
WIDE = 4  # numbers that are loaded at once


def name_of(device: str) -> str:
    """The name of the card, for a report."""
    return torch.cuda.get_device_name(device)


def to_device(value: T, device: torch.device) -> T:
    """The same tuple with its arrays, those of tuples in it too, as tensors on the device."""
    if isinstance(value, np.ndarray):
        return upload(np.array(value), device)  # a copy, as a mapped file cannot be written to
    if isinstance(value, tuple):
        return value._make(to_device(each, device) for each in value)  # type: ignore[attr-defined]
    return value


class Parameters:
    """Matrices of a learner on the device, each beside the array that it came from.

    Rows are as long as on the host, of which the kernels see those numbers that are used, in whole WIDEs.
    """

    def __init__(self, arrays: Mapping[str, Array], device: str) -> None:
        self.device = torch.device(device)
        self.arrays = dict(arrays)
        self.tensors = {name: upload(array, self.device) for name, array in arrays.items()}

    def used(self, name: str, dim: int) -> Tensor:
        """The first `dim` columns, and those padded with zeros that make whole WIDEs."""
        return self.tensors[name][:, : -(-dim // WIDE) * WIDE]

    def download(self) -> Arrays:
        """The arrays, filled with what the device has now."""
        for name, tensor in self.tensors.items():
            self.arrays[name][:] = tensor.cpu().numpy()
        return self.arrays

    def upload(self) -> None:
        """Put the arrays on the device again."""
        for name, array in self.arrays.items():
            self.tensors[name].copy_(upload(array, self.device))


class Resident:
    """A window objective on the device: both matrices, the text, the plan, the kept tokens of an epoch."""

    def __init__(
        self, matrices: Mapping[str, Array], dim: int, plan: tuple[Windows, Any], device: str
    ) -> None:
        self.parameters = Parameters(matrices, device)
        self.matrices = tuple(self.parameters.used(name, dim) for name in matrices)
        self.windows, self.targets = (to_device(part, self.parameters.device) for part in plan)
        self._ids: Any = None  # of the host: whose text is there
        self._text: Any = None
        self._kept: Kept | None = None
        self._epoch: bytes = b""

    def train(
        self, kernel: Callable[..., tuple[float, int]], text: Stretch, windows: Windows, lr: float, **how: Any
    ) -> tuple[float, int]:
        """Run a kernel over a stretch of text with the seeds of `windows`."""
        here = self._stretch(text)
        if self._kept is None or self._epoch != windows.seeds.tobytes():
            self._kept = None  # before there is another, so that memory holds one
            seeds: Any = upload(windows.seeds, self.parameters.device)
            self.windows, self._epoch = self.windows._replace(seeds=seeds), windows.seeds.tobytes()
            self._kept = keep(here, self.windows)
        plan = self.windows, self.targets
        return kernel(here, plan, self.matrices, lr, kept=self._kept, **how)

    def _stretch(self, text: Stretch) -> Stretch:
        if self._ids is not text.ids:
            ids: Any = torch.empty(len(text.ids), dtype=torch.int32, device=self.parameters.device)
            for low in range(0, len(text.ids), PIECE):
                piece = np.array(text.ids[low : low + PIECE], np.int32)
                ids[low : low + PIECE] = upload(piece, self.parameters.device)
            starts = to_device(np.asarray(text.starts, np.int64), self.parameters.device)
            self._ids, self._text, self._kept = text.ids, Stretch(ids, starts, 0, 0), None
        return self._text._replace(low=text.low, high=text.high)
