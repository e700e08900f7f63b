"""What is shown of a model is what it computes."""

import numpy as np
import pytest
import torch

import seqkit as sk
from seqkit.core.errors import OptionError
from seqkit.models.language_model.activations import look
from seqkit.models.language_model.model import LanguageModel
from seqkit.nn.cell import cells

LINES = ["the cat sat", "a dog ran"] * 10


def model(cell):
    return LanguageModel(cell=cell, hidden_size=6, num_layers=2, epochs=1, batch=2, bptt=4).fit(
        sk.Corpus.build(LINES, "character", add_eos=True)
    )


@pytest.mark.parametrize("cell", cells.names())
def test_states_shown_are_those_of_the_stack(cell):
    made = model(cell)
    found = look(made, "cat", what="h", layer=2, neurons=[0, 5])
    ids = torch.tensor([[1, *made.codec.encode("cat").tolist(), 1]])
    expected, _ = made.network.hidden(ids)
    assert found.tokens == ["c", "a", "t", "</s>"]
    assert found.names == ["h[0]", "h[5]"]
    np.testing.assert_allclose(found.values, expected[0, 1:, [0, 5]].detach().numpy().T, atol=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "min-gru"])
def test_a_learned_first_state_is_where_it_starts(cell):
    corpus = sk.Corpus.build(LINES, "character", add_eos=True)
    made = LanguageModel(
        cell=cell, hidden_size=6, num_layers=2, learned_state=True, epochs=1, batch=2, bptt=4
    ).fit(corpus)
    torch.nn.init.constant_(made.network.stack.first, 0.9)
    ids = torch.tensor([[1, *made.codec.encode("cat").tolist(), 1]])
    expected = made.network.hidden(ids)[0][0, 1:].detach().numpy()
    np.testing.assert_allclose(
        look(made, "cat", what="h", layer=2, neurons=range(6)).values, expected.T, atol=1e-5
    )


def test_gates_are_squashed_and_follow_from_the_formula():
    made = model("lstm")
    cell = made.network.stack.layers[0]
    found = look(made, "cat", what="f", layer=1, neurons=range(6)).values
    assert ((found > 0) & (found < 1)).all()
    x = made.network.embedding[[1, *made.codec.encode("cat").tolist()]][None]
    y, _ = cell(x[:, :-1])
    a = cell.project(x)[0, -1] + cell.weight_hidden @ y[0, -1]
    np.testing.assert_allclose(found[:, 2], torch.sigmoid(a[6:12]).detach().numpy(), atol=1e-5)


def test_surprise_sums_to_the_score():
    made = model("gru")
    assert look(made, "the cat").values.sum() == pytest.approx(-made.score("the cat")[0].log_prob, abs=1e-4)


@pytest.mark.parametrize("unit", ["word", "subword:byte-bpe", "character"])
def test_what_is_shown_is_the_text_in_its_own_characters(unit):
    corpus = sk.Corpus.build(["the Cat said “no”."] * 9, unit, max_size=280, add_eos=True)
    made = LanguageModel(hidden_size=4, epochs=1, batch=2, bptt=4).fit(corpus)
    for what in ("surprise", "h"):
        found = look(made, 'a "Dog" saw\nno.', what=what)
        lines = "".join(found.tokens).split("</s>")
        assert [line.replace(" ", "") for line in lines] == ['a"Dog"saw', "no.", ""]
        assert found.values.shape[1] == len(found.tokens)


def test_what_a_cell_does_not_have_is_refused():
    with pytest.raises(OptionError, match=r"got 'f', expected one of h, r, z, n \(layer 1, gru\)"):
        look(model("gru"), "cat", what="f")
    with pytest.raises(OptionError, match="got layer 3, expected 1 to 2"):
        look(model("gru"), "cat", what="h", layer=3)
    with pytest.raises(OptionError, match="got neurons .6., expected 0 to 5"):
        look(model("gru"), "cat", what="h", neurons=[6])
