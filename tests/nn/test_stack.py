"""Stack: depth and direction as torch has them, residual, dropout that is reproducible and off in evaluation."""

import pytest
import torch
from torch import nn

from seqkit.core.errors import OptionError, ShapeError
from seqkit.nn.cell import cells
from seqkit.nn.dropout import Draws, drop_weights, drop_words, dropout
from seqkit.nn.stack import Stack
from seqkit.nn.torch_weights import flip_update, from_torch, to_torch


def torch_module(kind, D, H, L, bidirectional):
    torch.manual_seed(1)
    arguments = {"num_layers": L, "batch_first": True, "bidirectional": bidirectional}
    return {
        "lstm": lambda: nn.LSTM(D, H, **arguments),
        "gru": lambda: nn.GRU(D, H, **arguments),
        "rnn": lambda: nn.RNN(D, H, **arguments),
        "relu": lambda: nn.RNN(D, H, nonlinearity="relu", **arguments),
    }[kind]().double()


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn", "relu"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_weights_of_torch_give_the_same_outputs_and_come_back(kind, bidirectional):
    module = torch_module(kind, 3, 5, 2, bidirectional)
    stack = from_torch(module)
    x, lengths = torch.randn(4, 7, 3, dtype=torch.float64), torch.tensor([7, 5, 1, 2])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    y, last = module(packed)
    expected, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=7)
    h = last[0] if kind == "lstm" else last
    for back in (stack, from_torch(to_torch(stack))):
        found, state = back(x, lengths=lengths)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
        torch.testing.assert_close(torch.stack(state[:: stack.states_a_cell]), h, rtol=0, atol=1e-12)


def test_torch_has_no_peephole():
    with pytest.raises(OptionError, match="got a stack of peephole-lstm, expected lstm"):
        to_torch(Stack(2, 3, cell_name="peephole-lstm"))


@pytest.mark.parametrize("name", ["gru", "gru-before"])
def test_flipping_the_update_gate_gives_the_course_form_and_back(name):
    stack = Stack(3, 4, cell_name=name).double()
    one = stack.layers[0]
    x = torch.randn(2, 6, 3, dtype=torch.float64)
    expected, _ = one(x)
    flip_update(one)
    h = torch.zeros(2, 4, dtype=torch.float64)
    H = slice(4, 8)
    for t in range(6):  # the course: c = Γu ∘ c̃ + (1 - Γu) ∘ c'
        gamma = torch.sigmoid(x[:, t] @ one.weight_input[H].T + one.bias[H] + h @ one.weight_hidden[H].T)
        r = torch.sigmoid(x[:, t] @ one.weight_input[:4].T + one.bias[:4] + h @ one.weight_hidden[:4].T)
        own = x[:, t] @ one.weight_input[8:].T + one.bias[8:]
        U = one.weight_hidden[8:].T
        inner = (r * h) @ U if name == "gru-before" else r * (h @ U + one.bias_hidden)
        h = gamma * torch.tanh(own + inner) + (1 - gamma) * h
    torch.testing.assert_close(h, expected[:, -1], rtol=0, atol=1e-12)
    flip_update(one)
    torch.testing.assert_close(one(x)[0], expected, rtol=0, atol=0)


@pytest.mark.parametrize("name", cells.names())
def test_law_a_bidirectional_deep_stack_is_alone_as_in_a_batch(name):
    torch.manual_seed(0)
    stack = Stack(
        3, 4, 2, name, bidirectional=True, residual=True, feed_forward=(6,), learned_state=True
    ).double()
    x, lengths = torch.randn(3, 8, 3, dtype=torch.float64), torch.tensor([8, 3, 1])
    x[1, 3:], x[2, 1:] = torch.nan, torch.nan
    y, last = stack(x, lengths=lengths)
    assert y.shape == (3, 8, 6)
    for b, n in enumerate(lengths.tolist()):
        alone, state = stack(x[b : b + 1, :n])
        torch.testing.assert_close(y[b : b + 1, :n], alone, rtol=0, atol=1e-12)
        for s, t in zip(last, state, strict=True):
            torch.testing.assert_close(s[b : b + 1], t, rtol=0, atol=1e-12)


def test_state_of_another_batch_is_refused():
    stack = Stack(3, 4)
    with pytest.raises(ShapeError, match=r"expected 2 of \(5, 4\)"):
        stack(torch.zeros(5, 2, 3), stack.zero_state(3))


def test_lengths_beyond_the_input_are_refused():
    with pytest.raises(ShapeError, match="expected 0 to 2, the steps of the input"):
        Stack(3, 4)(torch.zeros(1, 2, 3), lengths=torch.tensor([3]))


def test_locked_dropout_shares_a_mask_over_time_not_over_the_batch():
    x = torch.ones(50, 20, 30)
    locked = dropout(x, 0.5, Draws(1, 0), locked=True)
    assert (locked == locked[:, :1]).all()
    assert locked[:, 0].std(0).min() > 0
    free = dropout(x, 0.5, Draws(1, 0))
    assert (free != free[:, :1]).any()
    assert abs(float(free.mean()) - 1) < 0.02


def test_word_dropout_drops_whole_rows_and_weight_dropout_leaves_the_weight_alone():
    weight = torch.ones(100, 8)
    dropped = drop_words(weight, 0.3, Draws(1, 0))
    assert all(total == 0 or total == pytest.approx(8 / 0.7, rel=1e-4) for total in dropped.sum(1).tolist())
    thinned = drop_weights(weight, 0.3, Draws(1, 0))
    assert 0.2 < float((thinned == 0).float().mean()) < 0.4
    assert (weight == 1).all()


def test_dropout_is_off_without_draws_and_the_same_for_the_same_step():
    stack = Stack(3, 8, 2, dropout=0.5, weight_dropout=0.5)
    x = torch.randn(2, 5, 3)
    assert (stack(x)[0] == stack(x)[0]).all()
    again = [stack(x, draws=Draws(1, 7))[0] for _ in range(2)]
    assert (again[0] == again[1]).all()
    assert (stack(x, draws=Draws(1, 8))[0] != again[0]).any()


def test_gradient_reaches_the_raw_weight_under_weight_dropout():
    stack = Stack(3, 8, weight_dropout=0.5)
    before = stack.layers[0].weight_hidden.detach().clone()
    stack(torch.randn(2, 5, 3), draws=Draws(1, 0))[0].sum().backward()
    assert float(stack.layers[0].weight_hidden.grad.abs().sum()) > 0
    assert (stack.layers[0].weight_hidden == before).all()


def test_a_part_of_a_batch_drops_what_the_whole_drops():
    x = torch.ones(6, 4, 5)
    whole = dropout(x, 0.5, Draws(3, 1))
    parts = [dropout(x[low:high], 0.5, Draws(3, 1, (low, 6))) for low, high in ((0, 2), (2, 6))]
    assert (torch.cat(parts) == whole).all()
