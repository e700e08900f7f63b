"""Buckets: every row once, like lengths together, the same order for the same seed, parts that make up the whole."""

import numpy as np
import pytest

from seqkit.core import rng
from seqkit.core.errors import OptionError, ShapeError
from seqkit.text.batches.buckets import Buckets, by_length

LENGTHS = (rng.bits(rng.stream(5), np.arange(103, dtype=np.uint64)) % np.uint64(40)).astype(np.int64)


def buckets(**settings):
    return Buckets(LENGTHS, settings.pop("batch", 8), lambda rows, part: (rows, part), {}, **settings)


@pytest.mark.parametrize("batch", [1, 8, 200])
def test_every_row_comes_once_an_epoch_whatever_the_batch(batch):
    made = list(buckets(batch=batch).epoch(0))
    assert sorted(np.concatenate([rows for (rows, _), _ in made]).tolist()) == list(range(103))
    assert sum(units for _, units in made) == 103


def test_order_depends_on_seed_and_epoch_alone():
    def flat(one, epoch):
        return np.concatenate(one.order(epoch)).tolist()

    assert flat(buckets(seed=3), 2) == flat(buckets(seed=3), 2)
    assert flat(buckets(seed=3), 2) != flat(buckets(seed=3), 1)
    assert flat(buckets(seed=3), 2) != flat(buckets(seed=4), 2)


def test_skipping_batches_leaves_the_rest_as_it_was():
    whole = [rows.tolist() for (rows, _), _ in buckets().epoch(1)]
    assert [rows.tolist() for (rows, _), _ in buckets().epoch(1, skip=5)] == whole[5:]


def test_parts_of_processes_make_up_each_batch_and_may_be_empty():
    whole = [rows.tolist() for (rows, _), _ in buckets().epoch(0)]
    parts = [list(buckets(part=(i, 3)).epoch(0)) for i in range(3)]
    for i, rows in enumerate(whole):
        shares = [one[i][0] for one in parts]
        assert [r for share in shares if share for r in share[0].tolist()] == rows
        assert all(share is None or share[1] == (rows.index(share[0][0]), len(rows)) for share in shares)
    assert any(
        one[i][0] is None
        for one in [list(buckets(batch=2, part=(i, 3)).epoch(0)) for i in range(3)]
        for i in range(1)
    )


def test_like_lengths_together_waste_less_than_the_order_of_chance():
    lengths = np.tile(LENGTHS, 20)
    made = Buckets(lengths, 8, lambda rows, part: rows, {})
    chance = lengths[rng.permutation(rng.stream(1), len(lengths))]
    steps = sum(len(b) * b.max() for b in np.split(chance, range(8, len(chance), 8)))
    assert made.waste() < 0.1
    assert 1 - lengths.sum() / steps > 0.3


def test_groups_for_prediction_hold_every_row_and_keep_to_their_steps():
    groups = list(by_length(LENGTHS, steps=100))
    assert sorted(np.concatenate(groups).tolist()) == list(range(103))
    assert all(len(g) * LENGTHS[g].max() <= 100 for g in groups)


def test_no_row_or_no_batch_is_refused():
    with pytest.raises(ShapeError, match="got no row"):
        Buckets(np.zeros(0, np.int64), 8, lambda rows, part: rows, {})
    with pytest.raises(OptionError, match="batch: got 0, expected"):
        buckets(batch=0)
