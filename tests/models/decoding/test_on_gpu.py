"""The search that chooses on a GPU finds what the one on a CPU finds, ties and ends and limits alike."""

import numpy as np
import pytest
import torch

from seqkit.core.errors import TrainingError
from seqkit.kernels.decode import draws, rules
from seqkit.kernels.decode.reference import Decoder
from seqkit.models.decoding import on_gpu
from seqkit.models.decoding.beam import greedy, search
from seqkit.models.decoding.on_gpu import likeliest
from seqkit.models.decoding.options import BeamOptions

EOS, PAD = 1, 0


class Chain:
    """Logits from a number that depends on all tokens and their order, so that no two texts are alike."""

    def __init__(self, V, seed, eos=0.0):
        draw = np.random.default_rng(seed)
        self.table = torch.from_numpy(draw.normal(size=(V, V)) * 2)
        self.table[:, EOS] += eos

    def step(self, tokens, state):
        memory = 0.8 * state[0] + self.table[tokens, :1]
        return self.table[tokens] + torch.sin(memory * torch.arange(1, 1 + len(self.table))), (memory,)


class Even(Chain):
    """All tokens are equally likely always: every choice is a tie."""

    def step(self, tokens, state):
        return torch.zeros(len(tokens), len(self.table), dtype=torch.float64), state


class Elsewhere(Decoder):
    """Rows on a device that is taken for a GPU."""

    gpu = torch.device("cpu")

    def logits(self, tokens):
        assert isinstance(tokens, torch.Tensor)
        return super().logits(tokens)


def both(model, run, B=5):
    """What `run` finds on a CPU and on what is taken for a GPU."""
    return [
        run(made(model, (torch.zeros(B, 1, dtype=torch.float64),)), np.arange(B) % len(model.table))
        for made in (Decoder, Elsewhere)
    ]


def assert_same(one, other):
    assert [[ids for _, ids in texts] for texts in other] == [[ids for _, ids in texts] for texts in one]
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose([p for p, _ in b], [p for p, _ in a], rtol=1e-12)


@pytest.mark.parametrize("limits", [[1] * 5, [9] * 5, [1, 3, 30, 8, 9]], ids=str)
@pytest.mark.parametrize("alpha", [0.0, 0.7, 4.0])
@pytest.mark.parametrize(("width", "top"), [(1, 1), (2, 1), (4, 4), (40, 7)])
@pytest.mark.parametrize("V", [3, 11])
def test_beam_search_finds_the_same(width, top, alpha, limits, V):
    settings = BeamOptions(width=width, top=top, length_penalty=alpha)
    for seed, eos in enumerate((-1, EOS, EOS, EOS)):
        model = Chain(V, seed, eos=seed - 3.0)
        assert_same(*both(model, lambda d, t, eos=eos: search(d, t, settings, limits, [PAD], eos)))


@pytest.mark.parametrize("eos", [-1, EOS])
@pytest.mark.parametrize(("width", "top"), [(1, 1), (3, 2), (7, 7)])
def test_ties_are_decided_alike(width, top, eos):
    settings = BeamOptions(width=width, top=top, length_penalty=1.0)
    run = [search(d, t, settings, [4] * 5, [PAD], eos) for d, t in pairs(Even(5, 0))]
    assert_same(*run)
    assert_same(*[greedy(d, t, [4] * 5, [PAD], eos) for d, t in pairs(Even(5, 0))])


def pairs(model):
    return [(d(model, (torch.zeros(5, 1, dtype=torch.float64),)), np.arange(5)) for d in (Decoder, Elsewhere)]


@pytest.mark.parametrize("limits", [[1] * 5, [40] * 5, [1, 3, 30, 8, 9]], ids=str)
def test_greedy_search_finds_the_same(limits):
    for seed in range(6):
        model = Chain(7, seed, eos=seed - 3.0)
        assert_same(*both(model, lambda d, t: greedy(d, t, limits, [PAD], EOS)))


def test_what_is_broken_is_told_by_the_next_look():
    settings = BeamOptions(width=4)
    for run in (
        lambda d, t: search(d, t, settings, [30] * 5, [], -1),
        lambda d, t: greedy(d, t, [30] * 5, [], -1),
    ):
        model, steps = Even(5, 0), []

        def step(tokens, state, model=model, steps=steps):
            steps.append(len(tokens))
            logits, state = Even.step(model, tokens, state)
            return logits.fill_(torch.nan) if len(steps) == 3 else logits, state

        model.step = step
        decoder, tokens = pairs(model)[1]
        with pytest.raises(TrainingError, match="logits are nan or infinite"):
            run(decoder, tokens)
        assert len(steps) == on_gpu.LOOK


def test_prompts_that_have_ended_leave_at_the_next_look():
    rows = []

    class Counting(Elsewhere):
        def logits(self, tokens):
            rows.append(len(tokens))
            return super().logits(tokens)

    decoder = Counting(Even(5, 0), (torch.zeros(3, 1, dtype=torch.float64),))
    greedy(decoder, np.arange(3), [1, 12, 30], [], -1)
    L = on_gpu.LOOK
    assert rows == [3] * L + [2] * L + [1] * (30 - 2 * L)


@pytest.mark.parametrize("levels", [1, 2, 5, 1000])
@pytest.mark.parametrize("k", [1, 2, 17, 60])
def test_likeliest_orders_equals_by_place(levels, k):
    values = np.random.default_rng(k).integers(0, levels, (9, 60)).astype(np.float64)
    values[values == levels - 1] = -np.inf
    found, places = likeliest(torch.from_numpy(values), k)
    expected = np.argsort(-values, kind="stable")[:, :k]
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(found, np.take_along_axis(values, expected, 1))


def test_draws_in_torch_are_those_in_numpy():
    seeds = rules.row_seeds([0, 1, 2**64 - 1, 12345])
    places = np.arange(4)[:, None] * 2**40 + np.arange(300)
    found = draws.uniform(torch.from_numpy(seeds.view(np.int64)), torch.from_numpy(places))
    np.testing.assert_array_equal(found.numpy(), rules.uniform(seeds, places))
