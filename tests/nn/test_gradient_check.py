"""Gradient checking finds right gradients right and wrong ones wrong."""

import pytest
import torch

from seqkit.core.errors import OptionError
from seqkit.nn.cell import cell, cells
from seqkit.nn.gradient_check import gradient_check
from seqkit.nn.initialise import WAYS, initialise


@pytest.mark.parametrize("name", [name for name in cells.names() if name != "relu-rnn"])
def test_every_cell_passes(name):
    torch.manual_seed(0)
    model = cell(name, 2, 3).double()
    x = torch.randn(2, 4, 2, dtype=torch.float64)
    found = gradient_check(model, lambda: model(x)[0].pow(2).sum())
    assert found.error < 1e-7
    assert found.count == sum(p.numel() for p in model.parameters())


def test_a_wrong_gradient_is_found_and_named():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, w):
            return w * w

        @staticmethod
        def backward(ctx, g):
            return g * 3.0

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.good, self.bad = (torch.nn.Parameter(torch.ones(2, dtype=torch.float64)) for _ in range(2))

    model = Model()
    found = gradient_check(model, lambda: Wrong.apply(model.bad).sum() + model.good.pow(2).sum())
    assert found.error > 0.1
    assert found.by_parameter["good"] < 1e-7
    assert found.by_parameter["bad"] > 0.1


def test_float32_is_refused():
    with pytest.raises(OptionError, match="not in float64"):
        gradient_check(torch.nn.Linear(2, 2), lambda: torch.zeros(()))


@pytest.mark.parametrize("way", sorted(WAYS))
def test_initialisation_fills_every_part_by_itself(way):
    weight = torch.full((12, 4), torch.nan)
    initialise(weight, way, torch.Generator().manual_seed(1), parts=3)
    assert torch.isfinite(weight).all()
    if way == "orthogonal":
        for part in weight.chunk(3):
            torch.testing.assert_close(part @ part.T, torch.eye(4), rtol=0, atol=1e-5)


def test_unknown_initialisation_is_named():
    with pytest.raises(OptionError, match="Did you mean 'xavier-normal'"):
        initialise(torch.zeros(2, 2), "xavier-norml")
