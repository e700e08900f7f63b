"""A recurrence without products of states: in passes, and by a kernel of a GPU, as step by step."""

import importlib

import pytest
import torch

from seqkit.kernels.linear_scan import reference
from seqkit.kernels.linear_scan.scan import scan

SIZES = [(1, 1, 1), (2, 7, 5), (3, 33, 31), (1, 64, 40), (2, 100, 3)]


def drawn(rows, steps, columns, dtype=torch.float64):
    with torch.random.fork_rng():
        torch.manual_seed(steps)
        a, b, h = (
            torch.rand(rows, steps, columns),
            torch.randn(rows, steps, columns),
            torch.randn(rows, columns),
        )
    return [each.to(dtype) for each in (a, b, h)]


@pytest.mark.parametrize("size", SIZES)
def test_passes_equal_the_reference(size):
    given = drawn(*size)
    torch.testing.assert_close(scan(*given), reference.scan(*given), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_kernel_of_a_gpu_equals_the_reference(size, kernels_run_on):
    gpu = importlib.import_module("seqkit.kernels.linear_scan.gpu")
    given = drawn(*size)
    found = gpu.scan(*(each.float().to(kernels_run_on) for each in given)).cpu()
    torch.testing.assert_close(found, reference.scan(*given).float(), rtol=1e-5, atol=1e-5)


def test_gradients():
    given = [each.requires_grad_() for each in drawn(2, 5, 3)]
    assert torch.autograd.gradcheck(scan, given)
