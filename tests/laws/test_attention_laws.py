"""Every attention: weights sum to 1 over the real steps, padding is never read, gradients are right, nothing real gives 0."""

import pytest
import torch

from seqkit.core.errors import OptionError
from seqkit.nn.attention import attention, attentions, masked_softmax

B, T, S, Q, H = 3, 4, 5, 6, 7
MASK = torch.arange(S) < torch.tensor([5, 2, 1])[:, None]


def case(name, seed=0, rows=B):
    torch.manual_seed(seed)
    made = attention(name, Q, H).double()
    return made, torch.randn(rows, T, Q, dtype=torch.float64), torch.randn(rows, S, H, dtype=torch.float64)


@pytest.mark.parametrize("name", attentions.names())
def test_law_weights_sum_to_one_over_the_real_steps_and_make_the_context(name):
    made, query, memory = case(name)
    context, weights = made(query, made.keys(memory), memory, MASK)
    assert weights.shape == (B, T, S)
    torch.testing.assert_close(weights.sum(-1), torch.ones(B, T, dtype=torch.float64))
    assert not weights[~MASK[:, None].expand_as(weights)].any()
    expected = torch.stack([sum(weights[:, :, s, None] * memory[:, None, s] for s in range(S))])[0]
    torch.testing.assert_close(context, expected)


def by_hand(name, made, q, m):
    p = dict(made.named_parameters())
    if name == "luong":
        return q @ (p["weight.weight"] @ m)
    return p["energy.weight"][0] @ torch.tanh(
        p["query.weight"] @ q + p["query.bias"] + p["memory.weight"] @ m
    )


@pytest.mark.parametrize("name", attentions.names())
def test_law_scores_are_those_of_the_formula_pair_by_pair(name):
    made, query, memory = case(name)
    found = made.scores(query, made.keys(memory))
    for b in range(B):
        for t in range(T):
            for s in range(S):
                torch.testing.assert_close(found[b, t, s], by_hand(name, made, query[b, t], memory[b, s]))


@pytest.mark.parametrize("name", attentions.names())
def test_law_padding_is_never_read(name):
    made, query, memory = case(name)
    broken = memory.masked_fill(~MASK[:, :, None], float("inf"))
    broken = torch.where(torch.isinf(broken), torch.full_like(broken, 1e30), broken)
    for a, b in zip(
        made(query, made.keys(memory), memory * MASK[:, :, None], MASK),
        made(query, made.keys(broken), memory * MASK[:, :, None], MASK),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize("name", attentions.names())
def test_law_batched_equals_alone(name):
    made, query, memory = case(name)
    whole, _ = made(query, made.keys(memory), memory, MASK)
    for b, n in enumerate(MASK.sum(1).tolist()):
        own = memory[b : b + 1, :n]
        alone, _ = made(query[b : b + 1], made.keys(own), own, torch.ones(1, n, dtype=torch.bool))
        torch.testing.assert_close(whole[b : b + 1], alone)


@pytest.mark.parametrize("name", attentions.names())
def test_law_gradients_are_finite_differences(name):
    made, query, memory = case(name)
    leaves = [query[:2, :2].clone().requires_grad_(), memory[:2, :3].clone().requires_grad_()]
    mask = MASK[:2, :3]
    assert torch.autograd.gradcheck(lambda q, m: made(q, made.keys(m), m, mask), leaves)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_a_row_without_a_real_step_gets_zeros_and_no_nan_gradient(dtype):
    scores = torch.randn(2, 3, 4).to(dtype).requires_grad_()
    weights = masked_softmax(scores, torch.tensor([[True, True, False, False], [False] * 4]))
    assert not weights[1].any()
    assert weights.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    (weights**2).sum().backward()
    assert torch.isfinite(scores.grad).all()
    assert float(scores.grad[0].abs().sum()) > 0
    assert not scores.grad[1].any()


def test_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(
        OptionError, match="unknown attention 'luon'; known: bahdanau, luong. Did you mean 'luong'"
    ):
        attention("luon", 1, 1)
