"""Sampling: the exact distribution, a row alone as in any batch, ends, prompts, streaming, compiled as step by step."""

import itertools
import math

import numpy as np
import pytest
import torch

import seqkit as sk
from seqkit.core.errors import OptionError, ShapeError, TrainingError, VocabularyError
from seqkit.kernels.decode import plan
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.sampling import sample
from seqkit.models.language_model.scoring import row_losses
from seqkit.nn.cell import cells
from seqkit.text.codec import Codec
from seqkit.text.corpus.worker import Recipe
from seqkit.text.normalize import Normalizer
from seqkit.text.tokenizer import tokenizer
from seqkit.text.vocab import Vocab

LINES = ["the cat sat, the dog ran", "a dog isn't a cat", "é à la carte"] * 4


def codec(name="character", add_eos=True, lines=LINES):
    made = (
        sk.tokenizer(name)
        if name != "subword"
        else sk.text.tokenizers.subword.Subword.train(lines, vocab_size=280, min_count=1)
    )
    return Codec.of(sk.Corpus.build(lines, made, add_eos=add_eos))


def tiny(words, *, eos=True, unk=False, counts=None):
    """A codec whose tokens are single characters, the last ones special."""
    tokens = [*words, *(["</s>"] if eos else []), *(["<unk>"] if unk else [])]
    specials = ({"eos": len(words)} if eos else {}) | ({"unk": len(tokens) - 1} if unk else {})
    vocab = Vocab(tokens, np.array(counts if counts is not None else [1] * len(tokens)), specials)
    return Codec(Recipe(tokenizer("character"), Normalizer(), add_eos=eos), vocab)


def network(made, seed=0, **settings):
    found = Network.of(len(made.vocab), **({"hidden_size": 12, "num_layers": 2} | settings))
    torch.manual_seed(seed)
    with torch.no_grad():
        for p in found.parameters():
            p.copy_(torch.randn_like(p) * (0.4 if p.dim() > 1 else 0.2))
        found.embedding.mul_(2)
    return found


def step_by_step(monkeypatch):
    monkeypatch.setattr(plan, "handles", lambda kind: False)


@torch.no_grad()
def distribution(net, context, length, banned, temperature=1.0):
    """The probability of every sequence, by one pass over each."""
    allowed, found = [v for v in range(len(net.embedding)) if v not in banned], {}
    for ids in itertools.product(allowed, repeat=length):
        y, _ = net.hidden(torch.tensor([[*context, *ids[:-1]]]))
        logits = net.head.log_probs(y[0, len(context) - 1 :]).double() / temperature
        logits[:, banned] = -math.inf
        found[ids] = float(torch.log_softmax(logits, -1)[range(length), list(ids)].sum().exp())
    return found


def chi_square(found, expected):
    """χ² of counted sequences and its expectation, in standard deviations."""
    count = len(found)
    counts = dict.fromkeys(expected, 0)
    for ids in found:
        counts[ids] += 1
    value = sum((counts[ids] - count * p) ** 2 / (count * p) for ids, p in expected.items())
    degrees = len(expected) - 1
    return (value - degrees) / math.sqrt(2 * degrees)


@pytest.mark.parametrize(
    "settings", [{}, {"cell": "layer-norm-lstm"}, {"head": "adaptive-softmax", "tie": False}], ids=str
)
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_sequences_come_as_often_as_enumeration_says(settings, temperature):
    made = tiny("abc", unk=True)
    net = network(made, hidden_size=4, num_layers=1, **settings)
    drawn = sample(net, made, prompt="ab", seeds=range(3000), length=3, temperature=temperature)
    expected = distribution(net, [3, 0, 1], 3, banned=[4], temperature=temperature)
    assert chi_square([s.ids for s in drawn], expected) < 4
    assert (
        chi_square([s.ids for s in drawn], dict.fromkeys(expected, 1 / len(expected))) > 10
    )  # and not by any other law


@pytest.mark.parametrize("name", cells.names())
def test_compiled_and_step_by_step_write_the_same(name, monkeypatch):
    made = codec()
    net = network(made, cell=name, embed_dim=10)
    arguments = {
        "prompt": ["the c", "", "a\ndog"],
        "seeds": [1, 2, 3],
        "length": 40,
        "top_p": 0.95,
        "scores": True,
    }
    found = sample(net, made, **arguments)
    assert {s.backend for s in found} == {"compiled" if plan.handles(name) else "reference"}
    step_by_step(monkeypatch)
    again = sample(net, made, **arguments)
    assert {s.backend for s in again} == {"reference"}
    assert [(s.ids, s.text) for s in again] == [(s.ids, s.text) for s in found]
    np.testing.assert_allclose([s.log_prob for s in again], [s.log_prob for s in found], rtol=1e-4)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"cell": "gru", "residual": True, "num_layers": 3},
        {"cell": "layer-norm-lstm"},
        {"tie": False, "learned_state": True},
        {"head": "adaptive-softmax", "tie": False},
        {"cell": "rnn", "embed_dim": 5},
    ],
    ids=str,
)
@pytest.mark.parametrize("threads", [1, 2])
def test_a_row_is_the_same_alone_and_among_others(settings, threads):
    made = codec()
    net = network(made, **settings)
    prompts = ["", "the", "a dog isn't", "the"] * 3
    whole = {"length": 70, "stop_at_eos": True, "min_length": 3, "scores": True}
    many = sample(net, made, prompt=prompts, seeds=range(12), threads=threads, **whole)
    for i in (0, 1, 5, 11):
        (alone,) = sample(net, made, prompt=prompts[i], seeds=[i], threads=1, **whole)
        assert alone.ids == many[i].ids
        if alone.backend == "compiled":
            assert alone == many[i]


