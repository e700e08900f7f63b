"""The encoder that classifiers, taggers and translators read with: a row is the same alone and among others."""

import pytest
import torch

from seqkit.core.errors import OptionError
from seqkit.models.encoder import Encoder
from seqkit.models.options import Recurrent
from seqkit.nn.cell import cells
from seqkit.nn.dropout import Draws

LENGTHS = torch.tensor([5, 1, 63, 0, 15])


def made(**settings):
    return (
        Encoder(
            40,
            Recurrent(
                **({"hidden_size": 6, "embed_dim": 7, "bidirectional": True, "dropout": 0.3} | settings)
            ),
        )
        .double()
        .eval()
    )


def rows():
    return torch.randint(0, 40, (5, 63), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("cell", cells.names())
@pytest.mark.parametrize("bidirectional", [True, False])
def test_batched_equals_alone_and_padding_is_never_read(cell, bidirectional):
    encoder, ids = made(cell=cell, bidirectional=bidirectional, num_layers=2), rows()
    y, state = encoder(ids, LENGTHS)
    for i, n in enumerate(LENGTHS.tolist()):
        alone, last = encoder(ids[i : i + 1, :n], LENGTHS[i : i + 1])
        torch.testing.assert_close(y[i, :n], alone[0], rtol=0, atol=1e-12)
        assert not y[i, n:].any()
        for a, b in zip(state, last, strict=True):
            torch.testing.assert_close(a[i], b[0], rtol=0, atol=1e-12)


def test_same_seed_same_weights_and_same_dropout():
    one, two = made(dropout=0.5, word_dropout=0.2), made(dropout=0.5, word_dropout=0.2)
    first = one(rows(), LENGTHS, draws=Draws(1, 3))[0]
    torch.testing.assert_close(first, two(rows(), LENGTHS, draws=Draws(1, 3))[0], rtol=0, atol=0)
    assert not torch.equal(first, two(rows(), LENGTHS, draws=Draws(1, 4))[0])


def test_what_a_caller_joins_to_each_word_is_read():
    encoder = Encoder(40, Recurrent(hidden_size=6, embed_dim=7, bidirectional=True), extra=3).double()
    extra = torch.ones(5, 63, 3, dtype=torch.float64, requires_grad=True)
    y, _ = encoder(rows(), LENGTHS, extra=extra)
    y.sum().backward()
    assert encoder.output_size == 12
    assert extra.grad[2].abs().sum(-1).all() and not extra.grad[3].any()


def test_unknown_names_are_refused():
    with pytest.raises(OptionError, match="unknown cell 'lstn'"):
        Recurrent(cell="lstn")
