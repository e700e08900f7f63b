"""What recurrence is for: the verb agrees with a noun up to 45 words before it, and nothing nearer says which way."""

import pytest

import seqkit as sk
from seqkit.models.language_model.minimal_pairs import compare, read_pairs
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.ngram_lm import NGram
from seqkit.text.readers.catalogue import shipped

SETTINGS = {"hidden_size": 96, "num_layers": 1, "epochs": 40, "batch": 8, "bptt": 60, "threads": 1}


@pytest.fixture(scope="module")
def corpus():
    return sk.Corpus.build(shipped("planted") / "agreement.long.txt", add_eos=True)


def far(score):
    """The share right at distance 12 and more."""
    pairs = read_pairs(shipped("planted") / "agreement.long.tsv", group="distance")
    right = [one.right for one in compare(score, pairs) if int(one.pair.group) >= 12]
    assert len(right) > 600
    return sum(right) / len(right)


def test_a_bigram_model_is_at_chance(corpus):
    assert 0.35 < far(NGram(corpus, 2).scores) < 0.65


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "lr", "low", "high"),
    [
        ("lstm", 0.005, 0.95, 1),
        ("gru", 0.005, 0.95, 1),
        ("rnn", 0.005, 0, 0.7),
        ("rnn", 0.001, 0, 0.7),
    ],
)
def test_gated_cells_carry_the_number_and_the_plain_one_does_not(corpus, cell, lr, low, high):
    model = LanguageModel(cell=cell, lr=lr, **SETTINGS).fit(corpus)
    assert low <= far(lambda texts: [(s.log_prob, s.unknown) for s in model.score(texts)]) <= high