def test_doubles_are_stepped_in_torch_and_agree():
    made = codec()
    net = network(made)
    found, expected = (sample(n, made, seeds=[1, 2], length=30) for n in (network(made).double(), net))
    assert [s.ids for s in found] == [s.ids for s in expected]
    assert [s.backend for s in found] == ["reference"] * 2


@torch.no_grad()
def test_temperature_0_takes_the_likeliest_at_every_step():
    made = codec()
    net = network(made)
    (found,) = sample(net, made, prompt="the", length=25, temperature=0)
    ids = [made.vocab.specials["eos"], *made.encode("the").tolist()]
    for token in found.ids:
        y, _ = net.hidden(torch.tensor([ids]))
        p = net.head.log_probs(y[:, -1])[0]
        if made.vocab.unk is not None:
            p[made.vocab.unk] = -math.inf
        assert token == int(p.argmax())
        ids.append(token)


def test_log_prob_is_that_of_the_model_whatever_was_banned():
    made = codec()
    net = network(made)
    found = sample(net, made, prompt="a d", seeds=[4, 5], length=30, temperature=0.5, top_k=3, scores=True)
    rows = [np.array([*made.encode("a d"), *s.ids], np.int32) for s in found]
    losses = row_losses(net, rows, made.vocab.specials["eos"])
    np.testing.assert_allclose([s.log_prob for s in found], [-x[3:].sum() for x in losses], rtol=1e-5)
    assert all(s.log_prob is None for s in sample(net, made, length=2))


@pytest.mark.parametrize("compiled", [True, False])
def test_a_text_ends_at_eos_or_at_its_length_and_not_before_min_length(compiled, monkeypatch):
    if not compiled:
        step_by_step(monkeypatch)
    made = codec()
    eos, net = made.vocab.specials["eos"], network(made)
    with torch.no_grad():
        net.head.bias[eos] += 2
    free = sample(net, made, seeds=range(20), length=90)
    ended = sample(net, made, seeds=range(20), length=90, stop_at_eos=True)
    later = sample(net, made, seeds=range(20), length=90, stop_at_eos=True, min_length=7)
    for a, b, c in zip(free, ended, later, strict=True):
        assert a.stopped == "length"
        assert a.text.count("\n") == a.ids.count(eos)
        n = a.ids.index(eos) + 1 if eos in a.ids else 90
        assert b.ids == a.ids[:n]
        assert b.stopped == ("eos" if eos in b.ids else "length")
        assert b.text == a.text[: n - (eos in b.ids)]
        assert len(c.ids) > 7
        assert eos not in c.ids[:7]
    assert {s.stopped for s in ended} == {"eos", "length"} or all(s.stopped == "eos" for s in ended)
    assert min(len(s.ids) for s in ended) < 7


@pytest.mark.parametrize("name", ["character", "word", "whitespace", "subword"])
def test_what_is_streamed_is_the_text(name):
    made = codec(name, add_eos=name != "subword")
    net = network(made)
    for stop in (False, True) if made.recipe.add_eos else (False,):
        pieces = []
        found = sample(
            net, made, prompt="the dog", seeds=range(3), length=40, stop_at_eos=stop, on_tokens=pieces.append
        )
        assert len(pieces) > 1 or stop
        assert ["".join(parts) for parts in zip(*pieces, strict=True)] == [s.text for s in found]
        assert found == sample(net, made, prompt="the dog", seeds=range(3), length=40, stop_at_eos=stop)


def test_the_text_goes_on_from_the_prompt():
    made = codec("whitespace")
    (found,) = sample(network(made), made, prompt="the cat", length=5)
    assert made.decode([*made.encode("the cat"), *found.ids]) == "the cat" + found.text
    made = codec()
    (found,) = sample(network(made), made, prompt="the", length=5)
    assert found.text == made.decode(found.ids)


def test_line_ends_of_a_prompt_are_eos_if_the_model_has_them_so():
    from seqkit.models.language_model.sampling import encode_prompt

    made = codec()
    eos = made.vocab.specials["eos"]
    assert encode_prompt(made, "a\n\nd\n") == [made.vocab.index["a"], eos, eos, made.vocab.index["d"], eos]
    own = Codec(Recipe(tokenizer("character"), Normalizer()), Vocab(["a", "\n"], [1, 1], {}))
    assert encode_prompt(own, "a\na") == [0, 1, 0]
    without = codec("whitespace", add_eos=False)
    assert encode_prompt(without, "the\ncat") == without.encode("the cat").tolist()


