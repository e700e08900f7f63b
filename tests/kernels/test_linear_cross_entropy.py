"""The chunked loss equals plain cross-entropy, in value and gradients, whatever the chunk."""

import importlib

import pytest
import torch

from seqkit.kernels.linear_cross_entropy import chunked, reference


def gradients(function, h, weight, bias, targets):
    leaves = [x.clone().requires_grad_() for x in (h, weight, bias) if x is not None]
    total = function(leaves[0], leaves[1], leaves[2] if bias is not None else None, targets)
    return total.detach(), torch.autograd.grad(total * 0.5, leaves)


@pytest.mark.parametrize(("N", "V", "H"), [(1, 1, 1), (15, 63, 7), (300, 17, 16), (50, 1000, 33)])
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_chunked_loss_and_gradients_equal_reference(N, V, H, with_bias, dtype, monkeypatch):
    monkeypatch.setitem(chunked.CHUNK_BYTES, "cpu", 4 * V * 16)  # several chunks
    monkeypatch.setattr(chunked, "FEW", 1)
    torch.manual_seed(N)
    h, weight = torch.randn(N, H, dtype=dtype) * 3, torch.randn(V, H, dtype=dtype)
    bias = torch.randn(V, dtype=dtype) if with_bias else None
    targets = torch.randint(-1, V, (N,))
    expected, found = (
        gradients(f.linear_cross_entropy, h, weight, bias, targets) for f in (reference, chunked)
    )
    tolerance = 2e-5 if dtype == torch.float32 else 1e-10
    torch.testing.assert_close(found[0].to(dtype), expected[0], rtol=tolerance, atol=tolerance)
    for a, b in zip(found[1], expected[1], strict=True):
        assert a.dtype == dtype
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)
    alone = torch.stack(
        [reference.linear_cross_entropy(h[n : n + 1], weight, bias, targets[n : n + 1]) for n in range(N)]
    )
    torch.testing.assert_close(
        chunked.losses(h, weight, bias, targets).to(dtype), alone, rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize(("N", "V"), [(1, 1), (15, 63), (7, 2051), (0, 5)])
@pytest.mark.parametrize("with_bias", [False, True])
def test_softmax_pass_of_a_gpu_equals_the_reference(N, V, with_bias, kernels_run_on, monkeypatch):
    gpu = importlib.import_module("seqkit.kernels.linear_cross_entropy.gpu")
    monkeypatch.setattr(gpu, "COLUMNS", 1024)  # several sweeps
    torch.manual_seed(V)
    wide = 3 * torch.randn(N, V, device=kernels_run_on, dtype=torch.float64)
    bias = torch.randn(V, device=kernels_run_on, dtype=torch.float64) if with_bias else None
    targets = torch.randint(-1, V, (N,), device=kernels_run_on)
    values = (wide if bias is None else wide + bias).requires_grad_()
    expected = torch.nn.functional.cross_entropy(values, targets, ignore_index=-1, reduction="none")
    (gradient,) = torch.autograd.grad(expected.sum(), values)
    logits = wide.float()
    found = gpu.softmax_losses(logits, targets, None if bias is None else bias.float())
    torch.testing.assert_close(found, expected.detach().float(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(logits, gradient.float(), rtol=1e-5, atol=1e-6)


def test_bfloat16_products_stay_near():
    h, weight, bias, targets = (
        torch.randn(64, 32),
        torch.randn(100, 32),
        torch.randn(100),
        torch.randint(0, 100, (64,)),
    )
    expected = gradients(reference.linear_cross_entropy, h, weight, bias, targets)
    with torch.autocast("cpu", torch.bfloat16):
        found = gradients(chunked.linear_cross_entropy, h, weight, bias, targets)
    for a, b in zip([found[0], *found[1]], [expected[0], *expected[1]], strict=True):
        assert (a - b).norm() <= 0.02 * b.norm()


def test_hopeless_logits_give_a_finite_loss():
    h, weight = torch.tensor([[1000.0]]), torch.tensor([[1.0], [-1.0]])
    assert float(chunked.linear_cross_entropy(h, weight, None, torch.tensor([1]))) == pytest.approx(2000)
