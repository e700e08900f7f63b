"""Character features: the formula by plain loops, each word as it is alone, padding never read, gradients everywhere."""

import numpy as np
import pytest
import torch

from seqkit.core.errors import OptionError
from seqkit.nn.characters import Characters

WORDS = [[3, 1, 4, 1, 5], [2], [], [6, 2, 2]]


def make(kind, classes=7):
    torch.manual_seed(0)
    return Characters(classes, 4, 6, kind).double()


def batch(words=WORDS, fill=0):
    lengths = torch.tensor([len(word) for word in words])
    ids = torch.full((len(words), int(lengths.max())), fill)
    for n, word in enumerate(words):
        ids[n, : len(word)] = torch.tensor(word, dtype=torch.int64)
    return ids, lengths


def test_the_convolution_is_that_of_plain_loops():
    made = make("cnn")
    E, W, b = (p.detach().numpy() for p in (made.embedding, made.filters, made.bias))
    found = made(*batch()).detach().numpy()
    for n, word in enumerate(WORDS):
        x = [np.zeros(4), *(E[c] for c in word), np.zeros(4)]
        places = [np.tanh(sum(W[k] @ x[t + k] for k in range(3)) + b) for t in range(len(word))]
        np.testing.assert_allclose(found[n], np.max(places, 0) if places else np.zeros(6), atol=1e-12)


@pytest.mark.parametrize("kind", ["cnn", "recurrent"])
def test_a_word_is_as_it_is_alone_whatever_stands_beyond_it(kind):
    made = make(kind)
    whole = made(*batch())
    assert torch.equal(whole, made(*batch(fill=6)))
    for n, word in enumerate(WORDS):
        if word:
            torch.testing.assert_close(
                made(torch.tensor([word]), torch.tensor([len(word)]))[0], whole[n], atol=1e-12, rtol=0
            )
    assert (whole[2] == 0).all()
    assert made(torch.zeros(2, 0, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)).shape == (2, 6)


@pytest.mark.parametrize("kind", ["cnn", "recurrent"])
def test_gradients_reach_every_weight_and_no_unread_character(kind):
    made = make(kind)
    made(*batch(fill=0)).square().sum().backward()
    for name, p in made.named_parameters():
        assert (p.grad != 0).any(), name
    assert (made.embedding.grad[0] == 0).all()


def test_a_recurrent_feature_has_an_even_size():
    with pytest.raises(OptionError, match="char_size: got 5, expected an even size"):
        Characters(3, 4, 5, "recurrent")
