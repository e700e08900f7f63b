"""Streams drop no token, stay in order and share out by rows."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seqkit.core.errors import FormatError, OptionError, ShapeError
from seqkit.text.batches.streams import Streams, bptt_streams, padded
from seqkit.text.codec import Codec
from seqkit.text.corpus.corpus import Corpus


@given(st.integers(2, 200), st.integers(1, 20), st.integers(1, 40))
def test_streams_are_the_text_in_order_and_every_token_is_in_one(N, batch, length):
    assume(2 * batch <= N)
    ids = np.arange(N, dtype=np.int32)
    windows = list(bptt_streams(ids, batch, length))
    assert sum(w.count for w in windows) == N - batch
    read = [[] for _ in range(batch)]
    for w in windows:
        for b in range(batch):
            live = w.target[b] >= 0
            assert (w.target[b][live] == w.input[b][live] + 1).all()
            read[b] += w.input[b][live].tolist()
    whole = [token for b, row in enumerate(read) for token in [*row, row[-1] + 1]]
    assert whole == ids.tolist()
    assert [w.first for w in windows] == [True] + [False] * (len(windows) - 1)


def test_too_short_a_text_is_refused():
    with pytest.raises(ShapeError, match="got 7 tokens for 4 streams, expected at least 8"):
        next(bptt_streams(np.zeros(7, np.int32), 4, 2))
    with pytest.raises(OptionError, match="got length 0, expected at least 1"):
        next(bptt_streams(np.zeros(7, np.int32), 1, 0))


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_parts_of_a_batch_are_the_batch(parts):
    corpus = Corpus.from_sentences([list("abcdefghijklmnopqrstu")])
    whole = list(Streams(corpus, 4, 3, {}).epoch(0))
    shared = [list(Streams(corpus, 4, 3, {}, (i, parts)).epoch(0)) for i in range(parts)]
    for i, (window, units) in enumerate(whole):
        mine = [part[i] for part in shared]
        assert all(u == units for _, u in mine)
        assert (np.concatenate([w.target for w, _ in mine if w is not None]) == window.target).all()
        assert sum(w.count for w, _ in mine if w is not None) == window.count
    assert sum(units for _, units in whole) == corpus.num_tokens


def test_skipping_goes_on_where_it_was():
    corpus = Corpus.from_sentences([list("abcdefghijklmnopqrstu")])
    whole = list(Streams(corpus, 2, 3, {}).epoch(0))
    rest = list(Streams(corpus, 2, 3, {}).epoch(0, skip=2))
    assert len(rest) == len(whole) - 2
    assert all((a.input == b.input).all() and m == n for (a, m), (b, n) in zip(whole[2:], rest, strict=True))


def test_an_empty_text_for_a_given_vocabulary_is_refused():
    codec = Codec.of(Corpus.build(["a b"]))
    with pytest.raises(FormatError, match="no token in 0 characters"):
        codec.corpus([])


def test_padded_rows_keep_their_lengths():
    whole, lengths = padded([np.array([1, 2, 3]), np.array([], np.int64)], fill=-1)
    assert whole.tolist() == [[1, 2, 3], [-1, -1, -1]]
    assert lengths.tolist() == [3, 0]
