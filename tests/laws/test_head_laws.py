"""Every head: probabilities sum to 1, the loss is what the log-probabilities say, padding counts nothing, gradients are right."""

import pytest
import torch

from seqkit.core.errors import OptionError
from seqkit.nn.head import head, heads


def make(name, H, V, tie):
    torch.manual_seed(0)
    return head(name, H, V, **({"tied": torch.nn.Parameter(torch.randn(V, H))} if tie else {})).double()


@pytest.mark.parametrize("tie", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("name", heads.names())
@pytest.mark.parametrize(("H", "V"), [(1, 2), (7, 33), (16, 300)])
def test_law_log_probs_sum_to_one_and_give_the_loss(name, H, V, tie):
    made = make(name, H, V, tie)
    h, targets = torch.randn(40, H, dtype=torch.float64), torch.randint(-1, V, (40,))
    log_probs = made.log_probs(h)
    assert log_probs.shape == (40, V)
    torch.testing.assert_close(log_probs.exp().sum(1), torch.ones(40, dtype=torch.float64))
    live = targets >= 0
    expected = torch.where(live, -log_probs.gather(1, targets.clamp(min=0)[:, None])[:, 0], 0.0)
    torch.testing.assert_close(made.losses(h, targets), expected.detach())
    torch.testing.assert_close(made.loss(h, targets), expected.sum())


@pytest.mark.parametrize("tie", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("name", heads.names())
def test_law_gradients_of_the_loss_are_those_of_the_log_probs(name, tie):
    made = make(name, 5, 23, tie)
    h, targets = torch.randn(30, 5, dtype=torch.float64, requires_grad=True), torch.randint(-1, 23, (30,))
    leaves = [h, *made.parameters()]
    picked = made.log_probs(h).gather(1, targets.clamp(min=0)[:, None])[:, 0]
    expected = torch.autograd.grad(-(picked * (targets >= 0)).sum(), leaves)
    found = torch.autograd.grad(made.loss(h, targets), leaves)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("name", heads.names())
def test_a_tied_head_has_one_weight_and_both_uses_give_it_gradients(name):
    weight = torch.nn.Parameter(torch.randn(6, 3))
    made = head(name, 3, 6, tied=weight)
    assert made.weight is weight
    made.loss(torch.nn.functional.embedding(torch.tensor([1, 2]), weight), torch.tensor([2, 3])).backward()
    assert float(weight.grad[1].abs().sum()) > 0


def test_bad_cutoffs_are_refused():
    with pytest.raises(OptionError, match="expected rising numbers from 1 to 9"):
        head("adaptive-softmax", 4, 10, cutoffs=(5, 5))
