"""Beam search against exhaustive search; prompts together as alone; a search that stops early misses nothing."""

import itertools
import math

import numpy as np
import pytest
import torch

from seqkit.core.errors import OptionError, TrainingError
from seqkit.kernels.decode import plan
from seqkit.models.language_model.beam import beam
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.sampling import sample
from seqkit.models.language_model.scoring import row_losses
from seqkit.text.codec import Codec
from seqkit.text.corpus.worker import Recipe
from seqkit.text.normalize import Normalizer
from seqkit.text.tokenizer import tokenizer
from seqkit.text.vocab import Vocab

EOS, UNK = 2, 3  # of the tokens a, b, </s>, <unk>


def tiny(letters="ab", eos=True):
    n = len(letters)
    tokens = [*letters, *(["</s>", "<unk>"] if eos else [])]
    return Codec(
        Recipe(tokenizer("character"), Normalizer(), add_eos=eos),
        Vocab(tokens, [1] * len(tokens), {"eos": n, "unk": n + 1} if eos else {}),
    )


def network(made, seed=0, **settings):
    found = Network.of(len(made.vocab), **({"hidden_size": 6, "num_layers": 1} | settings))
    torch.manual_seed(seed)
    with torch.no_grad():
        for p in found.parameters():
            p.copy_(torch.randn_like(p) * 0.8)
    return found


def exhaustive(net, prompt, length, alpha):
    """Every text that ends at eos or at `length`, by its normalised log p, the best first."""
    texts = [ids for n in range(1, length + 1) for ids in itertools.product((0, 1, EOS), repeat=n)]
    texts = [ids for ids in texts if EOS not in ids[:-1] and (ids[-1] == EOS or len(ids) == length)]
    losses = row_losses(net, [np.array([*prompt, *ids], np.int32) for ids in texts], EOS)
    worth = {
        ids: -x[len(prompt) :].sum() / ((5 + len(ids)) / 6) ** alpha
        for ids, x in zip(texts, losses, strict=True)
    }
    return sorted(worth, key=lambda ids: -worth[ids]), worth


@pytest.mark.parametrize("alpha", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_what_exhaustive_search_finds(alpha, seed):
    made = tiny()
    net = network(made, seed)
    expected, worth = exhaustive(net, [0], 5, alpha)
    found = beam(net, made, prompt="a", width=32, length=5, length_penalty=alpha, top=7)
    assert [s.ids for s in found] == expected[:7]
    for s in found:
        assert s.log_prob / ((5 + len(s.ids)) / 6) ** alpha == pytest.approx(worth[s.ids], rel=1e-5)
        assert s.stopped == ("eos" if s.ids[-1] == EOS else "length")
        assert s.text == made.decode([t for t in s.ids if t != EOS])


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_a_narrow_beam_finds_real_texts_and_a_wider_one_none_worse(alpha):
    made = tiny()
    for seed in range(6):
        net = network(made, seed)
        expected, worth = exhaustive(net, [1], 5, alpha)
        best = [
            worth[beam(net, made, prompt="b", width=w, length=5, length_penalty=alpha)[0].ids]
            for w in (1, 3, 32)
        ]
        assert best[0] <= best[2] + 1e-9
        assert best[1] <= best[2] + 1e-9
        assert best[2] == pytest.approx(worth[expected[0]])


def test_a_search_that_stops_early_finds_what_a_long_one_finds():
    made = tiny()
    net = network(made, 1)
    with torch.no_grad():
        net.head.bias[EOS] += 3
    short, long = (beam(net, made, prompt="a", width=4, length=n, top=2) for n in (12, 60))
    assert [(s.ids, s.log_prob) for s in short] == [(s.ids, s.log_prob) for s in long]


@pytest.mark.parametrize(
    "settings", [{}, {"cell": "layer-norm-lstm"}, {"num_layers": 2, "cell": "gru"}], ids=str
)
def test_prompts_together_find_what_each_finds_alone(settings):
    made = tiny("abcdefgh")
    net = network(made, **settings)
    prompts = ["", "a", "hgfedcba", "ab\nab", "d"]
    together = beam(net, made, prompt=prompts, width=4, length=12, length_penalty=0.6, top=2)
    alone = [
        s
        for prompt in prompts
        for s in beam(net, made, prompt=prompt, width=4, length=12, length_penalty=0.6, top=2)
    ]
    assert [s.ids for s in together] == [s.ids for s in alone]
    if not settings.get("cell", "").startswith("layer"):
        assert together == alone


def test_compiled_and_step_by_step_find_the_same(monkeypatch):
    made = tiny("abcdefgh")
    net = network(made)
    found = beam(net, made, prompt="abc", width=5, length=15, top=3)
    monkeypatch.setattr(plan, "handles", lambda kind: False)
    again = beam(net, made, prompt="abc", width=5, length=15, top=3)
    assert [s.ids for s in again] == [s.ids for s in found]
    assert {s.backend for s in found} | {s.backend for s in again} == {"compiled", "reference"}


def test_width_1_is_the_likeliest_token_at_every_step():
    made = tiny("abcdefgh", eos=False)
    net = network(made)
    (found,) = beam(net, made, prompt="abc", width=1, length=20)
    (greedy,) = sample(net, made, prompt="abc", length=20, temperature=0)
    assert found.ids == greedy.ids


def test_unk_is_found_only_if_allowed_and_log_p_is_the_models_own():
    made = tiny()
    net = network(made)
    with torch.no_grad():
        net.head.bias[UNK] += 3
    (found,) = beam(net, made, prompt="a", length=4)
    assert UNK not in found.ids
    losses = row_losses(net, [np.array([0, *found.ids], np.int32)], EOS)[0]
    assert found.log_prob == pytest.approx(-losses[1:].sum(), rel=1e-5)
    assert UNK in beam(net, made, prompt="a", length=4, ban_unk=False)[0].ids


def test_what_does_not_fit_is_refused():
    made, bare = tiny(), tiny(eos=False)
    with pytest.raises(OptionError, match="got top 3 with width 2"):
        beam(network(made), made, prompt="a", width=2, top=3)
    with pytest.raises(OptionError, match="neither bos nor eos"):
        beam(network(bare), bare, prompt="")
    net = network(made)
    with torch.no_grad():
        net.head.bias[0] = math.nan
    with pytest.raises(TrainingError, match="nan or infinite"):
        beam(net, made, prompt="a")
    assert beam(net, made, prompt=[]) == []
