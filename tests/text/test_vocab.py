"""text.vocab, text.corpus.lossy_counter, text.phrases."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core.errors import FormatError, OptionError, VocabularyError
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.corpus.lossy_counter import LossyCounter
from seqkit.text.phrases import find_phrases
from seqkit.text.vocab import Vocab


def test_vocab_sorts_by_count_ties_in_order_met():
    vocab = Vocab.from_counts({"b": 2, "a": 2, "c": 5})
    assert vocab.tokens == ["<unk>", "c", "b", "a"]


def test_vocab_maps_unseen_token_to_unk_and_counts_what_fell_out():
    vocab = Vocab.from_counts({"a": 5, "b": 1, "c": 2}, min_count=2, unread=4)
    assert vocab.ids(["a", "zzz", "b"]).tolist() == [1, 0, 0]
    assert vocab.counts.tolist() == [5, 5, 2]


def test_token_that_spells_a_special_one_means_it():
    vocab = Vocab.from_counts({"<unk>": 7, "a": 2}, specials=("unk", "eos"))
    assert vocab.tokens == ["<unk>", "</s>", "a"]
    assert vocab.counts.tolist() == [7, 0, 2]


def test_vocab_without_unk_names_the_near_word():
    vocab = Vocab.from_counts({"king": 5, "queen": 1}, specials=())
    with pytest.raises(
        VocabularyError, match=r"'kign' is not in the vocabulary \(2 tokens\). Did you mean 'king'"
    ):
        vocab.ids(["kign"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"max_size": 1}, "max_size: got 1, expected more"), ({"specials": ("eof",)}, "unknown special 'eof'")],
)
def test_vocab_settings_are_checked(settings, message):
    with pytest.raises(OptionError, match=message):
        Vocab.from_counts({"a": 1}, **settings)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, max_size=30))
def test_vocab_survives_arrays_whatever_its_tokens_hold(tokens):
    vocab = Vocab(tokens, np.arange(len(tokens)), {})
    assert Vocab.from_arrays(vocab.to_arrays(), {}) == vocab


def test_vocab_with_wrong_counts_is_refused():
    with pytest.raises(FormatError, match="2 tokens and 1 counts"):
        Vocab(["a", "b"], [1])


@given(st.lists(st.integers(0, 30), max_size=600), st.sampled_from([0.5, 0.1, 0.03]))
def test_lossy_counts_keep_their_stated_error_bound(numbers, epsilon):
    counter = LossyCounter(epsilon)
    words = [f"w{n * n // 7}" for n in numbers]
    counter.update(words)
    for word, true in Counter(words).items():
        kept = counter.counts.get(word, 0)
        assert true - epsilon * len(words) <= kept <= true
        assert kept or true <= epsilon * len(words)
    assert counter.n == len(words)


def test_lossy_counter_stays_small_on_a_stream_of_new_words():
    counter = LossyCounter(0.001)
    counter.update(f"w{i}" for i in range(200_000))
    assert len(counter) <= 1001
    assert counter.error == 200


def brute_phrases(sentences, threshold, min_count, kind):
    words, pairs = (
        Counter(w for s in sentences for w in s),
        Counter(p for s in sentences for p in itertools.pairwise(s)),
    )
    n = sum(words.values())
    scores = {}
    for (a, b), c in pairs.items():
        if kind == "word2phrase":
            score = (c - min_count) / (words[a] * words[b]) * n
        else:
            score = np.log((c / n) / (words[a] / n * words[b] / n)) / -np.log(c / n)
        if c >= min_count and score > threshold:
            scores[a, b] = score
    joined = []
    for s in sentences:
        out, i = [], 0
        while i < len(s):
            if i + 1 < len(s) and (s[i], s[i + 1]) in scores:
                out.append(f"{s[i]}_{s[i + 1]}")
                i += 2
            else:
                out.append(s[i])
                i += 1
        joined.append(out)
    return joined, scores


@given(
    st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12), min_size=1, max_size=12),
    st.sampled_from(["word2phrase", "npmi"]),
)
def test_phrases_equal_a_loop_over_the_sentences(sentences, kind):
    threshold = 0.3 if kind == "word2phrase" else 0.1
    if sum(map(len, sentences)) < 2:
        return
    joined, found = find_phrases(
        Corpus.from_sentences(sentences), score=kind, threshold=threshold, min_count=2
    )
    expected, scores = brute_phrases(sentences, threshold, 2, kind)
    assert [joined.sentence(i) for i in range(len(joined))] == expected
    assert {p.text: pytest.approx(p.score) for p in found} == {f"{a}_{b}": s for (a, b), s in scores.items()}
    assert joined.vocab.counts.sum() == joined.num_tokens


def test_connectors_and_unknown_words_are_never_joined():
    corpus = Corpus.build(["bank of england"] * 20 + ["rare1 rare2"], min_count=2)
    _, found = find_phrases(corpus, threshold=0, min_count=1, connectors=("of",))
    assert found == []


def test_second_pass_joins_phrases_in_turn():
    corpus = Corpus.from_sentences([["new", "york", "city", "hall"]] * 30 + [["a"], ["b"]] * 300)
    joined, _ = find_phrases(corpus, threshold=1, min_count=5, passes=2)
    assert joined.sentence(0) == ["new_york_city_hall"]
    with pytest.raises(OptionError, match="unknown score 'pmi'; known: word2phrase, npmi"):
        find_phrases(corpus, score="pmi")
