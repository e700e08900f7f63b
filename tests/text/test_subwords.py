"""Subwords of long words: learnt in time that grows with the text, cut whole, and stopped by Ctrl-C."""

import os
import random
import signal

import pytest

from seqkit.text.tokenizers import subword
from seqkit.text.tokenizers.subword import MODELS, Subword


def dna(length):
    return "".join(random.Random(1).choices("acgt", k=length))


@pytest.mark.parametrize("model", MODELS)
def test_one_long_word_is_learnt_and_cut(model):
    text = dna(10_000 if model == "unigram" else 200_000)  # of unigram every substring is a candidate
    made = Subword.train([text, "a cat"], model=model, vocab_size=300, min_count=1)
    assert len(made.encode(text)) == len(made.spans(text))
    if made.lossless:
        assert made.decode(made.encode(text)) == text


def test_only_long_words_are_learnt_in_sections():
    long = "x" * 2500
    assert list(subword._sections(f"a b {long} c")) == ["a b " + "x" * 1000, "x" * 1000, "x" * 500 + " c"]
    for text in ("", "a cat", "a " * 3000, "x" * 1000):
        assert list(subword._sections(text)) == [text]


def test_text_that_is_cut_in_a_thread_gives_the_same(monkeypatch):
    made = Subword.train(["the cat sat"] * 9, vocab_size=280, min_count=1)
    expected = made.encode("the cat").tolist(), made.tokens("the cat")
    monkeypatch.setattr(subword, "_LONG", 0)
    assert (made.encode("the cat").tolist(), made.tokens("the cat")) == expected


def test_an_interrupt_stops_learning():
    def texts():
        yield "a cat"
        os.kill(os.getpid(), signal.SIGINT)
        yield "a dog"

    with pytest.raises(KeyboardInterrupt):
        Subword.train(texts())