def test_unknown_tokens_of_a_prompt_are_told_or_refused():
    made = codec()
    net = network(made)
    if made.vocab.unk is not None:
        with pytest.warns(UserWarning, match="'aqqz': 3 of 4 tokens"):
            sample(net, made, prompt="aqqz", length=2)
    bare = tiny("ab")
    with pytest.raises(VocabularyError, match="'q' is not in the vocabulary"):
        sample(network(bare), bare, prompt="aq", length=2)


def test_with_neither_bos_nor_eos_the_first_token_comes_by_counts(monkeypatch):
    made = tiny("abcd", eos=False, counts=[50, 30, 0, 20])
    net = network(made, hidden_size=4)
    drawn = sample(net, made, seeds=range(1000), length=1)
    expected = {(0,): 0.5, (1,): 0.3, (3,): 0.2}
    assert chi_square([s.ids for s in drawn], expected) < 4
    mixed = sample(net, made, prompt=["", "a", "", "ab"], seeds=[1, 2, 3, 4], length=20, scores=True)
    for s, prompt, seed in zip(mixed, ["", "a", "", "ab"], [1, 2, 3, 4], strict=True):
        assert len(s.ids) == 20
        assert sample(net, made, prompt=prompt, seeds=[seed], length=20, scores=True) == [s]
    (ids,) = [s.ids for s in mixed[:1]]
    losses = row_losses(net, [np.array(ids, np.int32)], None)
    assert mixed[0].log_prob == pytest.approx(-np.nansum(losses[0]), rel=1e-5)
    uneven = tiny("ab", eos=False, counts=[0, 0])
    assert {s.ids for s in sample(network(uneven), uneven, seeds=range(30), length=1)} == {(0,), (1,)}


def test_unk_is_written_only_if_allowed_and_penalties_reach_the_loop():
    made = tiny("ab", unk=True)
    net = network(made)
    drawn = sample(net, made, seeds=range(50), length=10)
    assert all(3 not in s.ids for s in drawn)
    assert any(3 in s.ids for s in sample(net, made, seeds=range(50), length=10, ban_unk=False))
    wide = codec()
    never = sample(network(wide), wide, seeds=range(5), length=60, no_repeat_ngram=2)
    for s in never:
        pairs = list(itertools.pairwise(s.ids))
        assert len(set(pairs)) == len(pairs)
    plain, careful = (
        sample(network(wide), wide, length=60, temperature=0, repetition_penalty=r)[0] for r in (1.0, 100.0)
    )
    assert len(set(careful.ids)) > 1.5 * len(set(plain.ids))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1.0}, "temperature: got -1.0"),
        ({"temperature": 1e-9}, "got temperature 1e-09, expected 0 or at least 1e-6"),
        ({"top_k": 0}, "top_k: got 0"),
        ({"top_p": 0.0}, "got top_p 0"),
        ({"top_p": 1.5}, "top_p: got 1.5"),
        ({"length": 0}, "length: got 0"),
        ({"prompt": ["a", "b"]}, "got 2 prompts and 1 seeds"),
        ({"threads": 0}, "threads: got 0"),
        ({"repetition_penalty": 0.0}, "repetition_penalty: got 0.0"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    made = codec()
    with pytest.raises(OptionError, match=message):
        sample(network(made), made, **settings)


def test_what_cannot_be_written_is_refused():
    made = tiny("a", eos=False)
    with pytest.raises(OptionError, match="has no eos"):
        sample(network(made), made, stop_at_eos=True)
    only = Codec(made.recipe, Vocab(["<unk>", "</s>"], [1, 1], {"unk": 0, "eos": 1}))
    with pytest.raises(OptionError, match="no token may be written"):
        sample(network(only), only, min_length=1)
    with pytest.raises(ShapeError, match="2 classes and Vocab\\(1 tokens"):
        sample(network(only), made)
    assert sample(network(made), made, seeds=[]) == []


@pytest.mark.parametrize("compiled", [True, False])
def test_broken_weights_are_told_with_their_row(compiled, monkeypatch):
    if not compiled:
        step_by_step(monkeypatch)
    made = codec()
    net = network(made, tie=False)
    with torch.no_grad():
        net.embedding[made.vocab.index["c"]] = math.nan
    with pytest.raises(TrainingError, match="row 1 at token 0 are nan or infinite"):
        sample(net, made, prompt=["a", "c"], seeds=[1, 2], length=1)


def test_the_network_is_left_as_it_was():
    made = codec()
    net = network(made, dropout=0.5).train()
    found = sample(net, made, length=20)
    assert net.training
    assert found == sample(net.eval(), made, length=20)
