"""second_moments: the reference is the formula, and the torch code of a GPU, run on the CPU, the reference."""

import numpy as np
import pytest
import torch

from seqkit.kernels.second_moments import gpu, reference


def on_the_cpu(matrix, free):
    return gpu.sums(matrix, free, torch.device("cpu"))


@pytest.mark.parametrize("sums", [reference.sums, on_the_cpu], ids=["reference", "gpu"])
@pytest.mark.parametrize(("rows", "dim"), [(0, 2), (1, 1), (63, 5), (300, 17)])
def test_sums_are_those_of_each_row_alone(monkeypatch, sums, rows, dim):
    monkeypatch.setattr(reference, "ROWS", 20)
    monkeypatch.setattr(gpu, "NUMBERS", 100)
    random = np.random.default_rng(rows)
    matrix, free = random.normal(size=(rows, dim)).astype(np.float32), random.random(rows) < 0.6
    matrix[::4] = 0
    unit = [x.astype(float) / (np.linalg.norm(x.astype(float)) or 1) for x in matrix]
    wanted = [sum(unit, np.zeros(dim))]
    wanted += [
        sum(map(np.outer, few, few), np.zeros((dim, dim)))
        for few in (unit, [u for u, f in zip(unit, free, strict=True) if f])
    ]
    for found, expected in zip(sums(matrix, free), wanted, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("sums", [reference.sums, on_the_cpu], ids=["reference", "gpu"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_that_is_not_finite_shows_in_the_sums(sums, bad):
    matrix = np.ones((5, 3), np.float32)
    matrix[2, 1] = bad
    assert not np.isfinite(sums(matrix, np.ones(5, bool))[0]).all()
