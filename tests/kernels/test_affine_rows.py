"""affine_rows: the torch code of a GPU, run on the CPU, is the reference, rows of zeros and of nan included."""

import numpy as np
import pytest
import torch

from seqkit.kernels.affine_rows import gpu, reference


@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize(("rows", "dim"), [(0, 3), (1, 1), (7, 5), (301, 17)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gpu_equals_reference(unit, rows, dim, dtype):
    random = np.random.default_rng(rows)
    x = random.normal(size=(rows, dim)).astype(dtype)
    x[::3] = 0
    x[5:6, 0] = np.nan
    linear, shift = random.normal(size=(dim, dim)), random.normal(size=dim)
    found = gpu.affine(x, linear, shift, unit, torch.device("cpu"))
    wanted = reference.affine(x, linear, shift, unit)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)
    assert not unit or not found[::3].any()
