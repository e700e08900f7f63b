"""The passes of a GPU of each family of cells: outputs, last states and all gradients are those of torch's operations."""

import importlib

import pytest
import torch

from seqkit.kernels.rnn_scan import fused

pytest.importorskip("triton", reason="needs the extra gpu")
interpreted = importlib.import_module("interpreted")

# family: gates, states, sizes of its parameters by H
FAMILIES = {
    "lstm": (4, 2, lambda H: []),
    "peephole": (4, 2, lambda H: [(3, H)]),
    "layer-norm-lstm": (4, 2, lambda H: [(4 * H,), (H,), (H,)]),
    "gru": (3, 1, lambda H: [(H,)]),
    "gru-before": (3, 1, lambda H: []),
    "rnn": (1, 1, lambda H: []),
    "relu-rnn": (1, 1, lambda H: []),
}
SIZES = [(1, 1, 1), (3, 4, 5), (2, 3, 37), (2, 2, 130)]


def drawn(family, B, T, H):
    gates, states, parameters = FAMILIES[family]
    with torch.random.fork_rng():
        torch.manual_seed(H)
        gx, weight = torch.randn(B, T, gates * H), torch.randn(gates * H, H) / H**0.5
        rest = [torch.randn(B, H) for _ in range(states)] + [torch.randn(size) for size in parameters(H)]
        lengths = torch.randint(0, T + 1, (B,))
        upstream = [torch.randn(B, T, H)] + [torch.randn(B, H) for _ in range(states)]
    return gx, weight, rest, lengths, upstream


def run(family, given, lengths, upstream, *, low=False):
    """Outputs, last states and the gradients of gx, weight, state and parameters."""
    gx, weight, *rest = leaves = [each.clone().requires_grad_() for each in given]
    states = FAMILIES[family][1]
    name = "lstm" if family == "peephole" else family
    x = gx.bfloat16() if low else gx
    y, last = fused.scan(name, x, tuple(rest[:states]), weight, tuple(rest[states:]), lengths)
    outputs = [y, *last]
    gradients = torch.autograd.grad(outputs, leaves, upstream)
    return [each.detach().cpu() for each in (*outputs, *gradients)]


def both_ways(monkeypatch, family, size, *, ragged, low=False):
    gx, weight, rest, lengths, upstream = drawn(family, *size)
    lengths = lengths if ragged else None
    given = [gx, weight, *rest]
    plain = [each if low else each.double() for each in given], [u if low else u.double() for u in upstream]
    wanted = run(family, plain[0], lengths, plain[1], low=low)
    monkeypatch.setattr(fused, "has_kernels", lambda device: True)
    given, upstream = ([each.to(interpreted.DEVICE) for each in part] for part in (given, upstream))
    there = None if lengths is None else lengths.to(interpreted.DEVICE)
    return run(family, given, there, upstream, low=low), wanted


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ragged", [False, True])
def test_passes_and_gradients_equal_the_reference(monkeypatch, family, size, ragged):
    found, wanted = both_ways(monkeypatch, family, size, ragged=ragged)
    for one, other in zip(found, wanted, strict=True):
        # a normalised row of one number is divided by √ε alone: its rounding is 300 times larger
        close = 1e-3 if family == "layer-norm-lstm" and size[2] == 1 else 1e-5
        torch.testing.assert_close(one, other.float(), rtol=close, atol=close)


@pytest.mark.parametrize("family", FAMILIES)
def test_bfloat16_is_as_near_as_the_operations_of_torch(monkeypatch, family):
    found, wanted = both_ways(monkeypatch, family, (3, 4, 20), ragged=True, low=True)
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == other.dtype
        assert (one - other).norm() <= 0.02 * other.norm() + 1e-3
