"""Triton's interpreter, which runs kernels of a GPU on a CPU; import it before a module of kernels.

Where there is a GPU (TRITON_INTERPRET is not set then, see conftest), kernels are compiled. The interpreter of 3.6 does not
take a run-time bound of `range` from numpy 2.4 on: a 1-element array, which int() refuses.
"""

import os

import triton
from triton.runtime import interpreter

DEVICE = "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"

if DEVICE == "cpu" and triton.__version__.startswith("3.6."):
    _patch = interpreter._patch_lang_tensor

    def _patched(tensor, *rest):
        found = _patch(tensor, *rest)
        tensor.__index__ = lambda self: int(self.handle.data.squeeze())
        return found

    interpreter._patch_lang_tensor = _patched
