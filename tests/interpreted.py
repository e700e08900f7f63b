"""Triton's interpreter, which runs kernels of a GPU on a CPU; import it before a module of kernels.

Where there is a GPU (TRITON_INTERPRET is not set then, see conftest), kernels are compiled. The interpreter of 3.6 does not
take a run-time bound of `range` from numpy 2.4 on: a 1-element array, which int() refuses; and it multiplies matrices of
bfloat16 as if their bits were whole numbers.
"""

import os

import numpy as np
import triton
import triton.language as tl
from triton.runtime import interpreter

DEVICE = "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"

if DEVICE == "cpu" and triton.__version__.startswith("3.6."):
    _patch = interpreter._patch_lang_tensor

    def _patched(tensor, *rest):
        found = _patch(tensor, *rest)
        tensor.__index__ = lambda self: int(self.handle.data.squeeze())
        return found

    def _widened(handle):
        if handle.dtype.scalar != tl.bfloat16:
            return handle
        return interpreter.TensorHandle((handle.data.astype(np.uint32) << 16).view(np.float32), tl.float32)

    def _dot(self, a, b, *rest):
        return _create_dot(self, _widened(a), _widened(b), *rest)

    _create_dot = interpreter.InterpreterBuilder.create_dot
    interpreter.InterpreterBuilder.create_dot = _dot
    interpreter._patch_lang_tensor = _patched
