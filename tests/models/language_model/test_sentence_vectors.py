"""Vectors of sentences: batched = alone, the two poolings, what is refused."""

import numpy as np
import pytest
import torch

from seqkit.core.errors import FormatError, OptionError
from seqkit.models.language_model.model import LanguageModel
from seqkit.models.language_model.sentence_vectors import reads, sentence_vectors
from seqkit.text.corpus.corpus import Corpus

TEXTS = ["a cat sat", "the dog", "a"]


@pytest.fixture(scope="module")
def model():
    corpus = Corpus.build(["a cat sat", "the dog sat", "a dog"] * 20, "whitespace", add_eos=True)
    return LanguageModel(hidden_size=8, num_layers=2, epochs=1, batch=2, bptt=5, device="cpu", threads=1).fit(
        corpus
    )


@torch.no_grad()
def steps(model, text):
    ids = np.concatenate([[model.codec.vocab.specials["eos"]], model.codec.encode(text)]).astype(np.int64)
    return model.network.hidden(torch.from_numpy(ids)[None])[0][0].double().numpy()


@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_sentence_vectors_are_those_of_each_text_alone(model, pooling):
    found = sentence_vectors(model, TEXTS, pooling=pooling)
    for row, text in zip(found, TEXTS, strict=True):
        alone = steps(model, text)
        np.testing.assert_allclose(row, alone[-1] if pooling == "last" else alone[1:].mean(0), atol=1e-6)


def test_what_is_not_read_is_said(model):
    assert reads(model, "the cat")
    assert not reads(model, "the cow")
    assert not reads(model, "")
    with pytest.raises(FormatError, match="got a text without a token"):
        sentence_vectors(model, ["a", ""])
    with pytest.raises(OptionError, match="expected 'last' or 'mean'"):
        sentence_vectors(model, ["a"], pooling="max")
